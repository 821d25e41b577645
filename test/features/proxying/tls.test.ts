import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../../peers/server.js';
import { type Certificates, makeCertificates } from '../../tls/certificates.js';
import { askRaw } from '../raw-client.js';

/** The certificates of other servers, good and bad. */

let folder: string;
let made: Certificates;
let server: RunningServer;
const backends: Server[] = [];

/** Answers with the name in the client's certificate. */
async function startBackend(name: string, chain = ''): Promise<number> {
  const backend = createServer(
    {
      key: readFileSync(made.path(`${name}.key`)),
      cert: readFileSync(made.path(`${name}.pem`), 'utf8') + chain,
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => {
      const socket = request.socket as TLSSocket;
      response.end(
        `${name} for ${socket.getPeerCertificate().subject?.CN ?? 'nobody'} by ${socket.getProtocol()}`,
      );
    },
  );
  backend.on('upgrade', (_request, socket) => {
    socket.end(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nsecret tunnel',
    );
  });
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
  backends.push(backend);
  const address = backend.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

beforeAll(async () => {
  folder = makeFolder();
  made = makeCertificates(join(folder, 'tls'));
  made.make('inner', {
    subject: '/CN=inner.test',
    extensions: 'subjectAltName=IP:127.0.0.1',
    by: 'intermediate',
  });
  writeFileSync(
    made.path('identity.pem'),
    readFileSync(made.path('joe.pem'), 'utf8') + readFileSync(made.path('joe.key'), 'utf8'),
  );
  const one = await startBackend('one');
  const two = await startBackend('two');
  const stranger = await startBackend('stranger');
  const old = await startBackend('old');
  const inner = await startBackend('inner', readFileSync(made.path('intermediate.pem'), 'utf8'));
  const location = (path: string, port: number, lines = '', scheme = 'https') => `
<Location ${path}>
ProxyPass ${scheme}://127.0.0.1:${port}
${lines}
</Location>`;
  server = await startServer(
    'modhost',
    `
SSLProxyEngine On
SSLProxyCACertificateFile ${made.path('root.pem')}
<Location />
Require all granted
</Location>
${location('/plain', one)}
${location('/verified', one, 'SSLProxyVerify require')}
${location('/name', two)}
${location('/any-name', two, 'SSLProxyCheckPeerName Off')}
${location('/stranger', stranger, 'SSLProxyCheckPeerName Off\nSSLProxyVerify require')}
${location('/any-stranger', stranger, 'SSLProxyCheckPeerName Off')}
${location('/no-ca', stranger, 'SSLProxyCheckPeerName Off\nSSLProxyVerify optional_no_ca')}
${location('/old', old, 'SSLProxyCheckPeerName Off')}
${location('/any-old', old, 'SSLProxyCheckPeerName Off\nSSLProxyCheckPeerExpire Off')}
${location('/deep', inner, 'SSLProxyVerify require')}
${location('/deeper', inner, 'SSLProxyVerify require\nSSLProxyVerifyDepth 2')}
${location('/identity', one, `SSLProxyMachineCertificateFile ${made.path('identity.pem')}`)}
${location('/version', one, 'SSLProxyProtocol TLSv1.2')}
${location('/off', one, 'SSLProxyEngine Off')}
${location('/ws', one, 'SSLProxyVerify require', 'wss')}`,
    folder,
  );
});
afterAll(async () => {
  await server?.stop();
  for (const backend of backends) {
    backend.closeAllConnections();
    backend.close();
  }
  removeFolder(folder);
});

const get = (path: string) => askRaw(server.port, `GET ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`);

describe('a server behind TLS', () => {
  it.each([
    ['/plain', 'one for nobody by TLSv1.3'],
    ['/verified', 'one for nobody'],
    ['/any-name', 'two for nobody'],
    ['/any-stranger', 'stranger for nobody'],
    ['/no-ca', 'stranger for nobody'],
    ['/any-old', 'old for nobody'],
    ['/deeper', 'inner for nobody'],
    ['/identity', 'one for J'],
    ['/version', 'one for nobody by TLSv1.2'],
  ])('answers at %s', async (path, text) => {
    const answer = await get(path);
    expect(answer.statuses).toEqual([200]);
    expect(answer.text).toContain(text);
  });

  it.each([
    ['/name', 502, "IP: 127.0.0.1 is not in the cert's list"],
    ['/stranger', 502, 'the certificate is not trusted'],
    ['/old', 502, 'the certificate has expired'],
    ['/deep', 502, 'the chain of certificates is longer than 1'],
    ['/off', 500, 'SSLProxyEngine is not On'],
  ])('is told nothing at %s', async (path, status, cause) => {
    expect((await get(path)).statuses).toEqual([status]);
    await server.logged(cause);
  });

  it('may tunnel', async () => {
    const answer = await askRaw(
      server.port,
      'GET /ws/ HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    expect(answer.text).toContain('secret tunnel');
  });
});
