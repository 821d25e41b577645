import { fileURLToPath } from 'node:url';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import { setCookie } from 'hono/cookie';
import { stream } from 'hono/streaming';
import { digestBody } from './digest.js';
import { releaseSecondHalf, twoHalves } from './release.js';

const app = new Hono();
app.use('/public/*', serveStatic({ root: fileURLToPath(new URL('.', import.meta.url)) }));

app.get('/', (context) => context.text('hello from hono'));
app.get('/users/:id', (context) => context.json({ id: context.req.param('id'), q: context.req.query('q') }));
app.post('/echo', async (context) => {
  try {
    return context.json(await context.req.json());
  } catch {
    return context.text('not JSON', 400);
  }
});
app.get('/cookies', (context) => {
  setCookie(context, 'flavour', 'oat', { httpOnly: true });
  setCookie(context, 'size', 'large');
  return context.json({ received: context.req.header('cookie') });
});
app.get('/redirect', (context) => context.redirect('/users/7'));
app.get('/fail', () => {
  throw new Error('intended failure');
});
app.get('/fail-later', async () => {
  await null;
  throw new Error('intended failure');
});
app.get('/stream', (context) => {
  context.header('content-type', 'text/plain');
  return stream(context, async (sink) => {
    for await (const piece of twoHalves()) await sink.write(piece);
  });
});
app.post('/release', (context) => {
  releaseSecondHalf();
  return context.body(null, 204);
});
app.put('/upload', async (context) => context.json(await digestBody(context.req.raw.body)));
app.get('/who', (context) => context.json({ user: context.env.environ.REMOTE_USER }));

export default app;
