import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { type CheckAnswer, checkServer, type ServerCheck } from '../../src/gateway/index.js';

let server: Server | undefined;

afterEach(() => server?.close());

/** Asks a server that says `answer` to whatever it is asked; what it was asked goes to `heard`. */
async function check(
  answer: string,
  ask?: ServerCheck['ask'],
  heard: string[] = [],
  keeps = false,
): Promise<CheckAnswer> {
  const listening = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (piece) => {
      heard.push(piece.toString('latin1'));
      if (keeps) socket.write(answer, 'latin1');
      else socket.end(answer, 'latin1');
    });
  }).listen(0, '127.0.0.1');
  server = listening;
  await once(listening, 'listening');
  const address = listening.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const target = {
    url: `http://127.0.0.1:${port}`,
    scheme: 'http' as const,
    host: '127.0.0.1',
    port,
    authority: 'member.example',
    path: '',
    parameters: {},
    isRaw: false,
    dropsQuery: false,
  };
  const plan = { target, tlsName: '127.0.0.1', connectTimeoutMs: 1_000 };
  return checkServer({ plan, timeoutMs: 300, ...(ask === undefined ? {} : { ask }) });
}

const get = { method: 'GET', path: '/health', httpVersion: '1.0' } as const;

it('asks as httpd does', async () => {
  const heard: string[] = [];
  await check('HTTP/1.1 204 Fine\r\n\r\n', get, heard);
  await check(
    'HTTP/1.1 204 Fine\r\n\r\n',
    { ...get, method: 'OPTIONS', path: '*', httpVersion: '1.1' },
    heard,
  );
  expect(heard).toEqual([
    'GET /health HTTP/1.0\r\nHost: member.example\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: member.example\r\nConnection: close\r\n\r\n',
  ]);
});

it('is content with a connection where nothing is to be asked', async () => {
  expect(await check('')).toEqual({ kind: 'connected' });
});

it.each([
  ['HTTP/1.1 200 OK\r\nX-A: b\r\n\r\nall well', 200, 'all well'],
  ['HTTP/1.0 503\r\n\r\n', 503, ''],
  [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nall\r\n5;x=y\r\n well\r\n0\r\n\r\n',
    200,
    'all well',
  ],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nall', 200, ''],
])('reads %j', async (text, status, body) => {
  expect(await check(text, get)).toMatchObject({ kind: 'answered', status, body });
});

it('does not wait for the end of a connection that is kept', async () => {
  const answer = await check('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc', get, [], true);
  expect(answer).toMatchObject({ kind: 'answered', status: 200, body: 'abc' });
});

it.each(['', 'nonsense\r\n\r\n', 'HTTP/1.1 200 OK\r\nX-A: b\r\n', 'HTTP/2.0 200 OK\r\n\r\n'])(
  'takes %j for no answer',
  async (text) => {
    expect(await check(text, get)).toMatchObject({ kind: 'silent' });
  },
);

it('says why there is no connection', async () => {
  const port = 1;
  const target = {
    url: 'http://127.0.0.1:1',
    scheme: 'http' as const,
    host: '127.0.0.1',
    port,
    authority: '127.0.0.1:1',
    path: '',
    parameters: {},
    isRaw: false,
    dropsQuery: false,
  };
  const plan = { target, tlsName: '127.0.0.1', connectTimeoutMs: 1_000 };
  expect(await checkServer({ plan, timeoutMs: 300 })).toEqual({
    kind: 'silent',
    reason: 'no connection: ECONNREFUSED',
  });
});
