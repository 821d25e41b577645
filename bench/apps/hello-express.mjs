import express from 'express';

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.get('/', (_request, response) => response.type('text/plain').send('Hello, world\n'));
export default app;
