import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../../peers/server.js';
import { askRaw, openRaw } from '../raw-client.js';
import {
  end,
  type FastcgiBackend,
  type FastcgiRequest,
  record,
  startFastcgiBackend,
  stderr,
  stdout,
} from './fastcgi-backend.js';

/** What a FastCGI server is told, and what becomes of its answers, good and bad. */

const plain = 'Content-Type: text/plain\r\n\r\n';

/** By query. `true`: the connection is ended behind it. */
const answers: Record<string, readonly [bytes: string, ends: boolean]> = {
  hang: ['', false],
  close: ['', true],
  'half-record': [stdout(`${plain}x`).slice(0, 20), true],
  'half-head': [stdout('Content-Type: te'), true],
  'half-head-end': [stdout('Content-Type: te') + end(), false],
  nothing: [stdout('') + end(), false],
  version: [record(6, `${plain}x`, { version: 2 }) + end(), false],
  id: [record(6, `${plain}x`, { id: 7 }) + end(), false],
  http: ['HTTP/1.1 200 OK\r\n\r\nThis is no FastCGI', false],
  'bad-head': [stdout('no header at all\r\n\r\nx') + end(), false],
  'bad-name': [stdout('Bad Name: 1\r\n\r\nx') + end(), false],
  folded: [stdout('X-A: 1\r\n 2\r\n\r\nx') + end(), false],
  'status-line': [stdout('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nx') + end(), false],
  'no-number': [stdout('Status: good\r\n\r\nx') + end(), false],
  interim: [stdout('Status: 100 Continue\r\n\r\n') + end(), false],
  'two-statuses': [stdout('Status: 200 OK\r\nStatus: 403 No\r\n\r\nx') + end(), false],
  'two-lengths': [stdout('Content-Length: 1\r\nContent-Length: 2\r\n\r\nxy') + end(), false],
  chunked: [stdout(`Transfer-Encoding: chunked\r\n${plain}1\r\nx\r\n0\r\n\r\n`) + end(), false],
  huge: [
    stdout(`X-Big: ${'x'.repeat(60_000)}`) + stdout('x'.repeat(60_000)) + stdout('x'.repeat(60_000)),
    false,
  ],
  multiplexed: [end(0, 1), false],
  overloaded: [end(0, 2), false],
  role: [end(0, 3), false],
  'short-end': [record(3, 'x'), false],
  short: [stdout(`Content-Length: 10\r\n${plain}x`) + end(), false],
  'cut-body': [stdout(`${plain}x`), true],
  'cut-record': [stdout(`${plain}x`) + stdout('yz').slice(0, 9), true],
  stall: [stdout(`${plain}x`), false],
  long: [stdout(`Content-Length: 1\r\n${plain}xyz`) + end(), false],
  padded: [
    stdout('Content-Ty', 7) +
      stdout('pe: text/plain\r', 255) +
      stdout('\n\r\nbo', 1) +
      stdout('dy') +
      stdout('') +
      end(),
    false,
  ],
  'bare-lf': [stdout('Content-Type: text/plain\nX-A: b\n\nbody') + end(), false],
  'no-end': [stdout(`${plain}body`) + stdout(''), true],
  status: [stdout(`Status: 404 Gone Missing\r\n${plain}x`) + end(), false],
  elsewhere: [stdout('Location: http://other.example/x\r\n\r\n') + end(), false],
  'not-modified': [stdout('Status: 304\r\nETag: "x"\r\nContent-Length: 5\r\n\r\n') + end(), false],
  cookies: [
    stdout(`Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: X-Own\r\nX-Own: 1\r\n${plain}x`) + end(),
    false,
  ],
  errors: [
    stderr('first line\nsecond') + stdout(`${plain}x`) + stderr(' line\n') + stderr('') + end(),
    false,
  ],
  died: [stdout(`${plain}x`) + end(9), false],
  unknown: [record(42, 'what') + stdout(`${plain}x`) + end(), false],
  behind: [stdout(`${plain}x`) + stdout('') + end() + stdout(`${plain}evil`) + end(), false],
  'half-behind': [stdout(`${plain}x`) + end() + stdout('evil').slice(0, 10), false],
};

let folder: string;
let server: RunningServer;
let backend: FastcgiBackend;
let local: FastcgiBackend;

