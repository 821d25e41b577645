const headers = { 'Content-Type': 'text/plain', 'Content-Length': '13' };

export default { fetch: () => new Response('Hello, world\n', { headers }) };
