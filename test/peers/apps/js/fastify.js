import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import Fastify from 'fastify';
import { digestBody } from './digest.js';
import { releaseSecondHalf, twoHalves } from './release.js';

const app = Fastify({ logger: { level: 'error', stream: process.stdout } });
app.register(fastifyStatic, {
  root: fileURLToPath(new URL('public', import.meta.url)),
  prefix: '/public/',
});
app.addContentTypeParser('application/octet-stream', (_request, body, done) => done(null, body));

app.get('/', async () => 'hello from fastify');
app.get('/users/:id', async (request) => ({ id: request.params.id, q: request.query.q }));
app.post('/echo', async (request) => request.body);
app.get('/cookies', async (request, reply) => {
  reply.header('set-cookie', ['flavour=oat; HttpOnly', 'size=large']);
  return { received: request.headers.cookie };
});
app.get('/redirect', async (_request, reply) => reply.redirect('/users/7'));
app.get('/fail', (_request, _reply) => {
  throw new Error('intended failure');
});
app.get('/fail-later', async () => {
  await null;
  throw new Error('intended failure');
});
app.get('/stream', async (_request, reply) => reply.type('text/plain').send(Readable.from(twoHalves())));
app.post('/release', async (_request, reply) => {
  releaseSecondHalf();
  return reply.code(204).send();
});
app.put('/upload', { bodyLimit: 2 ** 30 }, async (request) => await digestBody(request.body));
app.get('/who', async (request) => ({ user: request.raw.environ.REMOTE_USER }));

export default app;
