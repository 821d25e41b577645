import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';
import { openRaw } from './raw-client.js';

/** Clients that go away, stop reading or stop sending, at every stage: whatever they held is free again. */

const apps = join(projectRoot, 'test/features/apps');
const authorization = (user: string) => `Basic ${Buffer.from(`${user}:secret`).toString('base64')}`;
let folder: string;
let server: RunningServer;

beforeAll(async () => {
  folder = makeFolder();
  const siteFile = `
Timeout 1
LogLevel info
CustomLog logs/access_log common
WSGIDaemonProcess auth processes=1 threads=5
WSGIDaemonProcess one-py processes=1 threads=1
WSGIDaemonProcess one-mjs processes=1 threads=1
WSGIScriptAlias /py ${apps}/faults.py process-group=one-py application-group=%{GLOBAL}
WSGIScriptAlias /js ${apps}/faults.mjs process-group=one-mjs application-group=%{GLOBAL}
<Directory />
Require all granted
</Directory>
<Location />
AuthType Basic
AuthName slow
AuthBasicProvider wsgi
WSGIAuthUserScript ${apps}/slow-auth.py process-group=auth application-group=%{GLOBAL}
Require valid-user
</Location>`;
  server = await startServer('modhost', siteFile, folder);
});
afterAll(async () => {
  await server?.stop();
  removeFolder(folder);
});

const head = (user: string, line: string, fields = '') =>
  `${line} HTTP/1.1\r\nHost: a.example\r\nAuthorization: ${authorization(user)}\r\n${fields}\r\n`;

const isServing = async (mount: string) => {
  const answer = await fetch(`${server.origin}${mount}/fine`, {
    headers: { authorization: authorization('afterwards') },
    signal: AbortSignal.timeout(8_000),
  });
  return answer.status;
};

describe.each(['/py', '/js'])('an application with one thread at %s', (mount) => {
  const user = (stage: string) => `${stage}-${mount.slice(1)}`;

  it('is not held by a client that leaves while its password is checked', async () => {
    const name = user('left-early');
    const socket = openRaw(server.port);
    socket.write(head(name, `GET ${mount}/endless`));
    await server.logged(`asked for ${name}`);
    socket.resetAndDestroy();
    await server.logged(`decided on ${name}`);
    expect(await isServing(mount)).toBe(200);
  });

  it('is not held by a client that stops reading', async () => {
    const closings = () => server.log().split('the endless response was closed').length;
    const before = closings();
    const socket = openRaw(server.port);
    socket.write(head(user('unread'), `GET ${mount}/endless`));
    await expect.poll(closings, { timeout: 10_000 }).toBe(before + 1);
    expect(await isServing(mount)).toBe(200);
    socket.destroy();
  });

  it('is not held by a client that stops sending', async () => {
    const socket = openRaw(server.port);
    socket.write(`${head(user('unsent'), `POST ${mount}/upload`, 'Content-Length: 100\r\n')}abc`);
    const [piece] = (await once(socket, 'data')) as [Buffer];
    expect(piece.toString()).toMatch(/^HTTP\/1.1 408 /);
    await once(socket, 'end');
    expect(await isServing(mount)).toBe(200);
    socket.destroy();
  });
});

describe('a front end', () => {
  it.each([
    ['CONNECT', 'CONNECT h:1 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['garbage', 'garbage\r\n\r\n'],
    ['a request without credentials', 'GET /py/fine HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['half a body', 'POST /py/fine HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc'],
  ])('survives clients that reset the connection behind %s', async (_, bytes) => {
    const answered = Array.from({ length: 20 }, async () => {
      const socket = openRaw(server.port);
      socket.write(bytes);
      await once(socket, 'data');
      socket.resetAndDestroy();
    });
    await Promise.all(answered);
    expect(await isServing('/py')).toBe(200);
    expect(server.log()).not.toMatch(/front end.*(exited|ended)|internal error/);
  });

  it('survives a thousand connections that are opened and dropped', async () => {
    const sockets = Array.from({ length: 1000 }, (_, at) => {
      const socket = openRaw(server.port);
      socket.on('connect', () => {
        if (at % 3 === 0) socket.write('GET / HT');
        if (at % 2 === 0) socket.resetAndDestroy();
        else socket.destroy();
      });
      return once(socket, 'close');
    });
    await Promise.all(sockets);
    expect(await isServing('/py')).toBe(200);
    expect(server.log()).not.toMatch(/front end.*(exited|ended)|internal error/);
  });
});
