// The same handlers without modhost: argv[2] is a port or a unix socket's path, argv[3] the module.
import { createServer } from 'node:http';

const [where = '', module = 'hello.mjs'] = process.argv.slice(2);
const { default: handler } = await import(`./${module}`);
const options = { keepAliveTimeout: 60_000 };
const at = /^\d+$/.test(where) ? Number(where) : where;
if (typeof handler === 'function') createServer(options, handler).listen(at);
else {
  const { createAdaptorServer } = await import('@hono/node-server');
  createAdaptorServer({ fetch: handler.fetch, serverOptions: options }).listen(at);
}
