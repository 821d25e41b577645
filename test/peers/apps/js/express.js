import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import express from 'express';
import { digestBody } from './digest.js';
import { releaseSecondHalf, twoHalves } from './release.js';

const app = express();
app.use(express.json());
app.use('/public', express.static(fileURLToPath(new URL('public', import.meta.url))));

app.get('/', (_request, response) => {
  response.send('hello from express');
});
app.get('/users/:id', (request, response) => {
  response.json({ id: request.params.id, q: request.query.q });
});
app.post('/echo', (request, response) => {
  response.json(request.body);
});
app.get('/cookies', (request, response) => {
  response.cookie('flavour', 'oat', { httpOnly: true });
  response.cookie('size', 'large');
  response.json({ received: request.headers.cookie });
});
app.get('/redirect', (_request, response) => {
  response.redirect('/users/7');
});
app.get('/fail', () => {
  throw new Error('intended failure');
});
app.get('/fail-later', async () => {
  await null;
  throw new Error('intended failure');
});
app.get('/stream', (_request, response) => {
  Readable.from(twoHalves()).pipe(response.type('text/plain'));
});
app.post('/release', (_request, response) => {
  releaseSecondHalf();
  response.status(204).end();
});
app.put('/upload', async (request, response) => {
  response.json(await digestBody(request));
});
app.get('/who', (request, response) => {
  response.json({ user: request.environ.REMOTE_USER });
});

export default app;
