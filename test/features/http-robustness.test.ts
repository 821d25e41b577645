import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';
import { askRaw } from './raw-client.js';

/*
 * What arrives on raw sockets, row by row: bytes, statuses, what becomes of the connection. Where a comment says "httpd", real
 * Apache 2.4 takes what is refused here: such a message means different things to different servers, which is what smuggling needs.
 */

const apps = join(projectRoot, 'test/features/apps');
let folder: string;
let server: RunningServer;

beforeAll(async () => {
  folder = makeFolder();
  const documents = join(folder, 'documents');
  mkdirSync(documents);
  writeFileSync(join(documents, 'f'), 'file');
  const siteFile = `
Timeout 2
CustomLog logs/access_log "%h %>s %r %b"
DocumentRoot ${documents}
WSGIScriptAlias /py ${apps}/echo.py application-group=%{GLOBAL}
WSGIScriptAlias /js ${apps}/echo.mjs
<Directory />
Require all granted
</Directory>
<Location /limited>
LimitRequestBody 5
</Location>
Alias /limited ${documents}
WSGIScriptAlias /limited-py ${apps}/echo.py application-group=%{GLOBAL}
<Location /limited-py>
LimitRequestBody 5
</Location>
<Location /closed>
AuthType Basic
AuthName closed
AuthUserFile ${documents}/f
Require valid-user
</Location>`;
  server = await startServer('modhost', siteFile, folder);
});
afterAll(async () => {
  await server?.stop();
  removeFolder(folder);
});

type Row = readonly [what: string, bytes: string, statuses: number[], connection: 'kept' | 'closed'];

const host = 'Host: a.example\r\n';
const get = (line: string, fields = host) => `${line}\r\n${fields}\r\n`;
const post = (fields: string, body: string, path = '/py') =>
  `POST ${path} HTTP/1.1\r\n${host}${fields}\r\n${body}`;
const chunked = (body: string, path?: string) => post('Transfer-Encoding: chunked\r\n', body, path);
const many = (count: number) => Array.from({ length: count }, (_, n) => `X-${n}: y\r\n`).join('');

async function checkRow(_: string, bytes: string, statuses: number[], connection: string) {
  const answer = await askRaw(server.port, bytes);
  expect([answer.statuses, answer.connection]).toEqual([statuses, connection]);
}

describe('a request line', () => {
  it.each<Row>([
    ['HTTP/1.1', get('GET /f HTTP/1.1'), [200], 'kept'],
    ['HTTP/1.0 without Host', get('GET /f HTTP/1.0', ''), [200], 'closed'],
    ['HTTP/1.0 that wants to go on', get('GET /f HTTP/1.0', 'Connection: keep-alive\r\n'), [200], 'kept'],
    ['HTTP/0.9', 'GET /f\r\n\r\n', [400], 'closed'], // httpd: the bare body
    ['HTTP/0.9 in words', get('GET /f HTTP/0.9'), [400], 'closed'],
    ['HTTP/1.2', get('GET /f HTTP/1.2'), [400], 'closed'], // httpd: as 1.1
    ['HTTP/2.0', get('GET /f HTTP/2.0'), [400], 'closed'], // httpd: as 1.1
    ['HTTP/1.10', get('GET /f HTTP/1.10'), [400], 'closed'],
    ['HTTP/01.1', get('GET /f HTTP/01.1'), [400], 'closed'],
    ['HTTP/1.', get('GET /f HTTP/1.'), [400], 'closed'],
    ['HTTP/1', get('GET /f HTTP/1'), [400], 'closed'],
    ['http/1.1', get('GET /f http/1.1'), [400], 'closed'],
    ['HTTPS/1.1', get('GET /f HTTPS/1.1'), [400], 'closed'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400], 'closed'],
    ['behind empty lines', `\r\n\r\n${get('GET /f HTTP/1.1')}`, [200], 'kept'],
    ['behind a space', ` ${get('GET /f HTTP/1.1')}`, [400], 'closed'],
    ['with two spaces', get('GET  /f HTTP/1.1'), [200], 'kept'], // httpd: 400; no blank becomes part of the target
    ['with a TAB', get('GET\t/f HTTP/1.1'), [400], 'closed'],
    ['with a space at the end', get('GET /f HTTP/1.1 '), [400], 'closed'],
    ['with a space in the target', get('GET /f g HTTP/1.1'), [400], 'closed'],
    ['without target', get('GET HTTP/1.1'), [400], 'closed'],
    ['of garbage', 'what is this\r\n\r\n', [400], 'closed'],
    ['that is a TLS ClientHello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', [400], 'closed'],
    ['with NUL', get('GET /f\0 HTTP/1.1'), [400], 'closed'],
    ['with a control character', get('GET /f\x01 HTTP/1.1'), [400], 'closed'],
    ['with DEL', get('GET /f\x7f HTTP/1.1'), [400], 'closed'],
    ['with a byte above 127', get('GET /\xe9 HTTP/1.1'), [400], 'closed'], // httpd: 404
    ['with CR inside', get('GET /f\r HTTP/1.1'), [400], 'closed'],
    ['ended by LF only', 'GET /f HTTP/1.1\nHost: a.example\n\n', [400], 'closed'],
    ['with a method that is no token', get('GE(T /f HTTP/1.1'), [400], 'closed'],
    ['with a method in lower case', get('get /f HTTP/1.1'), [501], 'closed'],
    ['with an unknown method', get('FROB /f HTTP/1.1'), [501], 'closed'],
    ['with a method that files do not know', get('PUT /f HTTP/1.1'), [405], 'kept'],
    ['longer than LimitRequestLine', get(`GET /${'x'.repeat(8200)} HTTP/1.1`), [414], 'closed'],
  ])('%s', checkRow);
});

