import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { basic } from '../../peers/browser-session.js';
import {
  findFreePort,
  makeFolder,
  type RunningServer,
  removeFolder,
  startServer,
} from '../../peers/server.js';
import { echoMessages } from '../echo-messages.js';
import { askRaw, openRaw } from '../raw-client.js';
import { type RawBackend, startRawBackend } from './raw-backend.js';

/** Handshakes become tunnels, and nothing else does. */

let folder: string;
let server: RunningServer;
let echoPort: number;
/** Accepts handshakes with a key, and sends every byte back. */
const backend = createServer((request, response) => {
  response.end(`plain ${request.method} ${request.url} ${request.headers.upgrade ?? 'no upgrade'}`);
});
const tunnels: Socket[] = [];
/** Says that it changes to the protocol that the path names: `/same` for the one that was asked for. */
let raw: RawBackend;
backend.on('upgrade', (request, socket: Socket, early: Buffer) => {
  const key = request.headers['sec-websocket-key'];
  socket.on('error', () => {});
  if (key === undefined) {
    socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 6\r\nConnection: close\r\n\r\nno key');
    return;
  }
  tunnels.push(socket);
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\nhello`,
  );
  if (early.length > 0) socket.write(early);
  socket.on('data', (piece) => socket.write(piece));
  socket.on('end', () => socket.end());
});

beforeAll(async () => {
  folder = makeFolder();
  echoPort = await findFreePort();
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
  raw = await startRawBackend((request, socket) => {
    const [, answer = '', more = ''] = /^GET \/+(\w+)\/?(\S*)/.exec(request) ?? [];
    const upgrade = answer === 'same' ? /^upgrade: *(.*)\r$/im.exec(request)?.[1] : more;
    const asked = /^connection: *(.*)\r$/im.exec(request)?.[1];
    if (upgrade === undefined || answer === 'no')
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${asked?.length}\r\n\r\n${asked}`);
    else if (upgrade === '') socket.write('HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\n\r\nraw');
    else socket.write(`HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n\r\nraw`);
  });
  const address = backend.address();
  const port = typeof address === 'object' ? address?.port : 0;
  writeFileSync(join(folder, 'users'), 'alice:{SHA}tiY7sUhYKUwI5L3866kDY+ENcrQ=\n');
  server = await startServer(
    'modhost',
    `
CustomLog logs/access "%>s %U %I"
ProxyPass /echo ws://127.0.0.1:${echoPort}/
ProxyPass /ws ws://127.0.0.1:${port}/
ProxyPass /upgrade http://127.0.0.1:${port}/ upgrade=websocket
ProxyPass /plain http://127.0.0.1:${port}
ProxyPass /any http://127.0.0.1:${raw.port}/ upgrade=ANY
ProxyPass /foo http://localhost:${raw.port}/ upgrade=Foo/1
ProxyPass /wrong ws://127.0.0.1:${raw.port}/
ProxyPass /short ws://127.0.0.1:${port}/ timeout=1
ProxyPass /private ws://127.0.0.1:${port}/
ProxyPass /dead ws://127.0.0.1:1/
<Location />
Require all granted
</Location>
<Location /private>
AuthType Basic
AuthName private
AuthUserFile ${folder}/users
Require valid-user
</Location>`,
    folder,
  );
});
afterAll(async () => {
  await server?.stop();
  await raw?.stop();
  backend.closeAllConnections();
  for (const socket of tunnels) socket.destroy();
  backend.close();
  removeFolder(folder);
});

const handshake = (path: string, ...headers: string[]) =>
  [
    `GET ${path} HTTP/1.1`,
    'Host: a.example',
    'Connection: keep-alive, Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
    '\r\n',
  ].join('\r\n');

/** A tunnel whose other end has said hello; `text` grows. */
async function openTunnel(
  path: string,
  early = '',
): Promise<{ socket: Socket; read(end: string): Promise<string> }> {
  const socket = openRaw(server.port);
  let text = '';
  socket.on('data', (piece: Buffer) => {
    text += piece.toString('latin1');
  });
  socket.write(handshake(path) + early, 'latin1');
  const read = async (end: string) => {
    while (!text.endsWith(end)) await once(socket, 'data');
    return text;
  };
  return { socket, read };
}

