// The same handler without any front end: argv[2] is a port or a unix socket's path.
import { createServer } from 'node:http';
import handler from './hello.mjs';

const [where = ''] = process.argv.slice(2);
createServer({ keepAliveTimeout: 60_000 }, handler).listen(/^\d+$/.test(where) ? Number(where) : where);
