import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { basic } from '../peers/browser-session.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';
import { echoMessages } from './echo-messages.js';
import { askRaw } from './raw-client.js';

/** WebSockets to applications that modhost hosts. */

const apps = join(import.meta.dirname, 'apps');
let folder: string;
let server: RunningServer;

beforeAll(async () => {
  folder = makeFolder();
  writeFileSync(join(folder, 'users'), 'alice:{SHA}tiY7sUhYKUwI5L3866kDY+ENcrQ=\n');
  symlinkSync(join(import.meta.dirname, '../../node_modules'), join(folder, 'node_modules'));
  copyFileSync(join(apps, 'sockets.mjs'), join(folder, 'changing.mjs'));
  server = await startServer(
    'modhost',
    `
WSGIDaemonProcess sockets threads=2 request-timeout=2
WSGIProcessGroup sockets
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias /sockets ${apps}/sockets.mjs
WSGIScriptAlias /private ${apps}/sockets.mjs
WSGIDaemonProcess chat
WSGIDaemonProcess changing graceful-timeout=1 websocket-drain-timeout=60
WSGIScriptAlias /changing ${folder}/changing.mjs process-group=changing
WSGIScriptAlias /chat ${apps}/chat.mjs process-group=chat
WSGIScriptAlias /python ${apps}/echo.py
WebSocketScriptAlias /python/live ${apps}/socket-endpoint.mjs
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
  removeFolder(folder);
});

async function openSocket(path: string, headers: Record<string, string> = {}): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { headers });
  await once(socket, 'open');
  return socket;
}

async function readStatus(path: string, headers: Record<string, string> = {}): Promise<number | undefined> {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { headers });
  socket.on('error', () => {});
  const [request, response] = await once(socket, 'unexpected-response');
  request.destroy();
  return response.statusCode;
}

describe('a WebSocket', () => {
  it('echoes 500 random messages of up to 1 MB, whole and in fragments', async () => {
    await echoMessages(await openSocket('/sockets/echo'));
  });

  it('carries more than all windows both ways at once', async () => {
    const socket = await openSocket('/sockets/echo');
    let received = 0;
    const all = new Promise<void>((resolve) => {
      socket.on('message', (message: Buffer) => {
        received += message.length;
        if (received === 20 * 1_000_000) resolve();
      });
    });
    for (let count = 0; count < 20; count += 1) socket.send(randomBytes(1_000_000));
    await all;
    socket.terminate();
  });

  it('is not limited by request-timeout, and holds no thread', async () => {
    const sockets = await Promise.all([1, 2, 3, 4].map(() => openSocket('/sockets/echo')));
    expect((await askRaw(server.port, plain('/sockets/x'))).text).toContain('plain /x');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    for (const socket of sockets) {
      const answered = once(socket, 'message');
      socket.send('still there');
      expect(String((await answered)[0])).toBe('still there');
      socket.terminate();
    }
  });

  it('goes on while its process is replaced, for longer than graceful-timeout', async () => {
    const socket = await openSocket('/changing/echo');
    utimesSync(join(folder, 'changing.mjs'), new Date(), new Date(Date.now() - 60_000));
    expect((await askRaw(server.port, plain('/changing/x'))).text).toContain('plain /x');
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const answered = once(socket, 'message');
    socket.send('of the old process');
    expect(String((await answered)[0])).toBe('of the old process');
    socket.terminate();
  });

  it('is closed by the application with the code it says', async () => {
    const socket = await openSocket('/sockets/close');
    const [code, reason] = await once(socket, 'close');
    expect([code, String(reason)]).toEqual([4321, 'as wanted']);
  });

  it('may be cut by the application', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/sockets/cut`);
    socket.on('error', () => {});
    expect((await once(socket, 'close'))[0]).toBe(1006);
  });

  it('is under the passwords of its mount, and knows its user and its path', async () => {
    expect(await readStatus('/private/who')).toBe(401);
    expect(await readStatus('/private/who', basic('alice', 'wrong'))).toBe(401);
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/private/who`, {
      headers: basic('alice', 'wonderland'),
    });
    const [message] = await once(socket, 'message');
    expect(String(message)).toBe('alice /who /private/who 127.0.0.1');
    socket.terminate();
  });

  it('is refused by the application where the handshake is wrong', async () => {
    const { text } = await askRaw(
      server.port,
      'GET /sockets/x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bad\r\n\r\n',
    );
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('is an ordinary request for an application that does not listen for it', async () => {
    expect(await readStatus('/python/x')).toBe(200);
  });

  it('is answered by a module below the path of a Python application', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/python/live/x`);
    const [message] = await once(socket, 'message');
    expect(String(message)).toBe('endpoint /x');
    socket.terminate();
    expect((await askRaw(server.port, plain('/python/live'))).text).toMatch(/^HTTP\/1\.1 426 /);
    expect((await askRaw(server.port, plain('/python/other'))).text).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('Socket.IO', () => {
  it.each(['websocket', 'polling'])('chats by %s', async (transport) => {
    const open = () =>
      io(`http://127.0.0.1:${server.port}`, {
        path: '/chat/socket.io',
        transports: [transport],
        forceNew: true,
      });
    const [one, other] = [open(), open()];
    await Promise.all([once(one as never, 'connect'), once(other as never, 'connect')]);
    const said = once(other as never, 'said');
    one.emit('say', 'hello');
    expect((await said)[0]).toBe('hello');
    one.close();
    other.close();
  });
});

const plain = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