describe('a handshake', () => {
  it.each(['/ws/chat', '/upgrade/chat'])('at %s becomes a tunnel', async (path) => {
    const { socket, read } = await openTunnel(path);
    const head = await read('hello');
    expect(head).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(head).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n');
    expect(head.match(/^(upgrade|connection): /gim)).toHaveLength(2);
    socket.write('ping');
    await read('helloping');
    socket.end();
    await once(socket, 'close');
  });

  it('may have bytes behind it', async () => {
    const { socket, read } = await openTunnel('/ws/chat', 'early');
    await read('helloearly');
    socket.destroy();
  });

  it('carries megabytes both ways', async () => {
    const { socket, read } = await openTunnel('/ws/chat');
    await read('hello');
    const bytes = randomBytes(5_000_000);
    socket.removeAllListeners('data');
    const got: Buffer[] = [];
    let length = 0;
    const done = new Promise<void>((resolve) => {
      socket.on('data', (piece: Buffer) => {
        got.push(piece);
        length += piece.length;
        if (length >= bytes.length) resolve();
      });
    });
    socket.write(bytes);
    await done;
    expect(Buffer.concat(got).equals(bytes)).toBe(true);
    socket.destroy();
  });

  it('to a real WebSocket server echoes 500 random messages, whole and in fragments', async () => {
    const echo = new WebSocketServer({ port: echoPort, host: '127.0.0.1' });
    echo.on('connection', (socket) =>
      socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary })),
    );
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/echo`);
    await once(socket, 'open');
    await echoMessages(socket);
    echo.close();
  });

  it('without a key gets the answer of the other server', async () => {
    const text = handshake('/ws/chat').replace(/Sec-WebSocket-Key.*\r\n/, '');
    const answer = await askRaw(server.port, text);
    expect([answer.statuses, answer.connection]).toEqual([[400], 'closed']);
    expect(answer.text).toContain('no key');
  });

  it.each([
    ['a short key', 'Sec-WebSocket-Key: c2hvcnQ=', 'Sec-WebSocket-Version: 13', 400],
    [
      'a key that is no base64',
      'Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!!!',
      'Sec-WebSocket-Version: 13',
      400,
    ],
    ['no key', 'X-Key: no', 'Sec-WebSocket-Version: 13', 400],
    ['another version', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 7', 400],
  ])('with %s is refused by the other server, and the connection ends', async (_, key, version, status) => {
    const echo = new WebSocketServer({ port: echoPort, host: '127.0.0.1' });
    await once(echo, 'listening');
    const text = `GET /echo/bad HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n${version}\r\n\r\n`;
    const answer = await askRaw(server.port, text);
    expect([answer.statuses, answer.connection]).toEqual([[status], 'closed']);
    const file = join(folder, 'modhost/logs/access');
    await expect.poll(() => readFileSync(file, 'utf8')).toContain(`${status} /echo/bad`);
    echo.close();
  });

  it.each([
    ['to another protocol', '/wrong/change/h2c', "another protocol than the one that was asked for: 'h2c'"],
    ['to none', '/wrong/change/', '101 where a final answer was expected'],
  ])('that is answered with a change %s gets 502', async (_, path, cause) => {
    const answer = await askRaw(server.port, handshake(path));
    expect([answer.statuses, answer.connection]).toEqual([[502], 'closed']);
    expect(answer.text).not.toContain('raw');
    await server.logged(cause);
  });

  it('to nobody is answered with 503', async () => {
    expect((await askRaw(server.port, handshake('/dead/'))).statuses).toEqual([503]);
  });

  it('needs the password of its location', async () => {
    expect((await askRaw(server.port, handshake('/private/'))).statuses).toEqual([401]);
    const { authorization } = basic('alice', 'wonderland');
    const socket = openRaw(server.port);
    socket.write(handshake('/private/', `Authorization: ${authorization}`));
    const [piece] = await once(socket, 'data');
    expect(String(piece)).toMatch(/^HTTP\/1\.1 101 /);
    socket.destroy();
  });

  it('where nobody said upgrade= is a request like any other', async () => {
    const answer = await askRaw(server.port, handshake('/plain/a'));
    expect(answer.statuses).toEqual([200]);
    expect(answer.text).toContain('plain GET /a no upgrade');
  });

  it('is logged with 101', async () => {
    const { socket, read } = await openTunnel('/ws/logged');
    await read('hello');
    socket.destroy();
    const file = join(folder, 'modhost/logs/access');
    await expect.poll(() => readFileSync(file, 'utf8')).toContain('101 /ws/logged');
  });
});

describe('a tunnel', () => {
  it('ends when the other server ends it', async () => {
    const { socket, read } = await openTunnel('/ws/chat');
    await read('hello');
    const ended = once(socket, 'end');
    tunnels.at(-1)?.end('bye');
    await read('bye');
    await ended;
    socket.destroy();
  });

  it('ends at the other server when the client is gone', async () => {
    const { socket, read } = await openTunnel('/ws/chat');
    await read('hello');
    const gone = once(tunnels.at(-1) as Socket, 'close');
    socket.destroy();
    await gone;
  });

  it('ends when nothing was sent for the timeout', async () => {
    const { socket, read } = await openTunnel('/short/');
    await read('hello');
    await once(socket, 'end');
    socket.destroy();
  });
});

const wish = (path: string, protocol: string, ...more: string[]) =>
  [
    `GET ${path} HTTP/1.1`,
    'Host: a.example',
    'Connection: Upgrade',
    `Upgrade: ${protocol}`,
    ...more,
    '\r\n',
  ].join('\r\n');

describe('a wish for a protocol that upgrade= names', () => {
  it.each([
    ['/any/same', 'foo'],
    ['/any/same', 'websocket'],
    ['/foo/same', 'foo/1'],
    ['/foo/same', 'FOO/1'],
  ])('makes a tunnel: %s %s', async (path, protocol) => {
    const socket = openRaw(server.port);
    let text = '';
    socket.on('data', (piece) => {
      text += piece;
    });
    socket.write(wish(path, protocol));
    await expect.poll(() => text).toMatch(/^HTTP\/1.1 101 [\s\S]*\r\n\r\nraw$/);
    expect(text.toLowerCase()).toContain(`\r\nupgrade: ${protocol.toLowerCase()}\r\n`);
    const before = raw.received.join('').length;
    socket.write('through');
    await expect.poll(() => raw.received.join('').slice(before)).toBe('through');
    socket.destroy();
  });

  it.each([
    ['that carries requests', '/any/no', 'h2c', 'Keep-Alive'],
    ['of several', '/any/no', 'foo, websocket', 'Keep-Alive'],
    ['of another path', '/foo/no', 'bar', 'Keep-Alive'],
    ['that the server does not take up', '/any/no', 'foo', 'Upgrade'],
  ])('is answered as any other request for one %s', async (_, path, protocol, connection) => {
    const answer = await askRaw(server.port, wish(path, protocol));
    expect(answer.statuses).toEqual([200]);
    expect(answer.text).toContain(`\r\n\r\n${connection}`);
  });

  it('is not granted with another one', async () => {
    const answer = await askRaw(server.port, wish('/any/change/bar', 'foo'));
    expect([answer.statuses, answer.connection]).toEqual([[502], 'closed']);
  });
});

describe('a request with another wish', () => {
  it.each([
    [
      'without a body',
      'GET /plain/a HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
      'plain GET /a',
    ],
    [
      'with a body',
      'POST /plain/b HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 4\r\n\r\nbody',
      'plain POST /b',
    ],
    [
      'and a body for a WebSocket',
      'POST /ws/c HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 4\r\n\r\nbody',
      'plain POST //c',
    ],
  ])('%s is answered as if it had not been offered, and the connection stays', async (_, text, body) => {
    const answer = await askRaw(server.port, text);
    expect([answer.statuses, answer.connection]).toEqual([[200], 'kept']);
    expect(answer.text).toContain(`${body} no upgrade`);
  });

  it('behind another request waits for its turn', async () => {
    const first = 'GET /plain/1 HTTP/1.1\r\nHost: a.example\r\n\r\n';
    const second = 'GET /plain/2 HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n';
    const answer = await askRaw(server.port, first + second, 2);
    expect(answer.statuses).toEqual([200, 200]);
    expect(answer.text).toMatch(/plain GET \/1[\s\S]*plain GET \/2/);
  });
});

describe('a graceful reload', () => {
  it('leaves open tunnels be', async () => {
    const { socket, read } = await openTunnel('/ws/chat');
    await read('hello');
    const file = join(folder, 'modhost/site.conf');
    writeFileSync(file, `${readFileSync(file, 'utf8')}\nRedirect /reloaded http://a.example/\n`);
    server.process.kill('SIGUSR1');
    const ask = () => askRaw(server.port, 'GET /reloaded HTTP/1.1\r\nHost: a.example\r\n\r\n');
    await expect.poll(async () => (await ask()).statuses, { timeout: 10_000 }).toEqual([302]);
    socket.write('still');
    await read('hellostill');
    expect((await askRaw(server.port, 'GET /plain/a HTTP/1.1\r\nHost: a.example\r\n\r\n')).statuses).toEqual([
      200,
    ]);
    socket.write('there');
    await read('there');
    socket.destroy();
  });
});
