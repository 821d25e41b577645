import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findFreePort, makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';
import { Certificates } from '../tls/certificates.js';

let folder: string;
let server: RunningServer;
let securePort: number;

beforeAll(async () => {
  folder = makeFolder();
  securePort = await findFreePort();
  const made = new Certificates(join(folder, 'tls'));
  made.make('one', { subject: '/CN=one.test' });
  server = await startServer(
    'modhost',
    `
Listen 127.0.0.1:${securePort}
RemoteIPProxyProtocol On
RemoteIPProxyProtocolExceptions 127.0.0.1
RequestReadTimeout header=1
ErrorLog logs/error_log
CustomLog logs/access_log "%a %{c}a %>s"
Header always set X-Client "expr=%{REMOTE_ADDR} %{CONN_REMOTE_ADDR}"
<Location />
Require ip 203.0.113.0/24
</Location>
<VirtualHost *:${securePort}>
SSLEngine on
SSLCertificateFile ${made.path('one.pem')}
SSLCertificateKeyFile ${made.path('one.key')}
</VirtualHost>`,
    folder,
  );
});
afterAll(async () => {
  await server?.stop();
  removeFolder(folder);
});

const proxy = 'PROXY TCP4 203.0.113.7 192.0.2.1 1111 80\r\n';
const request = 'GET /none HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n';

/** From an address that is no exception, in so many packets. */
function ask(...packets: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({
      port: server.port,
      host: '127.0.0.1',
      localAddress: '127.0.0.3',
      noDelay: true,
    });
    let text = '';
    socket.on('error', () => {});
    socket.setEncoding('latin1').on('data', (piece) => {
      text += piece;
    });
    socket.once('close', () => resolve(text));
    socket.once('connect', async () => {
      for (const packet of packets) {
        socket.write(packet, 'latin1');
        await new Promise((sent) => setTimeout(sent, 20));
      }
    });
  });
}

it('makes the client of the PROXY header the one that access rules, headers and logs see', async () => {
  const text = await ask(proxy + request);
  expect(text).toMatch(/^HTTP\/1\.1 404 /);
  expect(text).toContain('\r\nX-Client: 203.0.113.7 127.0.0.3\r\n');
  expect(await ask(proxy.replace('203.0.113.7', '198.51.100.7') + request)).toMatch(/^HTTP\/1\.1 403 /);
  await expect
    .poll(() => readFileSync(join(folder, 'modhost/logs/access_log'), 'utf8'))
    .toContain('203.0.113.7 127.0.0.3 404\n');
});

it('takes a header in pieces, and requests that come one after the other behind it', async () => {
  const kept = request.replace('Connection: close\r\n', '');
  const text = await ask('PRO', 'XY TCP4 203.0.113.7 192', '.0.2.1 1 2\r', '\nGET /', kept.slice(5), request);
  expect(text.match(/^HTTP\/1\.1 404 .*\r\n(?:.+\r\n)*?X-Client: 203\.0\.113\.7 /gm)).toHaveLength(2);
});

it('closes connections without it, with a wrong one, and where it does not come, and logs why', async () => {
  expect(await ask(request)).toBe('');
  expect(await ask(`PROXY TCP4 word 192.0.2.1 1 2\r\n${request}`)).toBe('');
  expect(await ask('PROXY TCP4 203.')).toBe('');
  for (const line of [
    /\[remoteip:error\].*\[client 127\.0\.0\.3:\d+\] .*no PROXY header/,
    /not two addresses of TCP4/,
    /did not arrive in time/,
  ])
    await expect.poll(() => readFileSync(join(folder, 'modhost/logs/error_log'), 'utf8')).toMatch(line);
});

it('a second header is no request', async () => {
  expect(await ask(proxy + proxy + request)).toMatch(/^HTTP\/1\.1 400 /);
});

it('exceptions speak HTTP at once', async () => {
  const { status, headers } = await fetch(`http://127.0.0.1:${server.port}/none`);
  expect([status, headers.get('x-client')]).toEqual([403, '127.0.0.1 127.0.0.1']);
});

it('comes before TLS', async () => {
  const socket = connect({ port: securePort, host: '127.0.0.1', localAddress: '127.0.0.3' });
  socket.write(proxy);
  const secure = connectTls({ socket, rejectUnauthorized: false });
  let text = '';
  secure.setEncoding('latin1').on('data', (piece) => {
    text += piece;
  });
  secure.write(request);
  await new Promise((resolve) => secure.once('close', resolve));
  expect(text).toContain('\r\nX-Client: 203.0.113.7 127.0.0.3\r\n');
});
