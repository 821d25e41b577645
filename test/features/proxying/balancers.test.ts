import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../peers/installed.js';
import { NamedBackend } from '../../peers/named-backend.js';
import {
  findFreePort,
  makeFolder,
  type RunningServer,
  removeFolder,
  startServer,
} from '../../peers/server.js';
import { type RawBackend, startRawBackend } from './raw-backend.js';

/** What is modhost's own about balancers; that their members are chosen as by Apache is shown by test/peers/balancer.peer.ts. */

let folder: string;
let server: RunningServer;
let one: NamedBackend;
let two: NamedBackend;
let echo: RawBackend;
let behindSocket: RawBackend;
let deadPort: number;

beforeAll(async () => {
  folder = makeFolder();
  one = await NamedBackend.start('one');
  two = await NamedBackend.start('two');
  deadPort = await findFreePort();
  const answer = (request: string) =>
    `HTTP/1.1 200 OK\r\nContent-Length: ${request.length}\r\n\r\n${request}`;
  echo = await startRawBackend((request, socket) => socket.write(answer(request), 'latin1'));
  behindSocket = await startRawBackend((request, socket) => socket.write(answer(request), 'latin1'), {
    path: join(folder, 'b.sock'),
  });
  two.health = { status: 503, body: 'not today' };
  mkdirSync(join(folder, 'www'));
  writeFileSync(join(folder, 'www/page.x'), '');
  const dead = `http://127.0.0.1:${deadPort}`;
  server = await startServer(
    'modhost',
    `
ServerLimit 2
LogLevel warn proxy_hcheck:info
${bodies.map((_, at) => siteForBody(at, dead)).join('')}<Proxy balancer://gone>
BalancerMember ${dead}/x
BalancerMember ${one.url} status=+D
</Proxy>
ProxyPass /gone balancer://gone
<Proxy balancer://shared>
BalancerMember ${dead}/shared
BalancerMember ${one.url}
</Proxy>
ProxyPass /shared balancer://shared
<Proxy balancer://socket>
BalancerMember unix:${folder}/b.sock|http://inner.example/s hcmethod=GET hcuri=/well hcinterval=200ms
</Proxy>
ProxyPass /socket balancer://socket
<Proxy balancer://checked>
BalancerMember ${one.url} hcmethod=GET hcuri=/health hcinterval=200ms
BalancerMember ${two.url} hcmethod=GET hcuri=/health hcinterval=200ms
</Proxy>
ProxyPass /checked balancer://checked
<Location /balancer-manager>
SetHandler balancer-manager
</Location>
DocumentRoot ${folder}/www
<FilesMatch \\.x$>
Require all granted
SetHandler proxy:balancer://shared/files
</FilesMatch>
`,
    folder,
  );
});
afterAll(async () => {
  await server?.stop();
  await Promise.all([one?.stop(), two?.stop(), echo?.stop(), behindSocket?.stop()]);
  removeFolder(folder);
});

const bodies = [10, 200_000, 3_000_000].flatMap((size) => [
  { size, isChunked: false },
  { size, isChunked: true },
]);

/** A balancer of its own, whose first member nobody has found to be down yet. */
function siteForBody(at: number, dead: string): string {
  return `<Proxy balancer://bodies-${at}>
BalancerMember ${dead}/${at}
BalancerMember http://127.0.0.1:${echo.port}
</Proxy>
ProxyPass /bodies-${at} balancer://bodies-${at}
`;
}

interface Answer {
  readonly status: number | undefined;
  readonly by: string | undefined;
  readonly body: string;
}

async function ask(path: string, body?: Buffer, isChunked = false, port = server.port): Promise<Answer> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers: Record<string, string> =
      body === undefined
        ? {}
        : isChunked
          ? { 'Transfer-Encoding': 'chunked' }
          : { 'Content-Length': `${body.length}` };
    const method = body === undefined ? 'GET' : 'POST';
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false }, resolve);
    request.on('error', reject).end(body);
  });
  const by = answer.headers['x-member']?.toString();
  return { status: answer.statusCode, by, body: (await buffer(answer)).toString('latin1') };
}

const countInLog = (text: string) => server.log().split(text).length - 1;