describe('a target', () => {
  it.each<Row>([
    ['in absolute form', get('GET http://b.example/f HTTP/1.1'), [200], 'kept'],
    ['in absolute form with https', get('GET HTTPS://b.example/f HTTP/1.1'), [200], 'kept'],
    ['in absolute form without Host', get('GET http://b.example/f HTTP/1.1', ''), [400], 'closed'],
    ['in absolute form without Host in 1.0', get('GET http://b.example/f HTTP/1.0', ''), [200], 'closed'],
    ['with userinfo', get('GET http://u:p@b.example/f HTTP/1.1'), [400], 'closed'],
    ['with a bad port', get('GET http://b.example:x/f HTTP/1.1'), [400], 'closed'],
    ['of another scheme', get('GET ftp://b.example/f HTTP/1.1'), [400], 'closed'],
    ['that looks like a host', get('GET //b.example/f HTTP/1.1'), [404], 'kept'],
    ['*', get('GET * HTTP/1.1'), [400], 'closed'],
    ['a:80', get('GET a:80 HTTP/1.1'), [400], 'closed'],
    ['without slash', get('GET f HTTP/1.1'), [400], 'closed'],
    ['with a fragment', get('GET /f#g HTTP/1.1'), [400], 'closed'],
    ['with a broken escape', get('GET /%zz HTTP/1.1'), [400], 'closed'],
    ['that climbs', get('GET /../f HTTP/1.1'), [400], 'closed'],
    ['that climbs, encoded', get('GET /%2e%2e/f HTTP/1.1'), [400], 'closed'],
    ['with an encoded NUL', get('GET /f%00 HTTP/1.1'), [404], 'kept'],
    ['with an encoded slash', get('GET /x%2Ff HTTP/1.1'), [404], 'kept'],
    ['* of OPTIONS', get('OPTIONS * HTTP/1.1'), [200], 'kept'],
    ['of CONNECT', get('CONNECT h:1 HTTP/1.1'), [405], 'closed'],
    ['of CONNECT that is a path', get('CONNECT /f HTTP/1.1'), [405], 'closed'], // httpd: 400
    ['of TRACE', get('TRACE /f HTTP/1.1'), [200], 'kept'],
    ['of TRACE with a body', get('TRACE /f HTTP/1.1', `${host}Content-Length: 1\r\n`), [413], 'closed'],
  ])('%s', checkRow);
});

describe('Host', () => {
  it.each<Row>([
    ['missing', get('GET /f HTTP/1.1', ''), [400], 'closed'],
    ['empty', get('GET /f HTTP/1.1', 'Host:\r\n'), [400], 'closed'],
    ['twice', get('GET /f HTTP/1.1', host + host), [400], 'closed'],
    ['two in one', get('GET /f HTTP/1.1', 'Host: a.example, b.example\r\n'), [400], 'closed'],
    ['with userinfo', get('GET /f HTTP/1.1', 'Host: u@a.example\r\n'), [400], 'closed'],
    ['with a path', get('GET /f HTTP/1.1', 'Host: a.example/x\r\n'), [400], 'closed'],
    ['with a bad port', get('GET /f HTTP/1.1', 'Host: a.example:99999\r\n'), [400], 'closed'],
    [
      'bad, beside an absolute target',
      get('GET http://b.example/f HTTP/1.1', 'Host: a/b\r\n'),
      [200],
      'kept',
    ],
    ['bad in HTTP/1.0', get('GET /f HTTP/1.0', 'Host: a/b\r\n'), [400], 'closed'],
    ['IPv6', get('GET /f HTTP/1.1', 'Host: [::1]:80\r\n'), [200], 'kept'],
  ])('%s', checkRow);
});

