import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

import { join } from 'node:path';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePort, makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';
import { type Certificates, makeCertificates } from '../tls/certificates.js';
import { curl } from '../tls/curl.js';
import { openRaw } from './raw-client.js';

/** Fails in the middle of its reply. */
const broken = `
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"half"
    raise RuntimeError("on purpose")
`;

let folder: string;
let made: Certificates;
let server: RunningServer;
let strictPort: number;
let plainPort: number;

const environ = `
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    names = ("SSL", "HTTPS", "REQUEST_SCHEME", "SERVER_PORT", "wsgi.url_scheme", "REMOTE_USER", "AUTH_TYPE")
    return [("%s=%s\\n" % (key, environ[key])).encode("latin-1") for key in sorted(environ) if key.startswith(names)]
`;
const fetchApp = `export default { fetch: (request) => new Response(request.url + ' ' + request.headers.get('host')) };`;
const nodeApp = `export default (req, res) => res.end(String(req.socket.encrypted) + ' ' + (req.connection.encrypted === true));`;

beforeAll(async () => {
  folder = makeFolder();
  made = makeCertificates(join(folder, 'tls'));
  strictPort = await findFreePort();
  plainPort = await findFreePort();
  for (const name of [
    'env',
    'www/needed',
    'www/deep',
    'www/loose',
    'www/az',
    'www/fake',
    'www/tls',
    'www/verified',
  ])
    mkdirSync(join(folder, name), { recursive: true });
  for (const name of ['', 'needed/', 'deep/', 'loose/', 'az/', 'fake/', 'tls/', 'verified/'])
    writeFileSync(join(folder, 'www', name, 'f.txt'), 'file\n');
  writeFileSync(join(folder, 'www/big.bin'), Buffer.alloc(3_000_000, 'x'));
  writeFileSync(join(folder, 'env.py'), environ);
  writeFileSync(join(folder, 'broken.py'), broken);
  writeFileSync(join(folder, 'fetch.mjs'), fetchApp);
  writeFileSync(join(folder, 'node.mjs'), nodeApp);
  writeFileSync(
    join(folder, 'users'),
    '/C=DE/O=Example, Inc/OU=az/CN=J\\xC3\\xB6rg/emailAddress=joe@example.com:xxj31ZMTZzkVA\n',
  );
  server = await startServer('modhost', siteFile(), join(folder, 'run'));
});
afterAll(async () => {
  await server?.stop();
  removeFolder(folder);
});

