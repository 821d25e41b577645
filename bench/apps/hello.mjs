export default function handler(_request, response) {
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': '13' });
  response.end('Hello, world\n');
}