describe('a header', () => {
  it.each<Row>([
    ['with a space before the colon', get('GET /f HTTP/1.1', `${host}X : y\r\n`), [400], 'closed'],
    ['without colon', get('GET /f HTTP/1.1', `${host}X\r\n`), [400], 'closed'],
    ['without name', get('GET /f HTTP/1.1', `${host}: y\r\n`), [400], 'closed'],
    ['with ( in its name', get('GET /f HTTP/1.1', `${host}X(: y\r\n`), [400], 'closed'],
    ['with a byte above 127 in its name', get('GET /f HTTP/1.1', `${host}X\xe9: y\r\n`), [400], 'closed'],
    ['on two lines', get('GET /f HTTP/1.1', `${host}X: y\r\n z\r\n`), [400], 'closed'], // httpd: joined
    ['that begins with a fold', get('GET /f HTTP/1.1', ` X: y\r\n${host}`), [400], 'closed'],
    ['with _ in its name', get('GET /f HTTP/1.1', `${host}X_Y: z\r\n`), [200], 'kept'],
    ['with NUL', get('GET /f HTTP/1.1', `${host}X: y\0\r\n`), [400], 'closed'],
    ['with a control character', get('GET /f HTTP/1.1', `${host}X: y\x01\r\n`), [400], 'closed'],
    ['with DEL', get('GET /f HTTP/1.1', `${host}X: y\x7f\r\n`), [400], 'closed'],
    ['with CR inside', get('GET /f HTTP/1.1', `${host}X: y\rz\r\n`), [400], 'closed'],
    ['ended by LF only', get('GET /f HTTP/1.1', `${host}X: y\n`), [400], 'closed'],
    ['with TAB and a byte above 127', get('GET /f HTTP/1.1', `${host}X: y\tz\xe9\r\n`), [200], 'kept'],
    ['of 8100 bytes', get('GET /f HTTP/1.1', `${host}X: ${'y'.repeat(8100)}\r\n`), [200], 'kept'],
    ['of 8300 bytes', get('GET /f HTTP/1.1', `${host}X: ${'y'.repeat(8300)}\r\n`), [400], 'closed'],
    ['of two megabytes', get('GET /f HTTP/1.1', `${host}X: ${'y'.repeat(2_000_000)}\r\n`), [400], 'closed'],
    ['beside 99 others', get('GET /f HTTP/1.1', host + many(99)), [200], 'kept'],
    ['beside 100 others', get('GET /f HTTP/1.1', host + many(100)), [400], 'closed'],
    ['beside 5000 others', get('GET /f HTTP/1.1', host + many(5000)), [400], 'closed'],
    ['Connection: close', get('GET /f HTTP/1.1', `${host}Connection: x, CLOSE\r\n`), [200], 'closed'],
    ['Upgrade', get('GET /f HTTP/1.1', `${host}Connection: upgrade\r\nUpgrade: h2c\r\n`), [200], 'kept'],
  ])('%s', checkRow);
});

