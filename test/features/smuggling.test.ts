import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';
import { askRaw } from './raw-client.js';

/** Whatever an application says of its answer: the client sees one answer, and the next one is that to the next request. */

const apps = join(projectRoot, 'test/features/apps');
let folder: string;
let server: RunningServer;

beforeAll(async () => {
  folder = makeFolder();
  const siteFile = `
WSGIScriptAlias /py ${apps}/framing.py application-group=%{GLOBAL}
WSGIScriptAlias /js ${apps}/framing.mjs
<Directory />
Require all granted
</Directory>`;
  server = await startServer('modhost', siteFile, folder);
});
afterAll(async () => {
  await server?.stop();
  removeFolder(folder);
});

const ask = (method: string, path: string) =>
  askRaw(server.port, `${method} ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`);

describe.each(['/py', '/js'])('an application at %s', (mount) => {
  it.each([
    ['sends more than its Content-Length', '/longer', 200],
    ['names chunks and a length', '/chunked', 200],
    ['makes chunks itself', '/own-chunks', 200],
    ['wants to rule the connection', '/close', 200],
    ['sends a body with 204', '/no-content', 204],
    ['sends a body with 304', '/not-modified', 304],
    ['names two lengths', '/two-lengths', 200],
    ['wants to upgrade', '/upgrade', 200],
  ])('that %s gives one answer', async (_, path, status) => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await ask(method, mount + path);
      const isSeenTwice = path === '/own-chunks' && method === 'GET';
      // What looks like an answer inside a body counts here.
      expect([method, answer.statuses, answer.connection]).toEqual([
        method,
        isSeenTwice ? [status, status] : [status],
        'kept',
      ]);
      expect(answer.text.split('\r\n\r\n', 1)[0]).not.toMatch(/^(connection|upgrade):/im);
    }
  });

  it.each([
    ['a line break in a value', '/value-crlf'],
    ['NUL in a value', '/value-nul'],
    ['a line break in a name', '/name-crlf'],
    ['a colon in a name', '/name-colon'],
    ['a line break in the status', '/status-crlf'],
    ['a signed length', '/length-sign'],
    ['a list of lengths', '/length-list'],
    ['status 101', '/switching'],
    ['status 103', '/early'],
  ])('that sends %s is answered for with 500', async (_, path) => {
    const answer = await ask('GET', mount + path);
    expect(answer.statuses).toEqual([500]);
    expect(answer.text).not.toContain('Forged');
  });
});
