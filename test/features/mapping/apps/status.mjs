/** The query is the status. */
export default {
  fetch(request) {
    const status = Number(new URL(request.url).search.slice(1));
    const headers = { 'Content-Type': 'text/plain', 'X-App': 'yes', 'WWW-Authenticate': 'Basic realm="app"' };
    return new Response(request.method === 'HEAD' ? null : `method ${request.method}`, { status, headers });
  },
};
