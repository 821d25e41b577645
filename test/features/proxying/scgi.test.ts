import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../../peers/server.js';
import { askRaw } from '../raw-client.js';
import { type ScgiBackend, startScgiBackend } from './scgi-backend.js';

/** What an SCGI server is told, and what becomes of its answers, good and bad. */

const plain = 'Content-Type: text/plain\r\n\r\n';

/** By query. `true`: the connection is ended behind it. */
const answers: Record<string, readonly [bytes: string, ends: boolean]> = {
  hang: ['', false],
  close: ['', true],
  half: ['Content-Type: te', true],
  http: ['HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nx', true],
  'no-header': ['\r\nx', true],
  folded: ['X-A: b\r\n c\r\n\r\nx', true],
  'two-lengths': ['Content-Length: 1\r\nContent-Length: 2\r\n\r\nxy', true],
  short: [`Content-Length: 10\r\n${plain}x`, true],
  stall: [`${plain}x`, false],
  long: [`Content-Length: 1\r\n${plain}xyz`, true],
  'bare-lf': ['Content-Type: text/plain\nX-A: b\n\nbody', true],
  status: [`Status: 404 Gone Missing\r\n${plain}x`, true],
  here: ['Location: /hidden/own?q=1\r\n\r\n', true],
  'not-here': ['Location: /hidden/own\r\nStatus: 302\r\n\r\n', true],
  closed: ['Location: /closed\r\n\r\n', true],
  loop: ['Location: /app/?loop\r\n\r\n', true],
  elsewhere: ['Location: http://other.example/x\r\n\r\n', true],
};

let folder: string;
let server: RunningServer;
const backends: ScgiBackend[] = [];

/** Answers with the variables and the body it got. */
async function startBackend(listen: { path: string } | { port: number; host: string }): Promise<number> {
  const backend = await startScgiBackend((request, socket) => {
    const known = answers[request.variables.get('QUERY_STRING') ?? ''];
    if (known?.[1] === false) socket.write(known[0]);
    else if (known !== undefined) socket.end(known[0]);
    else
      socket.end(
        `Status: 207 Said So\r\nX-One: 1\r\nX-One: 2\r\n${plain}${request.first}\n${[...request.variables].map((pair) => `${pair.join('=')}\n`).join('')}|${request.body}|`,
        'latin1',
      );
  }, listen);
  backends.push(backend);
  return backend.port;
}

beforeAll(async () => {
  folder = makeFolder();
  const port = await startBackend({ port: 0, host: '127.0.0.1' });
  await startBackend({ path: join(folder, 's.sock') });
  server = await startServer(
    'modhost',
    `
ProxyPass /app/ scgi://127.0.0.1:${port}/ timeout=1
ProxyPass /off/ scgi://127.0.0.1:${port}/
ProxyPass /hidden/ scgi://127.0.0.1:${port}/hidden/
ProxyPass /closed scgi://127.0.0.1:${port}/
ProxyPass /dead scgi://127.0.0.1:1
ProxyPass / unix:${folder}/s.sock|scgi://localhost/srv/
<Location />
Require all granted
</Location>
<Location /off/>
ProxySCGIInternalRedirect Off
</Location>
<Location /closed>
Require all denied
</Location>`,
    folder,
  );
});
afterAll(async () => {
  await server?.stop();
  for (const backend of backends) await backend.stop();
  removeFolder(folder);
});

const get = (path: string) => askRaw(server.port, `GET ${path} HTTP/1.1\r\nHost: a.example:81\r\n\r\n`);

