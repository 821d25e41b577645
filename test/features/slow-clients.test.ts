import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';
import { openRaw } from './raw-client.js';

const apps = join(projectRoot, 'test/features/apps');
let folder: string;
let server: RunningServer;

beforeAll(async () => {
  folder = makeFolder();
  server = await startServer(
    'modhost',
    `
ServerLimit 1
RequestReadTimeout header=1-2,MinRate=20 body=1,MinRate=20
KeepAliveTimeout 300ms
WSGIScriptAlias /js ${apps}/echo.mjs
<Directory />
Require all granted
</Directory>`,
    folder,
  );
});
afterAll(async () => {
  await server?.stop();
  removeFolder(folder);
});

interface Ended {
  readonly text: string;
  readonly seconds: number;
}

/** Sends the first text at once, then `drip` over and over; ends when the server closes the connection. */
async function send(first: string, drip = '', everyMs = 20): Promise<Ended> {
  const begun = performance.now();
  const socket = openRaw(server.port);
  let text = '';
  socket.setEncoding('latin1').on('data', (piece) => {
    text += piece;
  });
  socket.write(first);
  const timer = setInterval(() => drip !== '' && socket.writable && socket.write(drip), everyMs);
  await new Promise((resolve) => socket.once('end', resolve).once('close', resolve));
  clearInterval(timer);
  socket.destroy();
  return { text, seconds: (performance.now() - begun) / 1000 };
}

const head = 'GET /js HTTP/1.1\r\nHost: a.example\r\n';
const post = 'POST /js HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000\r\n\r\n';

describe('RequestReadTimeout', () => {
  it('closes a connection on which nothing comes', async () => {
    const { text, seconds } = await send('');
    expect(text).toBe('');
    expect(seconds).toBeGreaterThan(0.9);
  });

  it('answers 408 to half a head', async () => {
    const { text, seconds } = await send(head);
    expect(text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(text).toMatch(/\r\nConnection: close\r\n/);
    expect(seconds).toBeGreaterThan(0.9);
  });

  it('gives more time to a head that comes steadily, but not more than the longest', async () => {
    const { text, seconds } = await send(`${head}X-Slow: `, 'x');
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(seconds).toBeGreaterThan(1.9);
    expect(seconds).toBeLessThan(10);
  });

  it('answers 408 to a body that stops, and to one that comes too slowly', async () => {
    const [stopped, dripping] = await Promise.all([send(post), send(post, 'x', 200)]);
    expect(stopped.text).toMatch(/^HTTP\/1\.1 408 /);
    expect(dripping.text).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('takes a body that comes steadily', async () => {
    const { text, seconds } = await send(
      post.replace('1000', '60').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'),
      'x',
      30,
    );
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(seconds).toBeGreaterThan(1.2);
  });

  it('holds for the second request of a connection, too', async () => {
    const { text, seconds } = await send(`${head}\r\n${head}`);
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(seconds).toBeLessThan(10);
  });
});

it('KeepAliveTimeout counts milliseconds', async () => {
  const { text, seconds } = await send(`${head}\r\n`);
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
  expect(seconds).toBeGreaterThan(0.25);
  expect(seconds).toBeLessThan(5);
});

it('a thousand slow clients stop nobody else', async () => {
  const slow: Socket[] = [];
  for (let at = 0; at < 1_000; at += 1) {
    const socket = connect({ port: server.port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.resume();
    socket.write('GET /');
    slow.push(socket);
  }
  const timer = setInterval(() => {
    for (const socket of slow) if (socket.writable) socket.write('a');
  }, 1_000);
  try {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => fetch(`http://127.0.0.1:${server.port}/js`)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    await Promise.all(
      slow.map((socket) => socket.closed || new Promise((resolve) => socket.once('close', resolve))),
    );
  } finally {
    clearInterval(timer);
    for (const socket of slow) socket.destroy();
  }
});