const siteFile = () => `
Listen 127.0.0.1:${strictPort} https
Listen 127.0.0.1:${plainPort}
LogLevel info
Timeout 2
DocumentRoot ${folder}/www
LogFormat "%{SSL_PROTOCOL}x|%{version}c|%{HTTPS}x|%H|%{SSL_CLIENT_S_DN_CN}x|%>s|%U" tls
CustomLog logs/tls tls
SSLCertificateFile ${made.path('one.pem')}
SSLCertificateKeyFile ${made.path('one.key')}
<VirtualHost *>
  ServerName one.test
  SSLEngine on
  SSLCertificateFile ${made.path('one.pem')}
  SSLCertificateKeyFile ${made.path('one.key')}
  SSLCertificateFile ${made.path('rsa.pem')}
  SSLCertificateKeyFile ${made.path('rsa.key')}
  SSLCACertificateFile ${made.path('root.pem')}
  SSLCARevocationFile ${made.path('root.crl')}
  WSGIScriptAlias /env ${folder}/env.py
  WSGIScriptAlias /broken ${folder}/broken.py
  WSGIScriptAlias /fetch ${folder}/fetch.mjs
  WSGIScriptAlias /node ${folder}/node.mjs
  Redirect /away /elsewhere
  SSLUserName SSL_CLIENT_S_DN_CN
  <Location /env>
    SSLOptions +StdEnvVars
  </Location>
  <Location /needed>
    SSLVerifyClient require
  </Location>
  <Location /deep>
    SSLVerifyClient require
    SSLVerifyDepth 2
  </Location>
  <Location /loose>
    SSLVerifyClient optional_no_ca
  </Location>
  <Location /az>
    SSLRequire %{SSL_CLIENT_S_DN_OU} eq "az" and %{SSL_CLIENT_S_DN_CN} in {"Deep", "J\\xf6rg"} or %{SSL_CLIENT_S_DN_Email} =~ m/^joe@/
  </Location>
  <Location /fake>
    SSLOptions +FakeBasicAuth
    AuthType Basic
    AuthName certificates
    AuthUserFile ${folder}/users
    Require valid-user
  </Location>
  <Location /tls>
    Require ssl
  </Location>
  <Location /verified>
    Require ssl-verify-client
  </Location>
  <If "%{HTTPS} == 'on' && %{SSL_PROTOCOL} == 'TLSv1.2'">
    Redirect 410 /f.txt
  </If>
</VirtualHost>
<VirtualHost *>
  ServerName two.test
  SSLEngine on
  SSLCertificateFile ${made.path('two.pem')}
  SSLCertificateKeyFile ${made.path('two.key')}
  SSLProtocol TLSv1.2
  SSLSessionTickets off
</VirtualHost>
<VirtualHost *>
  ServerName three.test
  SSLEngine on
  SSLCACertificateFile ${made.path('root.pem')}
</VirtualHost>
<VirtualHost 127.0.0.1:${strictPort}>
  ServerName one.test
  SSLEngine on
  SSLStrictSNIVHostCheck on
  SSLCACertificateFile ${made.path('root.pem')}
  SSLVerifyClient require
  WSGIScriptAlias /env ${folder}/env.py
</VirtualHost>
<VirtualHost 127.0.0.1:${plainPort}>
  ServerName one.test
  WSGIScriptAlias /env ${folder}/env.py
  <Location /tls>
    Require ssl
  </Location>
  <Location /needed>
    SSLRequireSSL
  </Location>
  <Location /deep>
    SSLVerifyClient require
  </Location>
</VirtualHost>
<Directory ${folder}>
  Require all granted
</Directory>
`;

const at = (path: string, host = 'one.test', port = server.port) => `https://${host}:${port}${path}`;
const believed = () => ['--cacert', made.path('root.pem')];
const as = (name: string) => [
  '--cert',
  made.path(`${name}.pem`),
  '--key',
  made.path(`${name.replace('-chain', '')}.key`),
];
const ask = (url: string, ...options: string[]) => curl(url, ...believed(), ...options);