function answer(request: FastcgiRequest, { write, end: finish }: FastcgiSocket): void {
  const known = answers[request.variables.get('QUERY_STRING') ?? ''];
  if (known !== undefined) {
    if (known[1]) finish(known[0]);
    else write(known[0]);
    return;
  }
  const lines = [...request.variables].map(([name, value]) => `${name}=${value.slice(0, 200)}\n`);
  const text = `Status: 207 Said So\r\nX-One: 1\r\nX-One: 2\r\n${plain}${lines.join('')}|${request.body.slice(0, 100)}|${request.body.length}`;
  write(stdout(text) + stdout('') + end());
}
interface FastcgiSocket {
  write(text: string): void;
  end(text: string): void;
}

beforeAll(async () => {
  folder = makeFolder();
  const start = (listen?: { path: string }) =>
    startFastcgiBackend(
      (request, socket) =>
        answer(request, {
          write: (text) => socket.write(text, 'latin1'),
          end: (text) => socket.end(text, 'latin1'),
        }),
      listen,
    );
  backend = await start();
  local = await start({ path: join(folder, 'f.sock') });
  const other = `fcgi://127.0.0.1:${backend.port}`;
  server = await startServer(
    'modhost',
    `
ServerLimit 1
SetEnvIf Request_URI . FROM_SITE=yes REQUEST_METHOD=FORGED
ProxyPass /app/ ${other}/ timeout=1
ProxyPass /below ${other}/srv/x
ProxyPass /kept/ ${other}/kept/ enablereuse=on timeout=1
ProxyPassMatch ^/php/(.*\\.php(/.*)?)$ ${other}/srv/www/$1
ProxyPass /dead fcgi://127.0.0.1:1/
ProxyPass / unix:${folder}/f.sock|fcgi://localhost/srv/
<Location />
Require all granted
</Location>`,
    folder,
  );
});
afterAll(async () => {
  await server?.stop();
  await backend?.stop();
  await local?.stop();
  removeFolder(folder);
});

const get = (path: string) => askRaw(server.port, `GET ${path} HTTP/1.1\r\nHost: a.example:81\r\n\r\n`);

