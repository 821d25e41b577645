import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
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
import { askRaw } from '../raw-client.js';

/** Handshakes find a member of a balancer as requests do, and stay with it. */

/** Sends back what it gets; its first answer is its name and the path. Handshakes for `/no` get a 403. */
interface Member {
  readonly port: number;
  readonly server: Server;
  readonly sockets: Set<Socket>;
  /** Paths of the handshakes so far. */
  readonly handshakes: string[];
}

async function startMember(name: string): Promise<Member> {
  const server = createServer((request, response) => response.end(`plain ${name} ${request.url}`));
  const endpoints = new WebSocketServer({ noServer: true });
  const sockets = new Set<Socket>();
  const handshakes: string[] = [];
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, socket, head) => {
    handshakes.push(request.url ?? '');
    if (request.url === '/no') {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno');
      return;
    }
    endpoints.handleUpgrade(request, socket, head, (endpoint) => {
      endpoint.on('error', () => {});
      endpoint.on('message', (message, isBinary) => {
        const isQuestion = !isBinary && String(message) === 'who?';
        endpoint.send(isQuestion ? `${name} ${request.url}` : message, { binary: isBinary });
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return { port: typeof address === 'object' ? (address?.port ?? 0) : 0, server, sockets, handshakes };
}

let folder: string;
let server: RunningServer;
let one: Member;
let two: Member;

beforeAll(async () => {
  folder = makeFolder();
  one = await startMember('one');
  two = await startMember('two');
  const dead = await findFreePort();
  writeFileSync(join(folder, 'users'), 'alice:{SHA}tiY7sUhYKUwI5L3866kDY+ENcrQ=\n');
  server = await startServer(
    'modhost',
    `
ServerLimit 1
<Proxy balancer://failing>
BalancerMember ws://127.0.0.1:${dead}
BalancerMember ws://127.0.0.1:${one.port}
</Proxy>
ProxyPass /failing balancer://failing
<Proxy balancer://upgraded>
BalancerMember http://127.0.0.1:${dead} upgrade=websocket
BalancerMember http://127.0.0.1:${two.port} upgrade=websocket
</Proxy>
ProxyPass /upgraded balancer://upgraded
<Proxy balancer://http>
BalancerMember http://127.0.0.1:${one.port}
</Proxy>
ProxyPass /http balancer://http
<Proxy balancer://sticky>
BalancerMember ws://127.0.0.1:${one.port} route=one
BalancerMember ws://127.0.0.1:${two.port} route=two
ProxySet stickysession=ROUTEID
</Proxy>
ProxyPass /sticky balancer://sticky
<Proxy balancer://busy>
BalancerMember ws://127.0.0.1:${one.port}
BalancerMember ws://127.0.0.1:${two.port}
ProxySet lbmethod=bybusyness
</Proxy>
ProxyPass /busy balancer://busy
ProxyPass /private balancer://sticky
<Proxy balancer://down>
BalancerMember ws://127.0.0.1:${dead}/down
</Proxy>
ProxyPass /down balancer://down
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
  for (const member of [one, two]) {
    for (const socket of member?.sockets ?? []) socket.destroy();
    member?.server.close();
  }
  removeFolder(folder);
});

async function open(path: string, headers: Record<string, string> = {}): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { headers });
  await once(socket, 'open');
  return socket;
}

async function say(socket: WebSocket, text: string): Promise<string> {
  const answered = once(socket, 'message');
  socket.send(text);
  return String((await answered)[0]);
}

/** Ends it, and waits until it has ended. */
async function close(socket: WebSocket): Promise<void> {
  const closed = once(socket, 'close');
  socket.close();
  await closed;
}

/** Status of a handshake that does not come about. */
async function refusedStatus(path: string): Promise<number | undefined> {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`);
  socket.on('error', () => {});
  const [request, response] = await once(socket, 'unexpected-response');
  request.destroy();
  return response.statusCode;
}

describe('a handshake for a balancer', () => {
  it.each([
    ['/failing/chat?a=1', 'one /chat?a=1'],
    ['/upgraded/chat', 'two /chat'],
  ])('at %s goes past a member that is down', async (path, answer) => {
    const socket = await open(path);
    expect(await say(socket, 'who?')).toBe(answer);
    await close(socket);
    await server.logged('there is no connection to it');
  });

  it('echoes 500 random messages, whole and in fragments', async () => {
    await echoMessages(await open('/failing/echo'));
  });

  it('goes where its session belongs', async () => {
    for (const name of ['two', 'one', 'two', 'two']) {
      const socket = await open('/sticky/s', { Cookie: `ROUTEID=.${name}` });
      expect(await say(socket, 'who?')).toBe(`${name} /s`);
      await close(socket);
    }
  });

  it('counts as busy while its tunnel is open', async () => {
    const first = await open('/busy/1');
    const busy = await say(first, 'who?');
    const idle = busy === 'one /1' ? 'two' : 'one';
    for (const number of [2, 3]) {
      const other = await open(`/busy/${number}`);
      expect(await say(other, 'who?')).toBe(`${idle} /${number}`);
      await close(other);
    }
    await close(first);
  });

  it('that a member refuses is asked of no other one', async () => {
    const before = one.handshakes.length + two.handshakes.length;
    expect(await refusedStatus('/sticky/no')).toBe(403);
    expect(one.handshakes.length + two.handshakes.length).toBe(before + 1);
  });

  it('that nobody can answer gets 503', async () => {
    expect(await refusedStatus('/down/chat')).toBe(503);
  });

  it('needs the password of its location', async () => {
    const before = one.handshakes.length + two.handshakes.length;
    expect(await refusedStatus('/private/chat')).toBe(401);
    expect(one.handshakes.length + two.handshakes.length).toBe(before);
    const socket = await open('/private/chat', basic('alice', 'wonderland'));
    expect(await say(socket, 'who?')).toMatch(/^(one|two) \/chat$/);
    await close(socket);
  });

  it('whose members said no upgrade= is a request like any other', async () => {
    const { text, statuses } = await askRaw(
      server.port,
      'GET /http/a HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    expect(statuses).toEqual([200]);
    expect(text).toContain('plain one /a');
  });

  it('leads to a tunnel that outlives a graceful reload', async () => {
    const socket = await open('/sticky/long', { Cookie: 'ROUTEID=.two' });
    const file = join(folder, 'modhost/site.conf');
    writeFileSync(file, `${readFileSync(file, 'utf8')}\nRedirect /reloaded http://a.example/\n`);
    server.process.kill('SIGUSR1');
    const ask = () => askRaw(server.port, 'GET /reloaded HTTP/1.1\r\nHost: a.example\r\n\r\n');
    await expect.poll(async () => (await ask()).statuses, { timeout: 15_000 }).toEqual([302]);
    expect(await say(socket, 'still')).toBe('still');
    const next = await open('/sticky/new', { Cookie: 'ROUTEID=.one' });
    expect(await say(next, 'who?')).toBe('one /new');
    expect(await say(socket, 'who?')).toBe('two /long');
    await close(next);
    await close(socket);
  });
});
