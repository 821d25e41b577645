import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  findFreePort,
  makeFolder,
  type RunningServer,
  removeFolder,
  startServer,
} from '../../peers/server.js';
import { askRaw, openRaw } from '../raw-client.js';
import { type RawBackend, startRawBackend } from './raw-backend.js';

/** Whatever another server does wrong: a documented status, a line in the log, and nothing of it in the next answer. */

const big = 'x'.repeat(200_000);

/** The path says what goes wrong. `true`: the connection is ended behind it. */
const answers: Record<string, readonly [bytes: string, ends: boolean]> = {
  silent: ['', false],
  closed: ['', true],
  'half-head': ['HTTP/1.1 200 OK\r\nContent-Type: te', false],
  'head-cut': ['HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n', true],
  'long-length': ['HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort', true],
  'short-length': [
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil',
    false,
  ],
  both: [
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    false,
  ],
  'two-lengths': ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!', false],
  'bad-length': ['HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok', false],
  'bare-lf': ['HTTP/1.1 200 OK\nContent-Length: 2\n\nok', false],
  'huge-head': [`HTTP/1.1 200 OK\r\nX-Big: ${big}\r\nContent-Length: 2\r\n\r\nok`, false],
  garbage: ['What?\r\n\r\nNothing.', true],
  'http-2': ['HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok', false],
  'bad-header': ['HTTP/1.1 200 OK\r\nX Y: 1\r\nContent-Length: 2\r\n\r\nok', false],
  'mid-body': ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', true],
  'bad-chunk': ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n', false],
  stall: ['HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello', false],
  switching: ['HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nraw', false],
  'no-content': ['HTTP/1.1 204 No Content\r\n\r\n', false],
};

let folder: string;
let server: RunningServer;
let backend: RawBackend;

beforeAll(async () => {
  folder = makeFolder();
  backend = await startRawBackend((request, socket) => {
    const name = /^\w+ \/([\w-]*)/.exec(request)?.[1] ?? '';
    const [bytes, ends] = answers[name] ?? ['HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine', false];
    socket.write(bytes, 'latin1');
    if (ends) socket.end();
  });
  const dead = await findFreePort();
  server = await startServer(
    'modhost',
    `
ProxyPass /b/ http://127.0.0.1:${backend.port}/ timeout=1
ProxyPass /dead http://127.0.0.1:${dead}/
ProxyPass /no-name http://no-such-host.invalid/
ProxyPass /no-socket unix:${folder}/none.sock|http://localhost/
ProxyPass /no-tls https://127.0.0.1:${backend.port}/
<Location /tls>
ProxyPass https://127.0.0.1:${backend.port}/ connectiontimeout=1
SSLProxyEngine On
</Location>
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

const get = (path: string) => askRaw(server.port, `GET ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`);

describe('another server that', () => {
  it.each([
    ['is not there', '/dead', 503, 'ECONNREFUSED'],
    ['has no name', '/no-name', 500, 'the name cannot be looked up'],
    ['has no socket', '/no-socket', 503, 'ENOENT'],
    ['would need TLS', '/no-tls', 500, 'SSLProxyEngine is not On'],
    ['speaks no TLS', '/tls', 502, 'TLS:'],
    ['says nothing', '/b/silent', 502, 'no answer within 1 s'],
    ['closes at once', '/b/closed', 502, 'closed before there was an answer'],
    ['stops in mid-head', '/b/half-head', 502, 'no answer within 1 s'],
    ['closes in mid-head', '/b/head-cut', 502, 'closed before there was an answer'],
    ['sends a length and chunks', '/b/both', 502, 'no valid answer'],
    ['sends two lengths', '/b/two-lengths', 502, 'no valid answer'],
    ['sends a length that is no number', '/b/bad-length', 502, 'no valid answer'],
    ['ends lines with LF alone', '/b/bare-lf', 502, 'no valid answer'],
    ['sends 200 kB of headers', '/b/huge-head', 502, 'HPE_HEADER_OVERFLOW'],
    ['speaks no HTTP', '/b/garbage', 502, 'no valid answer'],
    ['speaks another HTTP', '/b/http-2', 502, 'HTTP/2.0'],
    ['sends a bad header', '/b/bad-header', 502, 'no valid answer'],
    ['changes the protocol', '/b/switching', 502, 'which nobody had asked for'],
  ])('%s is answered for', async (_, path, status, cause) => {
    const answer = await get(path);
    expect(answer.statuses).toEqual([status]);
    expect(answer.text).not.toContain(String(backend.port));
    await server.logged(cause);
  });

  it.each([
    ['announces more than it sends', '/b/long-length'],
    ['closes in mid-body', '/b/mid-body'],
    ['sends a bad chunk', '/b/bad-chunk'],
    ['stops in mid-body', '/b/stall'],
  ])('%s is cut off visibly', async (_, path) => {
    const answer = await get(path);
    expect(answer.statuses).toEqual([200]);
    expect(answer.connection).not.toBe('kept');
    expect(answer.text).not.toContain('0\r\n\r\n');
    await server.logged('the answer was cut off');
  });

  it('sends more than it announces gives nothing of it to the next request', async () => {
    for (let time = 0; time < 5; time += 1) {
      const first = await get('/b/short-length');
      expect(first.text).toContain('\r\n\r\nok');
      const second = await get('/b/fine');
      expect(second.text).toContain('fine');
      expect(first.text + second.text).not.toContain('evil');
    }
  });

  it('speaks up on a connection that nobody is using is not heard', async () => {
    await get('/b/fine');
    const idle = backend.sockets.filter(({ destroyed }) => !destroyed);
    const gone = idle.map((socket) => once(socket, 'close'));
    for (const socket of idle) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil');
    await Promise.all(gone);
    expect((await get('/b/fine')).text).toContain('\r\n\r\nfine');
  });

  it('answers 204 is no fault, and keeps the connection', async () => {
    const answer = await get('/b/no-content');
    expect([answer.statuses, answer.connection]).toEqual([[204], 'kept']);
  });
});

describe('a connection that does not come about', () => {
  it('is given up after connectiontimeout', async () => {
    // Its queue is full, so that the system answers no further connection.
    const full = createServer(() => {}).listen({ port: 0, host: '127.0.0.1', backlog: 1 });
    await once(full, 'listening');
    const address = full.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const hung = await startServer(
      'modhost',
      `ProxyPass / https://127.0.0.1:${port}/ connectiontimeout=300ms\nSSLProxyEngine On\n<Location />\nRequire all granted\n</Location>`,
      join(folder, 'hung'),
    );
    try {
      const answer = await askRaw(hung.port, 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
      expect(answer.statuses).toEqual([502]);
      await hung.logged('TLS: no handshake in time');
    } finally {
      await hung.stop();
      full.close();
    }
  });
});

