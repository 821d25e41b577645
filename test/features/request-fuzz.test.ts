import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EchoBackend, startEchoBackend } from '../peers/echo-backend.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';
import { askRaw } from './raw-client.js';

/** Requests put together at random, the same ones in every run: none of them may keep a front end from those that follow. */

const rounds = 15;
const atOnce = 20;

const methods = ['GET', 'POST', 'HEAD', 'OPTIONS', 'DELETE', 'TRACE', 'CONNECT', 'PATCH', 'FOO', 'QUERY'];
const targets = [
  ...['/f', '/p/a', '/p/%c0%af', '/pm/x', '/redirect/%0d%0aX:1', '/rewritten/%0a', '*', '/%', '/a/../..'],
  ...['http://a.example/p/x', 'http://x:99999/', '//p//x', `/p/${'a/'.repeat(300)}`, '/f?%zz'],
];
const names = [
  ...['Host', 'Content-Length', 'Transfer-Encoding', 'Connection', 'Proxy-Connection', 'Upgrade', 'Expect'],
  ...['Range', 'If-Range', 'X-Forwarded-For', 'Cookie', 'Trailer', 'TE', 'Max-Forwards', 'HTTP2-Settings'],
];
const values = [
  ...['a.example', '5', '0', 'chunked', 'identity', 'close', 'keep-alive', 'upgrade', 'websocket', 'h2c'],
  ...['100-continue', 'bytes=0-1,2-3', 'bytes=-', '*', '1.2.3.4, garbage', '', '\xff\xfe', '-1', ' \t'],
];
const bodies = ['', 'hello', '5\r\nhello\r\n0\r\n\r\n', 'zz\r\n', '0\r\n\r\nGET /f HTTP/1.1\r\n\r\n'];

describe('requests put together at random', () => {
  let folder: string;
  let server: RunningServer;
  let backend: EchoBackend;

  beforeAll(async () => {
    folder = makeFolder();
    backend = await startEchoBackend();
    mkdirSync(join(folder, 'documents'));
    writeFileSync(join(folder, 'documents/f'), 'file');
    server = await startServer(
      'modhost',
      `Timeout 5
DocumentRoot ${folder}/documents
ProxyPass /p/ http://${backend.address}/
ProxyPassMatch ^/pm/(.*)$ http://${backend.address}/$1
RedirectMatch ^/redirect/(.*)$ http://a.example/$1
RewriteEngine On
RewriteRule ^/rewritten/(.*)$ /f [E=name:$1]
Header always set X-Name "%{name}e"
<Directory ${folder}/documents>
Require all granted
</Directory>`,
      folder,
    );
  });
  afterAll(async () => {
    await server?.stop();
    await backend?.stop();
    removeFolder(folder);
  });

  it('leave every front end at work', async () => {
    const random = createRandom(11);
    for (let round = 0; round < rounds; round += 1)
      await Promise.all(Array.from({ length: atOnce }, () => send(makeRequest(random))));
    const probes = Array.from({ length: 16 }, () =>
      askRaw(server.port, 'GET /f HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n'),
    );
    for (const { statuses } of await Promise.all(probes)) expect(statuses).toEqual([200]);
    expect(server.log()).not.toContain('internal error');
  });

  /** The client leaves as soon as something has come back, or soon. */
  function send(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect(server.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.once('data', () => socket.destroy());
      socket.once('close', () => resolve());
      socket.setTimeout(150, () => socket.resetAndDestroy());
      socket.write(bytes);
    });
  }
});

type Random = (below: number) => number;

function createRandom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % below;
  };
}

function makeRequest(random: Random): Buffer {
  const pick = (from: readonly string[]) => from[random(from.length)] ?? '';
  const fields = Array.from({ length: random(5) }, () => `${pick(names)}: ${pick(values)}\r\n`).join('');
  const head = `${pick(methods)} ${pick(targets)} HTTP/1.${random(5) === 0 ? 0 : 1}\r\nHost: a.example\r\n${fields}\r\n`;
  const bytes = Buffer.from(head + pick(bodies), 'latin1');
  if (random(6) === 0) bytes[random(bytes.length)] = random(256);
  return bytes;
}