describe('a virtual host with SSLEngine on', () => {
  it.each(['1.2', '1.3'])('serves files over TLS %s', async (version) => {
    const { status, body } = await ask(at('/f.txt'), '--tls-max', version, `--tlsv${version}`);
    if (version === '1.2') expect(status).toBe(410);
    else expect({ status, body }).toEqual({ status: 200, body: 'file\n' });
  });

  it('tells applications the scheme', async () => {
    const { body } = await ask(at('/env'));
    expect(body).toContain('wsgi.url_scheme=https\n');
    expect(body).toContain('REQUEST_SCHEME=https\n');
    expect(body).toContain('SSL_PROTOCOL=TLSv1.3\n');
    expect(body).toContain('SSL_TLS_SNI=one.test\n');
    expect(body).toContain('SSL_CLIENT_VERIFY=NONE\n');
    expect(body).not.toContain('SSL_CLIENT_CERT');
    expect((await ask(at('/fetch/x?y'))).body).toBe(`${at('/x?y')} one.test:${server.port}`);
    expect((await ask(at('/node'))).body).toBe('true true');
  });

  it('has 443 as the port that goes without saying', async () => {
    const { body } = await ask(at('/env'), '-H', 'Host: one.test');
    expect(body).toContain('SERVER_PORT=443\n');
    const { headers } = await ask(at('/away'), '-H', 'Host: one.test');
    expect(headers.get('location')).toBe('https://one.test/elsewhere');
  });

  it('redirects to https', async () => {
    expect((await ask(at('/away'))).headers.get('location')).toBe(at('/elsewhere'));
    expect((await ask(at('/needed'), ...as('joe'))).headers.get('location')).toBe(at('/needed/'));
  });

  it('shows the certificate of the kind that the client can use', async () => {
    for (const [ciphers, name] of [
      ['ECDHE-RSA-AES128-GCM-SHA256', 'rsa'],
      ['ECDHE-ECDSA-AES128-GCM-SHA256', 'one'],
    ] as const) {
      const shown = await handshake({ servername: 'one.test', ciphers, maxVersion: 'TLSv1.2' });
      const wanted = made.openssl('x509', '-in', `${name}.pem`, '-noout', '-serial').trim().split('=')[1];
      expect(shown.serial).toBe(wanted);
    }
  });

  it('is chosen by the name in the handshake', async () => {
    expect((await ask(at('/f.txt', 'two.test'))).status).toBe(200);
    expect((await handshake({ servername: 'two.test' })).protocol).toBe('TLSv1.2');
    expect((await handshake({ servername: 'one.test' })).protocol).toBe('TLSv1.3');
    // Nobody has that name: the first.
    expect((await handshake({ servername: 'nobody.test' })).names).toContain('DNS:one.test');
    expect((await handshake({})).names).toContain('DNS:one.test');
  });

  it('is not reached over a connection for another one', async () => {
    expect((await ask(at('/f.txt'), '-H', 'Host: two.test')).status).toBe(421);
    expect((await ask(at('/f.txt', 'two.test'), '-H', 'Host: one.test')).status).toBe(421);
    expect((await curl(`https://127.0.0.1:${server.port}/f.txt`, '-k', '-H', 'Host: two.test')).status).toBe(
      421,
    );
    expect((await curl(`https://127.0.0.1:${server.port}/f.txt`, '-k')).status).toBe(200);
    await server.logged('other settings of TLS');
  });

  it('answers plain HTTP with a hint', async () => {
    const { status, body, headers } = await curl(`http://one.test:${server.port}/f.txt`);
    expect(status).toBe(400);
    expect(body).toContain('https://');
    expect(headers.get('connection')).toBe('close');
  });

  it('refuses clients without a name where that is asked for', async () => {
    const answer = await curl(`https://127.0.0.1:${strictPort}/env`, '-k', ...as('joe'));
    expect(answer.status).toBe(403);
  });

  it('writes to the access log what it knows', async () => {
    await ask(at('/needed/f.txt'), ...as('joe'));
    const log = () => readFileSync(join(folder, 'run/modhost/logs/tls'), 'utf8');
    await expect.poll(log).toContain('TLSv1.3|TLSv1.3|on|HTTP/1.1|J\\xc3\\xb6rg|200|/needed/f.txt');
  });
});