describe('a client that', () => {
  let before: number;
  beforeEach(() => {
    before = backend.received.join('').length;
  });
  const sent = () => backend.received.join('');

  it('hides a request in a chunked DELETE gets one answer, and the other server one request', async () => {
    const inner = 'GET /inner HTTP/1.1\r\nHost: evil.example\r\n\r\n';
    const chunk = `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`;
    const answer = await askRaw(
      server.port,
      `DELETE /b/smuggle HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`,
    );
    expect([answer.statuses, answer.connection]).toEqual([[200], 'kept']);
    const request = sent().slice(sent().lastIndexOf('DELETE /smuggle'));
    expect(request).toContain(`Content-Length: ${inner.length}\r\n`);
    expect(request).not.toMatch(/transfer-encoding/i);
    expect(request.split('\r\n\r\n').slice(1).join('\r\n\r\n')).toContain(inner);
  });

  it('sends two lengths is refused here', async () => {
    const answer = await askRaw(
      server.port,
      'POST /b/x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!',
    );
    expect(answer.statuses).toEqual([400]);
    expect(sent().length).toBe(before);
  });

  it('sends chunk extensions has them taken off', async () => {
    await askRaw(
      server.port,
      'POST /b/extended HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\nX-Trailer: 1\r\n\r\n',
    );
    const request = sent().slice(sent().lastIndexOf('POST /extended'));
    expect(request).toMatch(/Content-Length: 2\r\n[\s\S]*\r\n\r\nok(GET|$)/);
    expect(request).not.toMatch(/a=b|X-Trailer/);
  });

  it('leaves in mid-answer ends the request to the other server, too', async () => {
    const socket = openRaw(server.port);
    socket.write('GET /b/stall HTTP/1.1\r\nHost: a.example\r\n\r\n');
    await once(socket, 'data');
    const other = backend.sockets.at(-1);
    const gone = once(other ?? socket, 'close');
    socket.destroy();
    await gone;
  });
});
