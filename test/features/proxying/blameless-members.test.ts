import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../../peers/server.js';
import { askRaw } from '../raw-client.js';

/** failonstatus speaks of what members say: nobody who asks wrongly, or too much, can have them put in error. */

let folder: string;
let server: RunningServer;
let member: Server;
/** Connections of requests for /hold. */
const held: Socket[] = [];

beforeAll(async () => {
  folder = makeFolder();
  member = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (packet) => {
      if (packet.toString('latin1').includes('/hold')) {
        held.push(socket);
        member.emit('held');
      } else if (packet.toString('latin1').includes('/hangup')) socket.destroy();
      // SCGI, whose answers need no status.
      else if (/^\d+:/.test(packet.toString('latin1'))) socket.end('Content-Type: text/plain\r\n\r\nsorry');
      else socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
  }).listen(0, '127.0.0.1');
  await once(member, 'listening');
  const address = member.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  server = await startServer(
    'modhost',
    `
ServerLimit 1
<Proxy balancer://told>
BalancerMember uwsgi://127.0.0.1:${port} max=1 acquire=50
ProxySet failonstatus=400,404,411,413,500,502,503 forcerecovery=Off
</Proxy>
ProxyPass /app balancer://told/app
<Proxy balancer://pages>
BalancerMember scgi://127.0.0.1:${port}
ProxySet failonstatus=403 forcerecovery=Off
</Proxy>
ProxyPass /pages balancer://pages
ErrorDocument 403 /pages/no
<Location /secret>
Require all denied
</Location>
<Location /app/small>
LimitRequestBody 5
</Location>`,
    folder,
  );
});
afterAll(async () => {
  await server?.stop();
  for (const socket of held) socket.destroy();
  member?.close();
  removeFolder(folder);
});

const head = (method: string, path: string) => `${method} ${path} HTTP/1.1\r\nHost: a.example\r\n`;
const get = (path: string) => askRaw(server.port, `${head('GET', path)}\r\n`);
const chunk = '3\r\nabc\r\n';

it.each([
  [
    'variables that the protocol cannot carry',
    `${head('GET', '/app/a')}${Array.from({ length: 12 }, (_, at) => `X-H${at}: ${'a'.repeat(7_000)}\r\n`).join('')}\r\n`,
    500,
  ],
  [
    'a body without a length',
    `${head('POST', '/app/a')}Transfer-Encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`,
    411,
  ],
  ['a body that is too long', `${head('POST', '/app/small')}Content-Length: 10\r\n\r\nabcdefghij`, 413],
])('%s: the member goes on', async (_, request, status) => {
  expect((await askRaw(server.port, request)).statuses).toEqual([status]);
  expect((await get('/app/fine')).statuses).toEqual([200]);
});

it('no connection within acquire=: the member goes on', async () => {
  const isHeld = once(member, 'held');
  const holding = get('/app/hold');
  await isHeld;
  expect((await get('/app/b')).statuses).toEqual([503]);
  for (const socket of held.splice(0)) socket.end('HTTP/1.1 200 OK\r\n\r\n');
  expect((await holding).statuses).toEqual([200]);
  expect((await get('/app/fine')).statuses).toEqual([200]);
  expect(server.log()).not.toContain('is in error');
});

it('the page of an error that it writes, without a status of its own: the member goes on', async () => {
  for (const _ of [1, 2]) {
    const { statuses, text } = await get('/secret');
    expect([statuses, text.includes('sorry')]).toEqual([[403], true]);
  }
});

it('a status that a member is answered with for its own fault puts it in error', async () => {
  expect((await get('/app/hangup')).statuses).toEqual([500]);
  await server.logged('is in error for 60 s: AH01174: the status is 500 (failonstatus)');
  expect((await get('/app/fine')).statuses).toEqual([503]);
});