describe('a FastCGI server', () => {
  it('is told of the request as CGI would', async () => {
    const { text, statuses, connection } = await askRaw(
      server.port,
      'POST /app/a%20b//c?q=%20 HTTP/1.1\r\nHost: a.example:81\r\nContent-Type: a/b\r\nAuthorization: Basic x\r\nProxy: p\r\nX_Under: 1\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 3\r\n\r\nabc',
    );
    expect([statuses, connection]).toEqual([[207], 'kept']);
    expect(text).toMatch(/^HTTP\/1.1 207 Said So\r\n/);
    expect(text).toContain('X-One: 1\r\nX-One: 2\r\n');
    for (const line of [
      'REQUEST_METHOD=POST',
      'SCRIPT_NAME=/app/a b/c',
      `SCRIPT_FILENAME=proxy:fcgi://127.0.0.1:${backend.port}/a%20b/c`,
      'QUERY_STRING=q=%20',
      'REQUEST_URI=/app/a%20b//c?q=%20',
      'SERVER_NAME=a.example',
      'SERVER_PORT=81',
      'SERVER_PROTOCOL=HTTP/1.1',
      'GATEWAY_INTERFACE=CGI/1.1',
      'REMOTE_ADDR=127.0.0.1',
      'CONTENT_LENGTH=3',
      'CONTENT_TYPE=a/b',
      'HTTP_X_A=1, 2',
      'HTTP_HOST=a.example:81',
      'FROM_SITE=yes',
      '|abc|3',
    ])
      expect(text).toContain(line);
    expect(text).not.toMatch(/HTTP_PROXY|UNDER|AUTHORIZATION|PATH_INFO|FORGED/);
    const { role, keeps, records } = backend.requests.at(-1) as FastcgiRequest;
    expect([role, keeps]).toEqual([1, false]);
    expect(records.map((each) => each.replace(/:\d{3}$/, ''))).toEqual([
      '1:1:8',
      '4:1',
      '4:1:0',
      '5:1:3',
      '5:1:0',
    ]);
  });

  it.each([
    ['/below/z', '/below/z', '/srv/x/z'],
    ['/php/a.php/more', '/php/a.php/more', '/srv/www/a.php/more'],
  ])('is told where %s is', async (path, scriptName, filename) => {
    const { text } = await get(path);
    expect(text).toContain(`SCRIPT_NAME=${scriptName}\n`);
    expect(text).toContain(`SCRIPT_FILENAME=proxy:fcgi://127.0.0.1:${backend.port}${filename}\n`);
    expect(text).not.toContain('CONTENT_LENGTH');
  });

  it('is reached through a socket, of which it hears nothing', async () => {
    const { text } = await get('/x.php');
    expect(text).toContain('SCRIPT_FILENAME=proxy:fcgi://localhost/srv/x.php\n');
    expect(local.requests.filter(({ variables }) => variables.get('REQUEST_URI') === '/x.php')).toHaveLength(
      1,
    );
  });

  it('gets a short body of unknown length with its length', async () => {
    const { text } = await askRaw(
      server.port,
      'POST /app/ HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n',
    );
    expect(text).toContain('CONTENT_LENGTH=3\n');
    expect(text).toContain('|abc|3');
    expect(text).not.toContain('TRANSFER');
  });

  it('gets a long body of unknown length with its length', async () => {
    const piece = `10000\r\n${'x'.repeat(0xffff)}y\r\n`;
    const { text, connection } = await askRaw(
      server.port,
      `POST /app/ HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n${piece.repeat(50)}0\r\n\r\n`,
    );
    expect(text).toContain(`CONTENT_LENGTH=${0x10000 * 50}\n`);
    expect(text).not.toContain('TRANSFER');
    expect(connection).toBe('kept');
    expect(backend.requests.at(-1)?.body).toBe(`${'x'.repeat(0xffff)}y`.repeat(50));
  });

  it('hears nothing of a long body of unknown length that breaks off', async () => {
    const before = backend.requests.length;
    const { statuses } = await askRaw(
      server.port,
      `POST /app/ HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n${`10000\r\n${'x'.repeat(0x10000)}\r\n`.repeat(5)}nonsense\r\n`,
    );
    expect(statuses).toEqual([400]);
    expect(backend.requests).toHaveLength(before);
  });

  it('gets long bodies, and many variables, in as many records as it takes', async () => {
    const fields = Array.from({ length: 40 }, (_, at) => `X-${at}: ${'x'.repeat(4000)}\r\n`).join('');
    const { text } = await askRaw(
      server.port,
      `POST /app/ HTTP/1.1\r\nHost: a.example\r\nContent-Length: 200000\r\n${fields}\r\n${'y'.repeat(200_000)}`,
    );
    expect(text).toContain('|200000');
    const { variables, records } = backend.requests.at(-1) as FastcgiRequest;
    expect(variables.get('HTTP_X_39')).toBe('x'.repeat(4000));
    expect(records.filter((each) => each.startsWith('4:')).length).toBeGreaterThan(3);
  });

  it.each([
    ['is not there', '/dead/', 503, 'ECONNREFUSED'],
    ['says nothing', '/app/?hang', 504, 'no answer within 1 s'],
    ['closes at once', '/app/?close', 503, 'closed before there was an answer'],
    ['closes in a record', '/app/?half-record', 503, 'closed before there was an answer'],
    ['closes in mid-head', '/app/?half-head', 503, 'closed in the head'],
    ['ends in mid-head', '/app/?half-head-end', 500, 'it ended before its head was complete'],
    ['ends without an answer', '/app/?nothing', 500, 'it ended before its head was complete'],
    ['speaks another version', '/app/?version', 503, 'a record of version 2'],
    ['answers another request', '/app/?id', 503, 'a record of request 7'],
    ['speaks HTTP', '/app/?http', 503, 'a record of version 72'],
    ['sends no header', '/app/?bad-head', 500, 'a line that is no header'],
    ['sends a bad header', '/app/?bad-name', 500, 'a line that is no header'],
    ['folds a header', '/app/?folded', 500, 'a line that is no header'],
    ['sends a status line', '/app/?status-line', 500, 'a line that is no header'],
    ['sends a status that is no number', '/app/?no-number', 500, 'no clear Status'],
    ['sends an interim answer', '/app/?interim', 500, 'no clear Status'],
    ['sends two statuses', '/app/?two-statuses', 500, 'no clear Status'],
    ['sends two lengths', '/app/?two-lengths', 500, 'no clear Content-Length'],
    ['sends chunks', '/app/?chunked', 500, 'Transfer-Encoding'],
    ['sends 180 kB of headers', '/app/?huge', 500, 'the head is too long'],
    ['cannot multiplex', '/app/?multiplexed', 503, 'FCGI_CANT_MPX_CONN'],
    ['has too much to do', '/app/?overloaded', 503, 'FCGI_OVERLOADED'],
    ['is no responder', '/app/?role', 500, 'FCGI_UNKNOWN_ROLE'],
    ['ends without a status', '/app/?short-end', 503, 'an end without a status'],
  ])('that %s is answered for', async (_, path, status, cause) => {
    const answered = await get(path);
    expect(answered.statuses).toEqual([status]);
    expect(answered.text).not.toContain(String(backend.port));
    await server.logged(cause);
  });

  it.each(['short', 'cut-body', 'cut-record', 'stall'])(
    'that cuts an answer off (%s) is seen to',
    async (query) => {
      const answered = await get(`/app/?${query}`);
      expect(answered.statuses).toEqual([200]);
      expect(answered.connection).not.toBe('kept');
      expect(answered.text).not.toContain('0\r\n\r\n');
      await server.logged('the answer was cut off');
    },
  );

  it.each([
    ['long', /\r\n\r\nxHTTP\/1.1/],
    ['padded', /4\r\nbody\r\n|2\r\nbo\r\n2\r\ndy\r\n/],
    ['bare-lf', /X-A: b\r\n[\s\S]*body/],
    ['no-end', /body/],
    ['unknown', /x/],
    ['behind', /^((?!evil)[\s\S])*$/],
  ])('that answers in its own way (%s) is understood', async (query, expected) => {
    const answered = await get(`/app/?${query}`);
    expect([answered.statuses, answered.connection]).toEqual([[200], 'kept']);
    expect(answered.text).toMatch(expected);
  });

  it.each([
    ['status', 404, /^HTTP\/1.1 404 Gone Missing\r\n/],
    ['elsewhere', 302, /Location: http:\/\/other.example\/x\r\n/],
    ['not-modified', 304, /ETag: "x"/],
    ['cookies', 200, /Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n(?![\s\S]*X-Own)/],
  ])('that sends headers is obeyed (%s)', async (query, status, expected) => {
    const answered = await get(`/app/?${query}`);
    expect([answered.statuses, answered.connection]).toEqual([[status], 'kept']);
    expect(answered.text).toMatch(expected);
  });

  it('that writes errors has them logged, line by line', async () => {
    await get('/app/?errors');
    await server.logged(': first line\n');
    await server.logged(': second line\n');
    await get('/app/?died');
    await server.logged('the application ended with status 9');
  });
});