describe('Content-Length', () => {
  it.each<Row>([
    ['that is right', post('Content-Length: 3\r\n', 'abc'), [200], 'kept'],
    ['twice', post('Content-Length: 3\r\nContent-Length: 3\r\n', 'abc'), [400], 'closed'],
    ['twice, different', post('Content-Length: 3\r\nContent-Length: 4\r\n', 'abc'), [400], 'closed'],
    ['3, 3', post('Content-Length: 3, 3\r\n', 'abc'), [400], 'closed'],
    ['+3', post('Content-Length: +3\r\n', 'abc'), [400], 'closed'],
    ['-3', post('Content-Length: -3\r\n', 'abc'), [400], 'closed'],
    ['0x3', post('Content-Length: 0x3\r\n', 'abc'), [400], 'closed'],
    ['3x', post('Content-Length: 3x\r\n', 'abc'), [400], 'closed'],
    ['3 4', post('Content-Length: 3 4\r\n', 'abc'), [400], 'closed'],
    ['empty', post('Content-Length:\r\n', 'abc'), [400], 'closed'],
    ['beyond all numbers', post(`Content-Length: ${'9'.repeat(30)}\r\n`, 'abc'), [400], 'closed'],
    ['003', post('Content-Length: 003\r\n', 'abc'), [200], 'kept'],
    ['more than LimitRequestBody', post('Content-Length: 2000000000\r\n', 'abc'), [413], 'closed'],
    [
      'more than LimitRequestBody of a section',
      post('Content-Length: 6\r\n', 'abcdef', '/limited-py'),
      [413],
      'closed',
    ],
    [
      'more than LimitRequestBody for a file',
      post('Content-Length: 6\r\n', 'abcdef', '/limited/f'),
      [413],
      'closed',
    ],
    [
      'beside chunks',
      post('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
      [400],
      'closed',
    ], // httpd: chunks
    [
      'beside chunks, the other way round',
      post('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n', '0\r\n\r\n'),
      [400],
      'closed',
    ],
    [
      'beside chunks for a file',
      post('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n', '/f'),
      [400],
      'closed',
    ],
    ['missing: no body', post('', ''), [200], 'kept'],
    ['of which less comes', post('Content-Length: 9\r\n', 'abc'), [408], 'closed'],
  ])('%s', checkRow);
});

describe('Transfer-Encoding', () => {
  const encoded = (value: string) => post(`Transfer-Encoding: ${value}\r\n`, '3\r\nabc\r\n0\r\n\r\n');
  it.each<Row>([
    ['chunked', encoded('chunked'), [200], 'kept'],
    ['Chunked', encoded('Chunked'), [200], 'kept'],
    [
      'twice',
      post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
      [400],
      'closed',
    ], // httpd: chunks
    ['identity', encoded('identity'), [400], 'closed'],
    ['gzip', encoded('gzip'), [400], 'closed'],
    ['chunked, gzip', encoded('chunked, gzip'), [400], 'closed'],
    ['gzip, chunked', encoded('gzip, chunked'), [400], 'closed'], // httpd: 500
    ['chunked, chunked', encoded('chunked, chunked'), [400], 'closed'],
    [', chunked', encoded(', chunked'), [400], 'closed'],
    ['xchunked', encoded('xchunked'), [400], 'closed'],
    ['chunked;q=1', encoded('chunked;q=1'), [400], 'closed'],
    ['empty', encoded(''), [400], 'closed'],
    ['with a vertical tab', encoded('\x0bchunked'), [400], 'closed'],
    ['with a blank before the colon', post('Transfer-Encoding : chunked\r\n', '0\r\n\r\n'), [400], 'closed'],
    [
      'in HTTP/1.0',
      'POST /py HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
      [200],
      'closed',
    ],
  ])('%s', checkRow);
});

describe('a chunk', () => {
  it.each<Row>([
    ['with an extension', chunked('3;a=b\r\nabc\r\n0\r\n\r\n'), [200], 'kept'],
    ['with leading zeros', chunked('0003\r\nabc\r\n0\r\n\r\n'), [200], 'kept'],
    ['in upper-case digits', chunked('A\r\n0123456789\r\n0\r\n\r\n'), [200], 'kept'],
    ['followed by trailers', chunked('3\r\nabc\r\n0\r\nX-T: y\r\n\r\n'), [200], 'kept'],
    ['of size -3', chunked('-3\r\nabc\r\n0\r\n\r\n'), [400], 'closed'],
    ['of size 0x3', chunked('0x3\r\nabc\r\n0\r\n\r\n'), [400], 'closed'],
    ['of size Z', chunked('Z\r\nabc\r\n0\r\n\r\n'), [400], 'closed'],
    ['of no size', chunked('\r\nabc\r\n0\r\n\r\n'), [400], 'closed'],
    ['of a size beyond all numbers', chunked('fffffffffffffffff\r\nabc\r\n0\r\n\r\n'), [400], 'closed'],
    ['with LF only', chunked('3\nabc\r\n0\r\n\r\n'), [400], 'closed'],
    ['without CRLF behind', chunked('3\r\nabc0\r\n\r\n'), [400], 'closed'],
    ['longer than said', chunked('3\r\nabcd\r\n0\r\n\r\n'), [400], 'closed'],
    ['beyond LimitRequestBody', chunked('6\r\nabcdef\r\n0\r\n\r\n', '/limited-py'), [413], 'closed'],
    ['that is bad, to a file', chunked('Z\r\nabc\r\n0\r\n\r\n', '/f'), [200], 'closed'], // httpd: 400; the file does not wait for it
    ['with a malformed trailer', chunked('0\r\nX T\r\n\r\n'), [400], 'closed'],
    ['with a huge extension', chunked(`3;${'x'.repeat(20_000)}\r\nabc\r\n0\r\n\r\n`), [400], 'closed'],
  ])('%s', checkRow);
});

describe('Expect', () => {
  const expecting = (path: string, value = '100-continue') =>
    post(`Expect: ${value}\r\nContent-Length: 3\r\n`, '', path);
  it.each<Row>([
    ['of a body that is sent', `${expecting('/py')}abc`, [100, 200], 'kept'],
    ['of an application that does not read', `${expecting('/py/unread')}abc`, [100, 200], 'kept'],
    ['of a protected place', expecting('/closed'), [401], 'closed'],
    [
      'of too much',
      post('Expect: 100-continue\r\nContent-Length: 6\r\n', '', '/limited-py'),
      [413],
      'closed',
    ],
    ['of a file', expecting('/f'), [200], 'closed'],
    ['something else', expecting('/py', 'foo'), [417], 'closed'],
    ['nothing', `${expecting('/py', '')}abc`, [200], 'kept'],
    ['something else beside it', expecting('/py', '100-continue, foo'), [417], 'closed'],
    ['in HTTP/1.0', 'GET /f HTTP/1.0\r\nExpect: foo\r\n\r\n', [200], 'closed'],
  ])('%s', checkRow);
});

describe('pipelined requests', () => {
  const python = get('GET /py/slow HTTP/1.1');

  it('are answered in order, one after the other', async () => {
    const paths = ['/py/1', '/f', '/js/2', '/missing', '/py/3'];
    const answer = await askRaw(server.port, paths.map((path) => get(`GET ${path} HTTP/1.1`)).join(''), 5);
    expect([answer.statuses, answer.connection]).toEqual([[200, 200, 200, 404, 200], 'kept']);
    const found = [...answer.text.matchAll(/"PATH_INFO": "\/(\d)"|"url":"[^"]*\/(\d)"/g)];
    expect(found.map(([, first, second]) => first ?? second)).toEqual(['1', '2', '3']);
  });

  it('get their answers before something malformed behind them gets its own', async () => {
    const answer = await askRaw(server.port, `${python}${get('GET /f HTTP/1.1')}garbage\r\n\r\n`, 3);
    expect([answer.statuses, answer.connection]).toEqual([[200, 200, 400], 'closed']);
  });

  it('get their answers before CONNECT is refused', async () => {
    const answer = await askRaw(server.port, python + get('CONNECT h:1 HTTP/1.1'), 2);
    expect([answer.statuses, answer.connection]).toEqual([[200, 405], 'closed']);
    expect(server.log()).not.toContain('SOCKET_ASSIGNED');
  });

  it.each([
    ['a target that is refused', get('GET /%zz HTTP/1.1')],
    ['Connection: close', get('GET /f HTTP/1.1', `${host}Connection: close\r\n`)],
  ])('behind %s are not looked at', async (_, first) => {
    const mark = `behind-${Math.random()}`;
    const answer = await askRaw(server.port, first + get(`GET /py/${mark} HTTP/1.1`), 2);
    expect(answer.statuses).toHaveLength(1);
    expect(answer.text).not.toContain(mark);
  });

  it('beyond MaxKeepAliveRequests are dropped, and the answers before them arrive', async () => {
    const answer = await askRaw(server.port, get('GET /f HTTP/1.1').repeat(500), 500);
    expect([answer.statuses.length, answer.connection]).toEqual([101, 'closed']);
  });
});

it('what is no request has its line in the access log', async () => {
  await askRaw(server.port, 'garbage\r\n\r\n');
  const line = () => readFileSync(join(folder, 'modhost/logs/access_log'), 'latin1');
  await expect.poll(line).toMatch(/^127\.0\.0\.1 400 - \d+$/m);
});

it('takes another protocol offered in Proxy-Connection for a request of its own, once', async () => {
  const fields = `${host}Upgrade: h2c\r\nProxy-Connection: Upgrade\r\n`;
  for (const connection of ['', 'Connection: upgrade\r\n', 'Connection: close\r\n']) {
    const answer = await askRaw(server.port, get('GET /f HTTP/1.1', fields + connection));
    expect(answer.statuses).toEqual([200]);
  }
});

it('takes another protocol offered again and again on one connection as often as it comes', async () => {
  const request = get('GET /f HTTP/1.1', `${host}Connection: upgrade\r\nUpgrade: h2c\r\n`);
  const answer = await askRaw(server.port, request.repeat(30), 30);
  expect(answer.statuses).toEqual(Array(30).fill(200));
  expect(server.log()).not.toContain('MaxListenersExceededWarning');
});