describe('an SCGI server', () => {
  it('is told of the request as CGI would', async () => {
    const { text, statuses, connection } = await askRaw(
      server.port,
      'POST /app/a%20b//c?q=%20 HTTP/1.1\r\nHost: a.example:81\r\nContent-Type: a/b\r\nAuthorization: Basic x\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 3\r\n\r\nabc',
    );
    expect([statuses, connection]).toEqual([[207], 'kept']);
    expect(text).toMatch(/^HTTP\/1.1 207 Said So\r\n/);
    expect(text).toContain('X-One: 1\r\nX-One: 2\r\n');
    for (const line of [
      'first CONTENT_LENGTH 3 SCGI 1\n',
      'REQUEST_METHOD=POST\n',
      'SCRIPT_NAME=/app/a b/c\n',
      '/a%20b/c\n',
      'QUERY_STRING=q=%20\n',
      'CONTENT_TYPE=a/b\n',
      'HTTP_X_A=1, 2\n',
      '|abc|',
    ])
      expect(text).toContain(line);
    expect(text).not.toMatch(/AUTHORIZATION|PATH_INFO/);
  });

  it('is told of a request without a body', async () => {
    expect((await get('/app/')).text).toContain('first CONTENT_LENGTH 0 SCGI 1\n');
  });

  it('is reached through a socket', async () => {
    expect((await get('/x/y')).text).toContain('SCRIPT_FILENAME=proxy:scgi://localhost/srv/x/y\n');
  });

  it.each([
    ['is not there', '/dead/', 503, 'ECONNREFUSED'],
    ['says nothing', '/app/?hang', 504, 'no answer within 1 s'],
    ['closes at once', '/app/?close', 500, 'closed before there was an answer'],
    ['closes in mid-head', '/app/?half', 500, 'closed in the head'],
    ['speaks HTTP', '/app/?http', 500, 'a line that is no header'],
    ['sends no header', '/app/?no-header', 500, 'no header'],
    ['folds a header', '/app/?folded', 500, 'a line that is no header'],
    ['sends two lengths', '/app/?two-lengths', 500, 'no clear Content-Length'],
  ])('that %s is answered for', async (_, path, status, cause) => {
    const answer = await get(path);
    expect(answer.statuses).toEqual([status]);
    await server.logged(cause);
  });

  it.each(['short', 'stall'])('that cuts an answer off (%s) is seen to', async (query) => {
    const answer = await get(`/app/?${query}`);
    expect(answer.statuses).toEqual([200]);
    expect(answer.connection).not.toBe('kept');
    await server.logged('the answer was cut off');
  });

  it.each([
    ['long', 200, /\r\n\r\nxHTTP\/1.1/],
    ['bare-lf', 200, /X-A: b\r\n[\s\S]*body/],
    ['status', 404, /^HTTP\/1.1 404 Gone Missing\r\n/],
    ['elsewhere', 302, /Location: http:\/\/other.example\/x\r\n/],
  ])('that answers in its own way (%s) is understood', async (query, status, expected) => {
    const answer = await get(`/app/?${query}`);
    expect([answer.statuses, answer.connection]).toEqual([[status], 'kept']);
    expect(answer.text).toMatch(expected);
  });

  it('may have another path answered, by the rules of that path', async () => {
    const { text } = await askRaw(
      server.port,
      'POST /app/?here HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\n\r\nab',
    );
    expect(text).toMatch(/^HTTP\/1.1 207 Said So\r\n/);
    for (const line of ['SCRIPT_NAME=/hidden/own\n', 'QUERY_STRING=q=1\n', 'REQUEST_METHOD=GET\n', '||'])
      expect(text).toContain(line);
    expect((await get('/app/?closed')).statuses).toEqual([403]);
    expect((await get('/app/?loop')).statuses).toEqual([500]);
  });

  it.each([
    ['/app/?not-here', 'Location: /hidden/own\r\n'],
    ['/off/?here', 'Location: /hidden/own?q=1\r\n'],
  ])('redirects the client by %s', async (path, location) => {
    const { text, statuses } = await get(path);
    expect(statuses).toEqual([302]);
    expect(text).toContain(location);
  });

  it('gets no body of unknown length', async () => {
    const answer = await askRaw(
      server.port,
      'POST /app/ HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n',
    );
    expect(answer.statuses).toEqual([411]);
  });
});
