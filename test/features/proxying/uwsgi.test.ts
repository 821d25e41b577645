import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../../peers/server.js';
import { askRaw } from '../raw-client.js';

/** What uWSGI is told, and what becomes of its answers, good and bad. */

/** By query. `true`: the connection is ended behind it. */
const answers: Record<string, readonly [bytes: string, ends: boolean]> = {
  hang: ['', false],
  close: ['', true],
  garbage: ['hello\r\n\r\n', true],
  'no-status-line': ['Status: 404 X\r\nContent-Type: text/plain\r\n\r\nx', true],
  'http-2': ['HTTP/2.0 200 OK\r\n\r\nx', true],
  'bare-lf': ['HTTP/1.1 200 OK\nA: b\n\nx', true],
  half: ['HTTP/1.1 200 OK\r\nA: b\r\n', true],
  folded: ['HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\nx', true],
  'two-lengths': ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy', true],
  chunked: ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n', true],
  interim: ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx', true],
  short: ['HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx', true],
  long: ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxyz', true],
  stall: ['HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx', false],
  'no-content': ['HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n', true],
};

let folder: string;
let server: RunningServer;
const backends: Server[] = [];

/** Answers with the variables and the body it got. */
async function startBackend(listen: { path: string } | { port: number; host: string }): Promise<number> {
  const backend = createServer((socket) => {
    let bytes = Buffer.alloc(0);
    let isAnswered = false;
    socket.on('error', () => {});
    socket.on('data', (piece) => {
      bytes = Buffer.concat([bytes, piece]);
      const request = decode(bytes);
      if (request === undefined || isAnswered) return;
      isAnswered = true;
      const known = answers[request.variables.get('QUERY_STRING') ?? ''];
      if (known?.[1] === false) socket.write(known[0]);
      else if (known !== undefined) socket.end(known[0]);
      else {
        const lines = [...request.variables].map(([name, value]) => `${name}=${value}\n`);
        socket.end(
          Buffer.from(
            `HTTP/1.1 207 Said So\r\nX-One: 1\r\nX-One: 2\r\n\r\n${request.head}\n${lines.join('')}|${request.body}|`,
            'latin1',
          ),
        );
      }
    });
  }).listen(listen);
  await once(backend, 'listening');
  backends.push(backend);
  const address = backend.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

/** Undefined: something is still to come. */
function decode(bytes: Buffer) {
  if (bytes.length < 4) return undefined;
  const size = bytes.readUInt16LE(1);
  if (bytes.length < 4 + size) return undefined;
  const texts: string[] = [];
  for (let at = 4; at < 4 + size; ) {
    const length = bytes.readUInt16LE(at);
    texts.push(bytes.toString('latin1', at + 2, at + 2 + length));
    at += 2 + length;
  }
  const variables = new Map<string, string>();
  for (let at = 0; at < texts.length; at += 2) variables.set(texts[at] ?? '', texts[at + 1] ?? '');
  const body = bytes.toString('latin1', 4 + size);
  if (body.length < Number(variables.get('CONTENT_LENGTH') ?? 0)) return undefined;
  return { head: `modifiers ${bytes[0]} ${bytes[3]}`, variables, body };
}

beforeAll(async () => {
  folder = makeFolder();
  const port = await startBackend({ port: 0, host: '127.0.0.1' });
  await startBackend({ path: join(folder, 'u.sock') });
  server = await startServer(
    'modhost',
    `
SetEnvIf Request_URI . FROM_SITE=yes
ProxyPass /app/ uwsgi://127.0.0.1:${port}/ timeout=1
ProxyPass /below uwsgi://127.0.0.1:${port}/x
ProxyPass /slash uwsgi://127.0.0.1:${port}/
ProxyPass /dead uwsgi://127.0.0.1:1/
ProxyPass / unix:${folder}/u.sock|uwsgi://localhost/
<Location />
Require all granted
</Location>`,
    folder,
  );
});
afterAll(async () => {
  await server?.stop();
  for (const backend of backends) backend.close();
  removeFolder(folder);
});

const get = (path: string) => askRaw(server.port, `GET ${path} HTTP/1.1\r\nHost: a.example:81\r\n\r\n`);

describe('uWSGI', () => {
  it('is told of the request as CGI would', async () => {
    const { text, statuses, connection } = await askRaw(
      server.port,
      'POST /app/a%20b//c?q=%20 HTTP/1.1\r\nHost: a.example:81\r\nContent-Type: a/b\r\nAuthorization: Basic x\r\nProxy: p\r\nX_Under: 1\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 3\r\n\r\nabc',
    );
    expect([statuses, connection]).toEqual([[207], 'kept']);
    expect(text).toMatch(/^HTTP\/1.1 207 Said So\r\n/);
    expect(text).toContain('X-One: 1\r\nX-One: 2\r\n');
    for (const line of [
      'modifiers 0 0',
      'REQUEST_METHOD=POST',
      'SCRIPT_NAME=/app',
      'PATH_INFO=/a b/c',
      'QUERY_STRING=q=%20',
      'REQUEST_URI=/app/a%20b//c?q=%20',
      'SERVER_NAME=a.example',
      'SERVER_PORT=81',
      'SERVER_PROTOCOL=HTTP/1.1',
      'REMOTE_ADDR=127.0.0.1',
      'CONTENT_LENGTH=3',
      'CONTENT_TYPE=a/b',
      'HTTP_AUTHORIZATION=Basic x',
      'HTTP_X_A=1, 2',
      'HTTP_HOST=a.example:81',
      'FROM_SITE=yes',
      '|abc|',
    ])
      expect(text).toContain(line);
    expect(text).not.toMatch(/HTTP_PROXY|UNDER/);
  });

  it.each([
    ['/below/z', 'SCRIPT_NAME=/below\n', 'PATH_INFO=/x/z\n'],
    ['/slash/z', 'SCRIPT_NAME=/slash\n', 'PATH_INFO=/z\n'],
    ['/slash', 'SCRIPT_NAME=/slash\n', 'PATH_INFO=/\n'],
    ['/anything/else', 'SCRIPT_NAME=\n', 'PATH_INFO=/anything/else\n'],
    ['/', 'SCRIPT_NAME=\n', 'PATH_INFO=/\n'],
  ])('is told where %s is', async (path, scriptName, pathInfo) => {
    const { text } = await get(path);
    expect(text).toContain(scriptName);
    expect(text).toContain(pathInfo);
  });

  it.each([
    ['is not there', '/dead/', 503, 'ECONNREFUSED'],
    ['says nothing', '/app/?hang', 500, 'no answer within 1 s'],
    ['closes at once', '/app/?close', 500, 'closed before there was an answer'],
    ['sends garbage', '/app/?garbage', 502, 'no status line'],
    ['sends no status line', '/app/?no-status-line', 502, 'no status line'],
    ['speaks another HTTP', '/app/?http-2', 502, 'no status line'],
    ['ends lines with LF alone', '/app/?bare-lf', 502, 'closed in the head'],
    ['closes in mid-head', '/app/?half', 502, 'closed in the head'],
    ['folds a header', '/app/?folded', 502, 'a line that is no header'],
    ['sends two lengths', '/app/?two-lengths', 502, 'no clear Content-Length'],
    ['sends chunks', '/app/?chunked', 502, 'Transfer-Encoding'],
    ['sends an interim answer', '/app/?interim', 502, 'no status line'],
  ])('that %s is answered for', async (_, path, status, cause) => {
    const answer = await get(path);
    expect(answer.statuses).toEqual([status]);
    await server.logged(cause);
  });

  it.each(['/app/?short', '/app/?stall'])('that cuts %s off is seen to', async (path) => {
    const answer = await get(path);
    expect(answer.statuses).toEqual([200]);
    expect(answer.connection).not.toBe('kept');
    await server.logged('the answer was cut off');
  });

  it('that sends too much is cut to what it announced', async () => {
    const answer = await get('/app/?long');
    expect([answer.statuses, answer.connection]).toEqual([[200], 'kept']);
    expect(answer.text).toContain('\r\n\r\nxHTTP/1.1');
  });

  it('that sends nothing by intent is no fault', async () => {
    expect(await get('/app/?no-content')).toMatchObject({ statuses: [204], connection: 'kept' });
  });

  it('gets no body of unknown length', async () => {
    const answer = await askRaw(
      server.port,
      'POST /app/ HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n',
    );
    expect(answer.statuses).toEqual([411]);
  });

  it('gets no more variables than a packet holds', async () => {
    const fields = Array.from({ length: 20 }, (_, at) => `X-${at}: ${'x'.repeat(4000)}\r\n`).join('');
    const answer = await askRaw(server.port, `GET /app/ HTTP/1.1\r\nHost: a.example\r\n${fields}\r\n`);
    expect(answer.statuses).toEqual([500]);
    await server.logged('more than 64 kB');
  });
});
