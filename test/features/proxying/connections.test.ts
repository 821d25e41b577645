import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../../peers/server.js';
import { askRaw, openRaw } from '../raw-client.js';
import { type RawBackend, startRawBackend } from './raw-backend.js';

/** Connections to another server: kept, used again, waited for, and given up. */

let folder: string;
let server: RunningServer;
let backend: RawBackend;
const served = new WeakMap<Socket, number>();
const held: Socket[] = [];
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

beforeAll(async () => {
  folder = makeFolder();
  backend = await startRawBackend((request, socket) => {
    const count = (served.get(socket) ?? 0) + 1;
    served.set(socket, count);
    // As a server that is closing just when the next request is on its way.
    if (request.includes('/once') && count > 1) socket.destroy();
    else if (request.includes('/half-once') && count > 1) socket.end('HTTP/1.1 2');
    else if (request.includes('/held')) held.push(socket);
    else if (!/^expect/im.test(request)) socket.write(ok);
  });
  const url = `http://127.0.0.1:${backend.port}`;
  server = await startServer(
    'modhost',
    `
ServerLimit 1
ProxyPass /kept ${url}/kept ttl=5
ProxyPass /stale ${url}/once ttl=6
ProxyPass /half ${url}/half-once ttl=7
ProxyPass /single ${url}/single disablereuse=on
ProxyPass /few ${url} max=1 acquire=300
ProxyPass /short ${url} timeout=1
ProxyPass /limited ${url}/limited
<Proxy ${url}/limited>
LimitRequestBody 10
</Proxy>
<Location />
Require all granted
</Location>`,
    folder,
  );
});
afterAll(async () => {
  await server?.stop();
  await backend?.stop();
  removeFolder(folder);
});

const ask = (method: string, path: string, rest = '\r\n') =>
  askRaw(server.port, `${method} ${path} HTTP/1.1\r\nHost: a.example\r\n${rest}`);

describe('a connection', () => {
  it('is used again', async () => {
    const before = backend.sockets.length;
    for (let time = 0; time < 4; time += 1) expect((await ask('GET', '/kept')).statuses).toEqual([200]);
    expect(backend.sockets.length - before).toBe(1);
  });

  it('is not, where the site file says so', async () => {
    const before = backend.sockets.length;
    for (let time = 0; time < 3; time += 1) expect((await ask('GET', '/single')).statuses).toEqual([200]);
    expect(backend.sockets.length - before).toBe(3);
    expect(backend.received.at(-1)).toContain('Connection: close');
  });

  it('that was closed meanwhile costs a GET nothing', async () => {
    for (let time = 0; time < 4; time += 1) expect((await ask('GET', '/stale')).statuses).toEqual([200]);
    expect((await ask('PUT', '/stale', 'Content-Length: 4\r\n\r\nbody')).statuses).toEqual([200]);
  });

  it('that was closed meanwhile fails a POST: nobody knows whether it was carried out', async () => {
    expect((await ask('GET', '/stale')).statuses).toEqual([200]);
    const requests = () => backend.received.join('').match(/POST \/once/g)?.length ?? 0;
    expect((await ask('POST', '/stale', 'Content-Length: 4\r\n\r\nbody')).statuses).toEqual([502]);
    expect(requests()).toBe(1);
  });

  it('on which an answer had begun is not asked again', async () => {
    expect((await ask('GET', '/half')).statuses).toEqual([200]);
    expect((await ask('GET', '/half')).statuses).toEqual([502]);
  });
});

describe('when all connections are taken', () => {
  it('a request waits as long as acquire says, and no longer', async () => {
    const first = ask('GET', '/few/held');
    await expect.poll(() => held.length).toBe(1);
    expect((await ask('GET', '/few/a')).statuses).toEqual([503]);
    await server.logged('no connection was free within 300 ms');
    const third = ask('GET', '/few/b');
    held.pop()?.write(ok);
    expect([(await first).statuses, (await third).statuses]).toEqual([[200], [200]]);
  });

  it('a client that leaves gives its one back', async () => {
    const client = openRaw(server.port);
    client.write('GET /few/held HTTP/1.1\r\nHost: a.example\r\n\r\n');
    await expect.poll(() => held.length).toBe(1);
    const gone = once(held.pop() as Socket, 'close');
    client.destroy();
    await gone;
    expect((await ask('GET', '/few/c')).statuses).toEqual([200]);
  });
});

describe('a body', () => {
  it('for which nobody says 100 Continue is not waited for', async () => {
    const answer = await ask('POST', '/short/a', 'Expect: 100-continue\r\nContent-Length: 4\r\n\r\n');
    expect(answer.statuses).toEqual([503]);
    expect(answer.connection).not.toBe('kept');
    await server.logged('no 100 Continue within 1 s');
  });

  it.each([
    ['with a length', 'Content-Length: 11\r\n\r\n01234567890'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n'],
  ])('%s that is too large for LimitRequestBody goes nowhere', async (_, rest) => {
    expect((await ask('POST', '/limited', rest)).statuses).toEqual([413]);
    expect(backend.received.join('')).not.toContain('01234567890');
  });

  it('that breaks off is not passed on as a whole', async () => {
    const client = openRaw(server.port);
    client.write('POST /kept HTTP/1.1\r\nHost: a.example\r\nContent-Length: 30000\r\n\r\nsome');
    await expect.poll(() => backend.received.some((text) => text.endsWith('some'))).toBe(true);
    const at = backend.received.findIndex((text) => text.endsWith('some'));
    const gone = once(backend.sockets[at] as Socket, 'close');
    client.destroy();
    await gone;
  });

  it('that is malformed is refused', async () => {
    const answer = await ask('POST', '/kept', 'Transfer-Encoding: chunked\r\n\r\nzz\r\n');
    expect(answer.statuses).toEqual([400]);
  });
});
