import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../../peers/server.js';
import { askRaw, openRaw } from '../raw-client.js';
import { type RawBackend, startRawBackend } from './raw-backend.js';

/** RewriteRule with P: what Apache says to the rest is in `test/peers/differential/rewrite-proxy.txt`. */

let folder: string;
let server: RunningServer;
let tcp: RawBackend;
let local: RawBackend;

beforeAll(async () => {
  folder = makeFolder();
  const answer = (name: string): Parameters<typeof startRawBackend>[0] => {
    return (request, socket) => {
      if (/^upgrade: websocket/im.test(request)) {
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello',
        );
        socket.on('data', (piece) => socket.write(piece));
        return;
      }
      if (request.startsWith('GET /slow/')) return;
      const body = `${name} ${request.slice(0, request.indexOf('\r\n'))}`;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    };
  };
  tcp = await startRawBackend(answer('tcp'));
  local = await startRawBackend(answer('local'), { path: join(folder, 'local.sock') });
  writeFileSync(join(folder, 'map.txt'), `known 127.0.0.1:${tcp.port}\n`);
  server = await startServer(
    'modhost',
    `
<Location />
Require all granted
</Location>
<Proxy http://127.0.0.1:${tcp.port}/slow>
ProxySet timeout=1
</Proxy>
RewriteEngine On
RewriteMap hosts txt:${folder}/map.txt
RewriteRule ^/socket/(.*)$ unix:${folder}/local.sock|http://localhost/$1 [P]
RewriteRule ^/ws ws://127.0.0.1:${tcp.port}%{REQUEST_URI} [P,QSA,L]
RewriteRule ^/behind(.*)$ http://127.0.0.1:${tcp.port}$1 [P]
RewriteRule ^/map/([a-z]+)/(.*)$ http://\${hosts:$1|none.invalid}/$2 [P]
RewriteRule ^/any/(.*)$ $1 [P]
RewriteRule ^/climb$ http://127.0.0.1:${tcp.port}/a/%{QUERY_STRING}/b [P]
RewriteRule ^/(slow/.*) http://127.0.0.1:${tcp.port}/$1 [P]
RewriteRule ^/tls$ https://127.0.0.1:${tcp.port}/ [P]
`,
    folder,
  );
});
afterAll(async () => {
  await server?.stop();
  await tcp?.stop();
  await local?.stop();
  removeFolder(folder);
});

const get = async (target: string) =>
  (await askRaw(server.port, `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)).text;

describe('a rule with P', () => {
  it('leads to a unix socket', async () => {
    expect(await get('/socket/x?q=1')).toMatch(/^HTTP\/1\.1 200 .*local GET \/x\?q=1 HTTP\/1\.1$/s);
  });

  it('makes a tunnel of a handshake', async () => {
    const socket = openRaw(server.port);
    let text = '';
    socket.on('data', (piece: Buffer) => {
      text += piece.toString('latin1');
    });
    socket.write('GET /ws/a?b HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    while (!text.endsWith('hello')) await once(socket, 'data');
    expect(text).toMatch(/^HTTP\/1\.1 101 /);
    expect(tcp.received.at(-1)).toMatch(/^GET \/ws\/a\?b HTTP\/1\.1\r\n/);
    socket.destroy();
  });

  it('passes other requests for ws:// on as HTTP', async () => {
    expect(await get('/ws/plain')).toContain('tcp GET /ws/plain HTTP/1.1');
  });

  it('lets a map choose the server', async () => {
    expect(await get('/map/known/x')).toContain('tcp GET /x HTTP/1.1');
    expect(await get('/map/other/x')).toMatch(/^HTTP\/1\.1 500 /);
  });

  it('lets nothing become a part of the host', async () => {
    expect(await get('/behind/x')).toContain('tcp GET /x HTTP/1.1');
    for (const target of ['/behind1/x', '/behind.evil.example/', '/behind@evil.example/'])
      expect(await get(target)).toMatch(/^HTTP\/1\.1 500 /);
  });

  it('lets no request name a socket', async () => {
    const before = local.received.length;
    expect(await get(`/any/unix:${folder}/local.sock|http://localhost/`)).toMatch(/^HTTP\/1\.1 500 /);
    expect(local.received.length).toBe(before);
  });

  it('has the parameters of the URL it makes', async () => {
    expect(await get('/slow/x')).toMatch(/^HTTP\/1\.1 502 /);
  });

  it.each([
    ['what is no URL', '/any/x', 500],
    ['a protocol that is missing', '/any/ajp://127.0.0.1/', 500],
    ['dot segments that it made', '/climb?..', 403],
    ['TLS without SSLProxyEngine', '/tls', 500],
  ])('refuses %s', async (_, target, status) => {
    expect(await get(target)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });
});
