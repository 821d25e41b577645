import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic } from '../../peers/browser-session.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../../peers/server.js';
import { askRaw, openRaw } from '../raw-client.js';
import { type RawBackend, startRawBackend } from './raw-backend.js';

/** What goes to another server and comes back, where nobody does anything wrong. */

let folder: string;
let server: RunningServer;
/** Answers with the request as it came. */
let echo: RawBackend;
let behindSocket: RawBackend;
let http: ReturnType<typeof createServer>;

beforeAll(async () => {
  folder = makeFolder();
  echo = await startRawBackend((request, socket) => {
    const status = /\/status-(\d+)/.exec(request)?.[1] ?? '200';
    const extra = request.includes('/headers')
      ? 'X-One: 1\r\nX-One: 2\r\nSet-Cookie: a=b; Path=/x/q; Domain=b.example; HttpOnly\r\nSet-Cookie: c=d\r\nLocation: http://b.example/x/there?q\r\nConnection: X-Hop\r\nX-Hop: 1\r\nTrailer: X-T\r\nServer: back\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n'
      : '';
    const early = request.includes('/early')
      ? 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n'
      : '';
    const continued = /^expect/im.test(request) ? 'HTTP/1.1 100 Continue\r\n\r\n' : '';
    socket.write(
      `${continued}${early}HTTP/1.1 ${status} As Said\r\nWWW-Authenticate: Basic realm="b"\r\n${extra}Content-Length: ${request.length}\r\n\r\n${request}`,
      'latin1',
    );
  });
  behindSocket = await startRawBackend(
    (request, socket) =>
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${request.length}\r\n\r\n${request}`, 'latin1'),
    { path: join(folder, 'b.sock') },
  );
  http = createServer((request, response) => {
    if (request.url === '/count') {
      const hash = createHash('sha256');
      let bytes = 0;
      request.on('data', (piece: Buffer) => {
        hash.update(piece);
        bytes += piece.length;
      });
      request.on('end', () => response.end(`${bytes} ${hash.digest('hex')}`));
    } else if (request.url === '/events') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: 1\n\n');
      request.on('close', () => {});
    } else response.end('plain');
  }).listen(0, '127.0.0.1');
  await once(http, 'listening');
  const address = http.address();
  const httpPort = typeof address === 'object' ? address?.port : 0;
  writeFileSync(join(folder, 'users'), 'alice:{SHA}tiY7sUhYKUwI5L3866kDY+ENcrQ=\n');
  server = await startServer(
    'modhost',
    `
ServerName front.example
Redirect /echo/redirected http://elsewhere.example/
ProxyPass /echo/own !
ProxyPass /echo http://127.0.0.1:${echo.port}/x
ProxyPass /raw http://127.0.0.1:${echo.port}/n nocanon
RewriteEngine On
RewriteRule ^/raw/closed/(.*) /raw/open/$1 [PT]
ProxyPassMatch ^/match/(.*)/end$ http://127.0.0.1:${echo.port}/m/$1
ProxyPass /socket unix:${folder}/b.sock|http://inner.example/s
ProxyPass /http http://127.0.0.1:${httpPort}
ProxyPassReverse /echo http://b.example/x
ProxyPassReverseCookieDomain b.example front.example
ProxyPassReverseCookiePath /x /echo
<Location /error>
ProxyPass http://127.0.0.1:${echo.port}/
ProxyErrorOverride On 401 404 500
ErrorDocument 404 "nothing here"
</Location>
<Location /preserved>
ProxyPass http://127.0.0.1:${echo.port}/
ProxyPreserveHost On
ProxyAddHeaders Off
</Location>
<Proxy *>
Require all granted
</Proxy>
<Proxy http://127.0.0.1:${echo.port}/x/private>
AuthType Basic
AuthName private
AuthUserFile ${folder}/users
Require valid-user
</Proxy>
<ProxyMatch /x/closed>
Require all denied
</ProxyMatch>`,
    folder,
  );
});
afterAll(async () => {
  await server?.stop();
  await echo?.stop();
  await behindSocket?.stop();
  http?.close();
  removeFolder(folder);
});

const ask = (head: string, body = '') =>
  askRaw(server.port, `${head.replaceAll('\n', '\r\n')}\r\n\r\n${body}`);
const get = (path: string, ...headers: string[]) =>
  ask([`GET ${path} HTTP/1.1`, 'Host: front.example', ...headers].join('\n'));
/** The request as the other server got it. */
const passed = (text: string) => text.slice(text.search(/[A-Z]+ \/[^\r]* HTTP\/1.1\r\n/));

describe('a request', () => {
  it('keeps its own headers, loses those of the connection, and says who asks', async () => {
    const { text } = await get(
      '/echo/a?b=1',
      'Accept: */*',
      'X-Two: 1',
      'X-Two: 2',
      'Connection: keep-alive, X-Hop, X-Forwarded-For',
      'X-Hop: 1',
      'TE: trailers',
      'Keep-Alive: 5',
      'Proxy-Connection: x',
      'Proxy-Authorization: Basic x',
      'Authorization: Basic y',
      'X-Forwarded-For: 192.0.2.7',
      'Max-Forwards: 5',
    );
    expect(passed(text).split('\r\n\r\n', 1)[0]?.split('\r\n')).toEqual([
      'GET /x/a?b=1 HTTP/1.1',
      `Host: 127.0.0.1:${echo.port}`,
      'Accept: */*',
      'X-Two: 1, 2',
      'Proxy-Authorization: Basic x',
      'Authorization: Basic y',
      'Max-Forwards: 4',
      'X-Forwarded-For: 127.0.0.1',
      'X-Forwarded-Host: front.example',
      'X-Forwarded-Server: front.example',
      'Connection: Keep-Alive',
    ]);
  });

  it.each([
    ['/echo', '/x'],
    ['/echo/', '/x/'],
    ['/echo//a/./b/../c', '/x/a/c'],
    ['/echo/%7eme/%c3%a9%20[x]?q=["', '/x/~me/%C3%A9%20%5Bx%5D?q=["'],
    ['/echo/a%3fb%23c', '/x/a%3Fb%23c'],
    ['/raw/%41//%7eb?c', '/n/%41//%7eb?c'],
    ['/r%61w/%41', '/n/A'],
    // What was decided on, and nothing else: rules and dots have their say.
    ['/raw/closed/%41', '/n/open/A'],
    ['/raw/../raw/a', '/n/a'],
    ['/raw/a/%2e%2e/b', '/n/b'],
    ['/match/a%20b/end?q', '/m/a%20b?q'],
    ['/socket/a', '/s/a'],
    // ProxyPass comes before Redirect.
    ['/echo/redirected', '/x/redirected'],
  ])('for %s asks for %s', async (path, wanted) => {
    const { text } = await get(path);
    expect(passed(text).split(' HTTP/1.1', 1)[0]).toBe(`GET ${wanted}`);
  });

  it('to a socket has the name of the URL as Host', async () => {
    expect((await get('/socket')).text).toContain('Host: inner.example\r\n');
  });

  it('that is excluded is answered here', async () => {
    expect((await get('/echo/own')).statuses).toEqual([404]);
  });

  it('keeps its Host and says nothing more where the site file wants so', async () => {
    const { text } = await get('/preserved/a');
    expect(passed(text)).toContain('Host: front.example\r\n');
    expect(text).not.toMatch(/x-forwarded/i);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'GET'])('%s takes its body along', async (method) => {
    const { text } = await ask(`${method} /echo/a HTTP/1.1\nHost: a.example\nContent-Length: 4`, 'body');
    expect(passed(text)).toMatch(/Content-Length: 4\r\n[\s\S]*\r\n\r\nbody/);
  });

  it('without a body announces none', async () => {
    const { text } = await ask('POST /echo/a HTTP/1.1\nHost: a.example\nContent-Length: 0');
    expect(passed(text)).toContain('Content-Length: 0\r\n');
    const { text: silent } = await ask('POST /echo/a HTTP/1.1\nHost: a.example');
    expect(passed(silent)).toMatch(/Content-Length: 0\r\n/);
    expect(passed(silent)).not.toMatch(/transfer-encoding/i);
    const { text: without } = await ask('DELETE /echo/a HTTP/1.1\nHost: a.example');
    expect(passed(without).split('\r\n\r\n', 1)[0]).not.toMatch(/content-length|transfer-encoding/i);
  });

  it('that expects 100 Continue hears it from the other server', async () => {
    const { text, statuses } = await ask(
      'POST /echo/a HTTP/1.1\nHost: a.example\nExpect: 100-continue\nContent-Length: 4',
      'body',
    );
    expect(statuses).toEqual([100, 200]);
    expect(passed(text)).toContain('Expect: 100-continue');
  });

  it('of 30 MB arrives as it was sent, with a length and without', async () => {
    const bytes = randomBytes(30_000_000);
    const digest = createHash('sha256').update(bytes).digest('hex');
    for (const headers of [{ 'Content-Length': bytes.length }, { 'Transfer-Encoding': 'chunked' }]) {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const request = httpRequest(
          { port: server.port, host: '127.0.0.1', path: '/http/count', method: 'PUT', headers, agent: false },
          resolve,
        );
        request.on('error', reject);
        request.end(bytes);
      });
      expect((await buffer(answer)).toString()).toBe(`${bytes.length} ${digest}`);
    }
  });
});

describe('an answer', () => {
  it('keeps what is of both ends, with the addresses of this server', async () => {
    const { text } = await get('/echo/headers');
    const head = text.split('\r\n\r\n', 1)[0] ?? '';
    expect(head).toMatch(/^HTTP\/1.1 200 As Said\r\n/);
    expect(head).toContain('X-One: 1\r\nX-One: 2');
    expect(head).toContain('Set-Cookie: a=b; Path=/echo; Domain=front.example; HttpOnly\r\nSet-Cookie: c=d');
    expect(head).toContain('Location: http://front.example/echo/there?q');
    expect(head).toContain('Server: back');
    expect(head).toContain('Date: Thu, 01 Jan 1970 00:00:00 GMT');
    expect(head).not.toMatch(/x-hop|trailer|^connection/im);
  });

  it('may have hints before it', async () => {
    const { statuses, text } = await get('/echo/early');
    expect(statuses).toEqual([103, 200]);
    expect(text).toContain('Link: </a.css>; rel=preload');
  });

  it('to HEAD has no body', async () => {
    const { text, connection } = await ask('HEAD /echo/a HTTP/1.1\nHost: a.example');
    expect(connection).toBe('kept');
    expect(text.split('HTTP/1.1 ')[1]).toMatch(/\r\n\r\n$/);
  });

  it('streams event by event', async () => {
    const socket = openRaw(server.port);
    socket.write('GET /http/events HTTP/1.1\r\nHost: a.example\r\n\r\n');
    let text = '';
    for await (const piece of socket) {
      text += piece;
      if (text.includes('data: 1')) break;
    }
    expect(text).toContain('text/event-stream');
  });

  it.each([
    [404, 'nothing here'],
    // As httpd: in the words of the other server.
    [500, '<h1>As Said</h1>'],
    [401, 'WWW-Authenticate: Basic realm="b"\r\n'],
  ])('%d is replaced where ProxyErrorOverride says so', async (status, words) => {
    const answer = await get(`/error/status-${status}`);
    expect(answer.statuses).toEqual([status]);
    expect(answer.text).toContain(words);
    expect(answer.text).not.toContain('X-Forwarded');
  });

  it('403 is not, where it names others', async () => {
    expect((await get('/error/status-403')).text).toContain('GET //status-403');
  });
});

describe('<Proxy>', () => {
  it('lets nobody in without a password', async () => {
    expect((await get('/echo/private')).statuses).toEqual([401]);
    expect((await get('/echo/private/a')).statuses).toEqual([401]);
    expect((await get('/echo//private')).statuses).toEqual([401]);
    const { authorization } = basic('alice', 'wonderland');
    expect((await get('/echo/private', `Authorization: ${authorization}`)).statuses).toEqual([200]);
  });

  it('closes what a pattern matches', async () => {
    expect((await get('/echo/closed')).statuses).toEqual([403]);
  });
});

describe('connections', () => {
  it('are kept, and used again', async () => {
    await get('/echo/a');
    const before = echo.sockets.length;
    for (let time = 0; time < 5; time += 1) await get('/echo/a');
    // Each front end keeps its own.
    expect(echo.sockets.length - before).toBeLessThan(5);
  });
});