describe('client certificates', () => {
  it('are asked for by sections', async () => {
    expect((await ask(at('/needed/f.txt'))).status).toBe(403);
    expect((await ask(at('/needed/f.txt'), ...as('joe'))).status).toBe(200);
    expect((await ask(at('/needed/f.txt'), ...as('joe'), '--tls-max', '1.2')).status).toBe(200);
  });

  it.each(['old', 'gone', 'stranger', 'deep-chain'])('that do not count (%s) are refused', async (name) => {
    expect((await ask(at('/needed/f.txt'), ...as(name))).status).toBe(403);
    // Elsewhere nobody asks.
    expect((await ask(at('/env'), ...as(name))).body).toContain('SSL_CLIENT_VERIFY=FAILED:');
  });

  it('may be as deep as SSLVerifyDepth says', async () => {
    // There is a list of revoked certificates for the root only: without one for the intermediate nobody knows.
    const { status } = await ask(at('/deep/f.txt'), ...as('deep-chain'));
    expect(status).toBe(403);
  });

  it('need no known authority with optional_no_ca, but must be valid', async () => {
    expect((await ask(at('/loose/f.txt'))).status).toBe(200);
    expect((await ask(at('/loose/f.txt'), ...as('gone'))).status).toBe(403);
  });

  it('required of all are required in the handshake', async () => {
    expect((await ask(at('/env', 'one.test', strictPort))).exitCode).not.toBe(0);
    expect((await ask(at('/env', 'one.test', strictPort), ...as('stranger'))).exitCode).not.toBe(0);
    expect((await ask(at('/env', 'one.test', strictPort), ...as('deep-chain'))).exitCode).not.toBe(0);
    expect((await ask(at('/env', 'one.test', strictPort), ...as('joe'))).status).toBe(200);
    await server.logged('the certificate of the client is refused: there is none');
  });

  it('are told to applications', async () => {
    const { body } = await ask(at('/env'), ...as('joe'));
    expect(body).toContain(
      'SSL_CLIENT_S_DN=emailAddress=joe@example.com,CN=J\xc3\xb6rg,OU=az,O=Example\\, Inc,C=DE\n',
    );
    expect(body).toContain('SSL_CLIENT_SAN_OTHER_msUPN_0=joe@upn\n');
    expect(body).toContain('SSL_CLIENT_VERIFY=SUCCESS\n');
    expect(body).toContain('REMOTE_USER=J\xc3\xb6rg\n');
  });

  it('fulfil SSLRequire', async () => {
    expect((await ask(at('/az/f.txt'), ...as('joe'))).status).toBe(200);
    expect((await ask(at('/az/f.txt'), ...as('deep-chain'))).status).toBe(403);
    expect((await ask(at('/az/f.txt'))).status).toBe(403);
  });

  it('are logins with FakeBasicAuth, which nobody can forge', async () => {
    expect((await ask(at('/fake/f.txt'), ...as('joe'))).status).toBe(200);
    expect((await ask(at('/fake/f.txt'))).status).toBe(401);
    expect((await ask(at('/fake/f.txt'), ...as('stranger'))).status).toBe(401);
    const name = '/C=DE/O=Example, Inc/OU=az/CN=J\\xC3\\xB6rg/emailAddress=joe@example.com';
    expect((await ask(at('/fake/f.txt'), '-u', `${name}:password`)).status).toBe(403);
  });

  it('fulfil Require ssl-verify-client', async () => {
    expect((await ask(at('/verified/f.txt'), ...as('joe'))).status).toBe(200);
    expect((await ask(at('/verified/f.txt'))).status).toBe(403);
    expect((await ask(at('/tls/f.txt'))).status).toBe(200);
  });
});

describe('plain HTTP beside it', () => {
  const plain = (path: string, ...options: string[]) =>
    curl(`http://one.test:${plainPort}${path}`, ...options);

  it('is served where no SSLEngine is on', async () => {
    expect((await plain('/f.txt')).status).toBe(200);
    expect((await plain('/env')).body).toContain('wsgi.url_scheme=http\n');
  });

  it.each(['/tls/f.txt', '/needed/f.txt', '/deep/f.txt'])('does not reach %s', async (path) => {
    expect((await plain(path)).status).toBe(403);
  });

  it('gets no answer to a handshake', async () => {
    expect((await curl(`https://one.test:${plainPort}/f.txt`, '-k')).exitCode).not.toBe(0);
  });
});

