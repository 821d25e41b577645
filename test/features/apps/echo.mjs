// Answers with the request that it was given.
export default {
  async fetch(request) {
    const body = new URL(request.url).pathname === '/unread' ? '' : await request.text();
    return Response.json({ url: request.url, headers: [...request.headers], body });
  },
};
