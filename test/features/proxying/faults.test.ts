import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  findFreePort,
  makeFolder,
  type RunningServer,
  removeFolder,
  startServer,
} from '../../peers/server.js';
import { askRaw, openRaw } from '../raw-client.js';
import { startFaultyBackend } from './faulty-answers.js';
import type { RawBackend } from './raw-backend.js';
import { startSilentListener } from './silent-listener.js';

/** Whatever another server does wrong: a documented status, a line in the log, and nothing of it in the next answer. */

let folder: string;
let server: RunningServer;
let backend: RawBackend;

beforeAll(async () => {
  folder = makeFolder();
  backend = await startFaultyBackend();
  const dead = await findFreePort();
  writeFileSync(
    join(folder, 'hosted.py'),
    "def application(environ, start_response):\n    environ['wsgi.input'].read()\n    return start_response('200 OK', []) and []\n",
  );
  server = await startServer(
    'modhost',
    `
ServerLimit 1
ProxyPass /b/ http://127.0.0.1:${backend.port}/ timeout=1
ProxyPass /follow-up http://127.0.0.1:${backend.port}/fine
ProxyPass /dead http://127.0.0.1:${dead}/
ProxyPass /no-name http://no-such-host.invalid/
ProxyPass /no-socket unix:${folder}/none.sock|http://localhost/
ProxyPass /no-tls https://127.0.0.1:${backend.port}/
ProxyPass /all/ balancer://all/ failonstatus=400
<Proxy balancer://all>
BalancerMember http://127.0.0.1:${backend.port}
</Proxy>
WSGIScriptAlias /hosted ${folder}/hosted.py
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
    ['says no more than that it will', '/b/interim-only', 502, 'no answer within 1 s'],
  ])('%s is answered for', async (_, path, status, cause) => {
    const answer = await get(path);
    expect(answer.statuses.filter((each) => each >= 200)).toEqual([status]);
    expect(answer.text).not.toContain(String(backend.port));
    // As httpd: behind these statuses the connection ends. Else the next request on it gets its own answer, and nothing of this one.
    if (status === 500 || status === 503) expect(answer.connection).toBe('closed');
    else expect(answer.text).toMatch(/<\/html>\nHTTP\/1.1 200 OK\r\n[^<]*\r\n\r\nfine$/);
    await server.logged(cause);
  });

  it.each([
    ['announces more than it sends', '/b/long-length'],
    ['closes in mid-body', '/b/mid-body'],
    ['sends a bad chunk', '/b/bad-chunk'],
    ['sends a bad trailer', '/b/bad-trailers'],
    ['stops in mid-body', '/b/stall'],
  ])('%s is cut off visibly', async (_, path) => {
    const answer = await get(path);
    expect(answer.statuses).toEqual([200]);
    expect(answer.connection).not.toBe('kept');
    expect(answer.text).not.toMatch(/0\r\n\r\n|fine/);
    expect((await get('/b/fine')).text).toContain('\r\n\r\nfine');
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

  it('sends trailers has them taken off, as httpd does', async () => {
    const answer = await get('/b/trailers');
    expect([answer.statuses, answer.connection]).toEqual([[200], 'kept']);
    expect(answer.text).toContain('2\r\nok\r\n0\r\n\r\nHTTP/1.1 200');
    expect(answer.text).not.toMatch(/late|trailer/i);
  });

  it('answers 204 is no fault, and keeps the connection', async () => {
    const answer = await get('/b/no-content');
    expect([answer.statuses, answer.connection]).toEqual([[204], 'kept']);
  });
});

describe('a connection that does not come about', () => {
  it('because the system of the other server is silent is given up after connectiontimeout', async () => {
    const silent = await startSilentListener();
    const hung = await startServer(
      'modhost',
      `ProxyPass / http://127.0.0.1:${silent.port}/ connectiontimeout=300ms\n<Location />\nRequire all granted\n</Location>`,
      join(folder, 'silent'),
    );
    try {
      const answer = await askRaw(hung.port, 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
      expect([answer.statuses, answer.connection]).toEqual([[503], 'closed']);
      await hung.logged('no connection within 0.3 s');
    } finally {
      await hung.stop();
      silent.stop();
    }
  });

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

  it.each([
    ['a length and chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
    ['two lengths', 'Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!'],
    ['a length twice', 'Content-Length: 2\r\nContent-Length: 2\r\n\r\nok'],
    ['a chunk of no size', 'Transfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n0\r\n\r\n'],
    ['chunks that are not the last coding', 'Transfer-Encoding: chunked, gzip\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
  ])('sends %s is refused, and its connection ends', async (_, rest) => {
    const answer = await askRaw(server.port, `POST /b/never HTTP/1.1\r\nHost: a.example\r\n${rest}`);
    expect(answer.statuses).toEqual([400]);
    expect(answer.connection).not.toBe('kept');
    expect(sent()).not.toContain('/never');
  });

  it.each(['/b/fine', '/all/fine', '/hosted'])(
    'sends a malformed body to %s: it is at fault, not who would have read it',
    async (path) => {
      const before = server.log().length;
      const head = `POST ${path} HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n`;
      expect((await askRaw(server.port, `${head}2\r\nok\r\nzz\r\n`)).statuses).toEqual([400]);
      const said = () => server.log().slice(before);
      await expect.poll(said).toMatch(/\[core:error\] .*\[client 127[^\]]*\] the request is malformed/);
      expect(said()).not.toMatch(/answered 400|is in error/);
    },
  );

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