describe('connections', () => {
  it('are cut when the handshake does not end', async () => {
    for (const bytes of ['', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03']) {
      const socket = openRaw(server.port);
      socket.write(bytes, 'latin1');
      const began = Date.now();
      await new Promise((resolve) => socket.on('end', resolve).resume());
      expect(Date.now() - began).toBeLessThan(10_000);
      socket.destroy();
    }
  });

  it('are kept between requests', async () => {
    const socket = connectTls({
      port: server.port,
      host: '127.0.0.1',
      servername: 'one.test',
      rejectUnauthorized: false,
    });
    let text = '';
    socket.setEncoding('latin1').on('data', (piece) => {
      text += piece;
    });
    for (let count = 1; count <= 3; count += 1) {
      socket.write('GET /f.txt HTTP/1.1\r\nHost: one.test\r\n\r\n');
      await expect.poll(() => text.match(/200 OK/g)?.length, { timeout: 5_000 }).toBe(count);
    }
    socket.write('GET /f.txt HTTP/1.1\r\nHost: one.test\r\nConnection: close\r\n\r\n');
    await new Promise((resolve) => socket.on('end', resolve));
    socket.destroy();
  });

  it('carry large answers and bodies', async () => {
    const answer = await ask(at('/big.bin'));
    expect(answer.body.length).toBe(3_000_000);
    expect((await ask(at('/env'), '-H', 'Expect:', '-T', join(folder, 'www/big.bin'))).status).toBe(200);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'of %s are resumed, whichever front end takes them',
    async (maxVersion) => {
      const first = await handshake({ servername: 'three.test', maxVersion, request: true });
      const again = [];
      for (let count = 0; count < 12; count += 1)
        again.push(
          (await handshake({ servername: 'three.test', maxVersion, session: first.session })).isResumed,
        );
      expect(again).toEqual(Array(12).fill(true));
    },
  );

  it('are not resumed with another virtual host, nor where tickets are off or certificates asked for', async () => {
    const { session } = await handshake({ servername: 'three.test', request: true });
    expect((await handshake({ servername: 'one.test', session })).isResumed).toBe(false);
    for (const servername of ['one.test', 'two.test']) {
      const own = await handshake({ servername, request: true });
      expect((await handshake({ servername, session: own.session })).isResumed).toBe(false);
    }
  });

  it.each(['--http1.1', '--http1.0'])('look cut when a reply is (%s)', async (version) => {
    expect((await ask(at('/broken'), version)).exitCode).not.toBe(0);
  });

  it('wait for clients who take little, but not for those who take nothing', async () => {
    const url = at('/big.bin', 'three.test');
    const slow = await ask(url, '--limit-rate', '1M');
    expect([slow.exitCode, slow.body.length]).toEqual([0, 3_000_000]);
    const socket = connectTls({
      port: server.port,
      host: '127.0.0.1',
      servername: 'three.test',
      rejectUnauthorized: false,
    });
    const ended = new Promise((resolve) => socket.once('close', resolve).once('error', resolve));
    for (let count = 0; count < 20; count += 1)
      socket.write('GET /big.bin HTTP/1.1\r\nHost: three.test\r\n\r\n');
    await new Promise((resolve) => socket.once('readable', resolve));
    // Nothing is read for longer than Timeout.
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    socket.resume();
    await ended;
    expect(socket.bytesRead).toBeLessThan(60_000_000);
  });

  it('end when the client ends', async () => {
    const socket = connectTls({
      port: server.port,
      host: '127.0.0.1',
      servername: 'three.test',
      rejectUnauthorized: false,
      allowHalfOpen: true,
    });
    socket.write('GET /f.txt HTTP/1.1\r\nHost: three.test\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    const ended = new Promise((resolve) => socket.once('end', resolve));
    socket.end();
    await ended;
    socket.destroy();
  });

  it('cannot be renegotiated', async () => {
    const socket = connectTls({
      port: server.port,
      host: '127.0.0.1',
      servername: 'two.test',
      rejectUnauthorized: false,
    });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    const error = await new Promise((resolve) => {
      socket.on('error', resolve);
      socket.renegotiate({ rejectUnauthorized: false }, resolve);
    });
    expect(error).toBeInstanceOf(Error);
    socket.destroy();
  });
});

interface Shown {
  readonly protocol: string | null;
  readonly names: string | undefined;
  readonly serial: string | undefined;
  readonly session: Buffer | undefined;
  readonly isResumed: boolean;
}

/** `request`: asks for a file besides, and waits for the ticket. */
function handshake({
  request = false,
  ...options
}: ConnectionOptions & { request?: boolean }): Promise<Shown> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      port: server.port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ...options,
    });
    let session: Buffer | undefined;
    const finish = () => {
      const certificate = socket.getPeerX509Certificate();
      resolve({
        protocol: socket.getProtocol(),
        names: certificate?.subjectAltName,
        serial: certificate?.serialNumber,
        session,
        isResumed: socket.isSessionReused(),
      });
      socket.destroy();
    };
    socket.on('session', (data) => {
      session = data;
    });
    socket.once('secureConnect', () => {
      if (request) socket.write(`GET /f.txt HTTP/1.1\r\nHost: ${options.servername}\r\n\r\n`);
      else finish();
    });
    socket.once('data', finish);
    socket.on('error', reject);
  });
}
