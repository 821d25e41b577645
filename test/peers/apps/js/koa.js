import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { bodyParser } from '@koa/bodyparser';
import Router from '@koa/router';
import Koa from 'koa';
import serveFiles from 'koa-static';
import { digestBody } from './digest.js';
import { releaseSecondHalf, twoHalves } from './release.js';

const router = new Router();
router.get('/', (context) => {
  context.body = 'hello from koa';
});
router.get('/users/:id', (context) => {
  context.body = { id: context.params.id, q: context.query.q };
});
router.post('/echo', (context) => {
  context.body = context.request.body;
});
router.get('/cookies', (context) => {
  context.cookies.set('flavour', 'oat', { httpOnly: true });
  context.cookies.set('size', 'large', { httpOnly: false });
  context.body = { received: context.headers.cookie };
});
router.get('/redirect', (context) => {
  context.redirect('/users/7');
});
router.get('/fail', () => {
  throw new Error('intended failure');
});
router.get('/fail-later', async () => {
  await null;
  throw new Error('intended failure');
});
router.get('/stream', (context) => {
  context.type = 'text/plain';
  context.body = Readable.from(twoHalves());
});
router.post('/release', (context) => {
  releaseSecondHalf();
  context.status = 204;
});
router.put('/upload', async (context) => {
  context.body = await digestBody(context.req);
});
router.get('/who', (context) => {
  context.body = { user: context.req.environ.REMOTE_USER };
});

const app = new Koa();
app.use(async (context, next) => {
  if (!context.path.startsWith('/public/')) return await next();
  context.path = context.path.slice('/public'.length);
  await serveFiles(fileURLToPath(new URL('public', import.meta.url)))(context, next);
});
app.use(bodyParser());
app.use(router.routes());
app.use(router.allowedMethods());

export default app;
