import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  type ClientRequest,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
} from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  findFreePort,
  makeFolder,
  type RunningServer,
  removeFolder,
  startServer,
} from '../../peers/server.js';
import { startSilentListener } from './silent-listener.js';

/** A body loses nothing while its request waits for the member that takes it, for whatever reason it waits. */

let folder: string;
let server: RunningServer;
let member: Server;
let silent: Awaited<ReturnType<typeof startSilentListener>>;
/** Of members that come late. */
let latePorts: readonly number[];
/** Ends what a request for /hold waits for. */
let letGo: () => void = () => {};
let isHeld: Promise<void>;

beforeAll(async () => {
  folder = makeFolder();
  isHeld = new Promise((resolveHeld) => {
    member = createMember(
      new Promise((resolve) => {
        letGo = resolve;
      }),
      resolveHeld,
    );
  });
  const port = await listen(member);
  const dead = await findFreePort();
  silent = await startSilentListener();
  latePorts = [await findFreePort(), await findFreePort()];
  server = await startServer(
    'modhost',
    `
ServerLimit 1
ProxyPass /hold http://127.0.0.1:${port} max=1
<Proxy balancer://narrow>
BalancerMember http://127.0.0.1:${dead}
BalancerMember http://127.0.0.1:${port} max=1
</Proxy>
ProxyPass /narrow balancer://narrow
<Proxy balancer://silent>
BalancerMember http://localhost:${dead}
BalancerMember http://127.0.0.1:${silent.port}
</Proxy>
<Proxy balancer://one>
BalancerMember http://127.0.0.1:${port}
</Proxy>
ProxyPass /one balancer://one
ProxyPass /silent balancer://silent
${latePorts.map(siteForLate).join('')}`,
    folder,
  );
});
afterAll(async () => {
  await server?.stop();
  member?.closeAllConnections();
  member?.close();
  silent?.stop();
  removeFolder(folder);
});

function siteForLate(port: number, at: number): string {
  return `<Proxy balancer://late-${at}>
BalancerMember http://127.0.0.1:${port} retry=1
ProxySet maxattempts=3 timeout=20 forcerecovery=Off
</Proxy>
ProxyPass /late-${at} balancer://late-${at}
`;
}

/** Says how many bytes of the body it got, and where the first wrong one is. */
function createMember(untilLetGo: Promise<void>, onHeld: () => void): Server {
  return createServer(async (request, response) => {
    if (request.url === '/early') {
      response.end('early');
      return;
    }
    if (request.url === '/endless') {
      request.resume().once('end', () => response.write('the beginning'));
      return;
    }
    if (request.url === '/') {
      onHeld();
      await untilLetGo;
    }
    const body = await text(request).catch((error: Error) => error.message);
    const isRight = body === bytes.toString().slice(0, body.length);
    response.end(`${request.method} ${request.url} ${body.length} ${isRight ? 'right' : 'wrong'}`);
  });
}

async function listen(some: Server, port = 0): Promise<number> {
  some.listen(port, '127.0.0.1');
  await once(some, 'listening');
  const address = some.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

/** Each ten of them are others. */
const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, at) => String(at).padStart(10, '0')).join(''));

async function ask(method: string, path: string, body?: Buffer, isChunked = false): Promise<string> {
  const framing = isChunked ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': body?.length ?? 0 };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port: server.port, path, method, headers: framing, agent: false },
      resolve,
    );
    request.on('error', reject).end(body);
  });
  return `${answer.statusCode} ${await text(answer)}`;
}

/** As many turns as a front end would need to read all bodies that are under way, if it did. */
async function passTime(): Promise<void> {
  for (let count = 0; count < 50; count += 1) await ask('GET', '/nothing');
}

it('while all connections to the next member are taken', async () => {
  const held = ask('GET', '/hold');
  await isHeld;
  const plain = ask('POST', '/narrow/plain', bytes);
  await server.logged('there is no connection to it');
  // The first member is left alone now: what follows waits at once.
  const early = ask('POST', '/narrow/early', bytes);
  const chunked = ask('POST', '/narrow/chunked', bytes, true);
  const next = ask('GET', '/narrow/next');
  await passTime();
  letGo();
  expect(await held).toBe('200 GET / 0 right');
  expect(await plain).toBe('200 POST /plain 1000000 right');
  expect(await early).toBe('200 early');
  expect(await chunked).toBe('200 POST /chunked 1000000 right');
  expect(await next).toBe('200 GET /next 0 right');
});

it.each([
  ['with a length', false, 0],
  ['in chunks', true, 1],
] as const)('%s, while the balancer waits for a member to come back', async (_, isChunked, at) => {
  const asked = ask('POST', `/late-${at}/x`, bytes, isChunked);
  await server.logged(`balancer://late-${at} is in error`);
  await passTime();
  const late = createMember(Promise.resolve(), () => {});
  await listen(late, latePorts[at]);
  try {
    expect(await asked).toBe('200 POST /x 1000000 right');
  } finally {
    late.closeAllConnections();
    late.close();
  }
});

it('that is larger than memory, while there is no connection to the next member yet: the client has to wait', async () => {
  const size = 400_000_000;
  const client = connect(server.port, '127.0.0.1');
  const head = `POST /silent HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${size}\r\n\r\n`;
  const piece = Buffer.alloc(1_000_000, 'x');
  let written = piece.length;
  // In one: much of it is there before the first member refuses.
  client.write(Buffer.concat([Buffer.from(head), piece]));
  const send = () => {
    while (written < size && !client.writableNeedDrain) {
      written += piece.length;
      client.write(piece);
    }
  };
  client.on('drain', send);
  try {
    send();
    await server.logged('balancer://silent is in error');
    let before = -1;
    while (written > before) {
      before = written;
      await passTime();
    }
    // The buffers of the system are on the way, too.
    expect(written).toBeLessThan(100_000_000);
  } finally {
    client.destroy();
  }
});

it('is not kept any longer once its answer has begun', async () => {
  const before = frontEndBytes();
  const clients: ClientRequest[] = [];
  const begin = async () => {
    const client = httpRequest({ port: server.port, path: '/one/endless', method: 'POST', agent: false });
    clients.push(client);
    client.on('error', () => {});
    client.end(bytes.subarray(0, 250_000));
    await once(client, 'response');
  };
  try {
    while (clients.length < 400) await Promise.all(Array.from({ length: 8 }, begin));
    // 100 MB of bodies have come in; what 400 connections of each side cost is some 45.
    expect(frontEndBytes() - before).toBeLessThan(85_000_000);
  } finally {
    for (const client of clients) client.destroy();
  }
}, 60_000);

/** What the only front end has in memory. */
function frontEndBytes(): number {
  const { pid } = server.process;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ');
  const isFrontEnd = (child: string) =>
    readFileSync(`/proc/${child}/cmdline`, 'latin1').includes('front end');
  const status = readFileSync(`/proc/${children.find(isFrontEnd)}/status`, 'latin1');
  return Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1]) * 1024;
}