describe('a connection to a FastCGI server', () => {
  const last = () => backend.sockets.at(-1);

  it('serves one request', async () => {
    await get('/app/');
    const one = last();
    if (one?.destroyed === false) await once(one, 'close');
    await get('/app/');
    expect(last()).not.toBe(one);
  });

  it('serves several with enablereuse=on', async () => {
    await get('/kept/a');
    const one = last();
    const count = backend.sockets.length;
    const { text } = await get('/kept/b');
    expect(text).toContain('/kept/b');
    expect(backend.requests.at(-1)?.keeps).toBe(true);
    expect(backend.sockets.length).toBe(count);
    expect(one?.destroyed).toBe(false);
  });

  it.each(['behind', 'half-behind', 'cut-body', 'bad-head', 'no-end'])(
    'is not used again behind %s',
    async (query) => {
      await get(`/kept/?${query}`);
      const count = backend.sockets.length;
      const { text, statuses } = await get('/kept/fine');
      expect(statuses).toEqual([207]);
      expect(text).not.toContain('evil');
      expect(backend.sockets.length).toBe(count + 1);
    },
  );

  it('on which something comes unasked is closed', async () => {
    await get('/kept/a');
    const one = last();
    const gone = once(one ?? {}, 'close');
    one?.write(stdout(`${plain}evil`) + end(), 'latin1');
    await gone;
    expect((await get('/kept/b')).text).not.toContain('evil');
  });

  it('that was closed meanwhile is replaced, for requests that may be sent twice', async () => {
    await get('/kept/a');
    last()?.end();
    const { statuses } = await get('/kept/b');
    expect(statuses).toEqual([207]);
  });

  it('ends when the client leaves', async () => {
    const socket = openRaw(server.port);
    socket.write('GET /app/?stall HTTP/1.1\r\nHost: a.example\r\n\r\n');
    await once(socket, 'data');
    const other = last();
    const gone = other?.destroyed ? Promise.resolve() : once(other ?? socket, 'close');
    socket.destroy();
    await gone;
  });
});