describe('the body of a request whose first member is down', () => {
  it.each(bodies.map(({ size, isChunked }, at) => [size, isChunked, at] as const))(
    'of %i bytes (in chunks: %s) goes to the next one as a whole',
    async (size, isChunked, at) => {
      const body = Buffer.alloc(size, 'abcdefghij');
      const { status, body: seen } = await ask(`/bodies-${at}/x`, body, isChunked);
      expect(status).toBe(200);
      const sent = seen.slice(seen.indexOf('\r\n\r\n') + 4);
      const plain =
        isChunked && size > 16_384 ? sent.replace(/(^|\r\n)[0-9a-f]+\r\n/g, '').replace(/\r\n$/, '') : sent;
      expect(plain.length).toBe(size);
      expect(plain.startsWith('abcdefghij')).toBe(true);
    },
  );
});

describe('when nobody can answer', () => {
  it('the client gets 503, and the log says how each member is', async () => {
    expect((await ask('/gone/a')).status).toBe(503);
    // The other front end may not have heard of it yet.
    await expect
      .poll(async () => ((await ask('/gone/a')).status === 503 ? server.log() : ''))
      .toContain(`AH01170: no member can answer: http://127.0.0.1:${deadPort}/x (in error`);
    await server.logged(`${one.url} (disabled)`);
    await server.logged(
      `http://127.0.0.1:${deadPort}/x of balancer://gone is in error for 60 s: there is no connection to it`,
    );
  });
});

describe('front ends', () => {
  it('tell each other which members are in error', async () => {
    for (let count = 0; count < 30; count += 1) expect((await ask('/shared/a')).by).toBe('one');
    await server.logged('/shared of balancer://shared is in error');
    expect(countInLog('/shared of balancer://shared is in error')).toBe(1);
  });

  it('are asked together by modhost status', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      join(projectRoot, 'dist/main.js'),
      '-f',
      join(folder, 'modhost/site.conf'),
      '-d',
      join(folder, 'modhost'),
      'status',
    ]);
    expect(stdout).toMatch(new RegExp(`balancer://shared: ${one.url}: ok; \\d+ requests, 0 of them now`));
    expect(stdout).toMatch(/\/shared: in error, tried again in \d+ s/);
  });
});

describe('health checks', () => {
  it('keep requests away from a member that is not well, until it is', async () => {
    await server.logged(
      `AH03303: ${two.url} of balancer://checked is not asked any more: its health check failed: status 503`,
    );
    for (let count = 0; count < 6; count += 1) expect((await ask('/checked/a')).by).toBe('one');
    two.health = { status: 200, body: '' };
    await server.logged(`AH03302: ${two.url} of balancer://checked is well again`);
    const answers = new Set<string | undefined>();
    for (let count = 0; count < 6; count += 1) answers.add((await ask('/checked/a')).by);
    expect([...answers].sort()).toEqual(['one', 'two']);
  });

  it('go through a unix socket, with the path of the member', async () => {
    expect((await ask('/socket/a')).body).toMatch(/^GET \/s\/a HTTP\/1.1\r\nHost: inner.example\r\n/);
    await expect
      .poll(() => behindSocket.received.join(''))
      .toContain('GET /s/well HTTP/1.0\r\nHost: inner.example\r\n');
  });
});

describe('SetHandler', () => {
  it('hands files to a balancer', async () => {
    expect(await ask('/page.x?q')).toMatchObject({ by: 'one', body: `GET /files${folder}/www/page.x?q\n` });
  });

  it('has no balancer-manager', async () => {
    expect((await ask('/balancer-manager')).status).toBe(403);
  });
});

it('serves the site file of docs/proxy.md', async () => {
  const page = readFileSync(join(projectRoot, 'docs/proxy.md'), 'utf8');
  const block = [...page.matchAll(/```apache\n([\s\S]*?)```/g)].find(([, text]) =>
    text?.includes('balancer://'),
  );
  const three = await NamedBackend.start('three');
  const pasted = (block?.[1] ?? '')
    .replace('http://127.0.0.1:8001', one.url)
    .replace('http://127.0.0.1:8002', two.url)
    .replace('http://127.0.0.1:8003', three.url);
  const shop = await startServer('modhost', pasted, join(folder, 'shop'));
  try {
    const by = async () => (await ask('/a', undefined, false, shop.port)).by;
    const answers = new Set([await by(), await by(), await by(), await by()]);
    expect([...answers].sort()).toEqual(['one', 'two']);
    await one.stop();
    await two.stop();
    expect(await by()).toBe('three');
  } finally {
    await shop.stop();
    await three.stop();
    await one.start();
    await two.start();
  }
});
