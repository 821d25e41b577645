import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Certificates, makeCertificates } from '../tls/certificates.js';
import { curl } from '../tls/curl.js';
import { apache } from './installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from './server.js';

/** One request to both; `options` are curl's. `difference`: why they are meant to differ, and it is a failure if they agree. */
interface Ask {
  readonly host?: string;
  readonly path: string;
  readonly options?: readonly string[];
  readonly client?: string;
  readonly difference?: string;
}

const tls12 = ['--tls-max', '1.2'];
const tls13 = ['--tlsv1.3'];
const named = (host: string) => ['-H', `Host: ${host}`];

const asks: readonly Ask[] = [
  // Who is asked for, and what is told
  { path: '/f.txt' },
  { path: '/f.txt', options: tls12 },
  { path: '/f.txt', options: tls13 },
  { path: '/f.txt', options: ['--tlsv1.1', '--tls-max', '1.1'] },
  { path: '/env' },
  { path: '/env', options: tls12 },
  { path: '/env', options: named('one.test') },
  { path: '/env', options: named('one.test:444') },
  { path: '/env', client: 'joe' },
  { path: '/env', client: 'joe', options: tls12 },
  { path: '/env', client: 'stranger' },
  { path: '/env', client: 'old' },
  { path: '/env', client: 'deep-chain' },
  { path: '/plain-env' },
  { path: '/plain-env', client: 'joe' },
  { path: '/legacy-env', client: 'joe' },
  { path: '/certs', options: tls12 },
  { path: '/header-env' },
  { path: '/header-env', client: 'joe' },
  { path: '/away' },
  { path: '/away', options: named('one.test') },
  { path: '/dir' },
  { path: '/none' },
  // Virtual hosts
  { host: 'two.test', path: '/f.txt' },
  { host: 'two.test', path: '/f.txt', options: tls12 },
  { host: 'two.test', path: '/f.txt', options: tls13 },
  { host: 'twin.test', path: '/f.txt' },
  { host: 'bare.test', path: '/f.txt' },
  { host: 'nobody.test', path: '/f.txt' },
  { path: '/f.txt', options: named('two.test') },
  { path: '/f.txt', options: named('twin.test') },
  { path: '/f.txt', options: named('bare.test') },
  { path: '/f.txt', options: named('nobody.test') },
  { host: 'two.test', path: '/f.txt', options: named('one.test') },
  { host: 'bare.test', path: '/f.txt', options: named('one.test') },
  { host: '127.0.0.1', path: '/f.txt' },
  { host: '127.0.0.1', path: '/f.txt', options: named('one.test') },
  { host: '127.0.0.1', path: '/f.txt', options: named('two.test') },
  { host: '127.0.0.1', path: '/f.txt', options: named('twin.test') },
  { path: '/f.txt', options: ['--http1.0', '-H', 'Host:'] },
  { path: '/f.txt', options: ['-H', 'Host:'] },
  { path: '/f.txt', options: ['--http2'] },
  // Who may enter
  { path: '/ssl/f.txt' },
  { path: '/required/f.txt' },
  { path: '/verified/f.txt' },
  { path: '/verified/f.txt', client: 'joe' },
  { path: '/old/f.txt' },
  { path: '/old/f.txt', client: 'joe' },
  { path: '/old/f.txt', client: 'deep-chain' },
  { path: '/in/f.txt', client: 'joe' },
  { path: '/in/f.txt' },
  { path: '/expr/f.txt' },
  { path: '/expr/f.txt', options: tls12 },
  { path: '/fake/f.txt' },
  { path: '/fake/f.txt', client: 'joe' },
  { path: '/fake/f.txt', options: ['-u', 'alice:wonderland'] },
  {
    path: '/fake/f.txt',
    options: ['-u', '/C=DE/O=Example, Inc/OU=az/CN=J\\xC3\\xB6rg/emailAddress=joe@example.com:password'],
  },
  { path: '/user-env', client: 'joe' },
  { path: '/user-env' },
  { path: '/needed/f.txt', options: tls13 },
  { path: '/needed/f.txt', options: tls12, difference: 'Apache renegotiates, and breaks the connection' },
  { path: '/needed/f.txt', client: 'joe', options: tls12 },
  {
    path: '/needed/f.txt',
    client: 'joe',
    options: tls13,
    difference: 'Apache asks after the handshake, which curl does not offer',
  },
  { path: '/needed/f.txt', client: 'deep-chain', options: tls12 },
  { host: 'strict.test', path: '/f.txt' },
  { host: 'strict.test', path: '/f.txt', client: 'joe' },
  { host: 'strict.test', path: '/f.txt', client: 'gone' },
  { host: 'strict.test', path: '/f.txt', client: 'stranger' },
  { host: 'strict.test', path: '/f.txt', client: 'old' },
  { host: 'strict.test', path: '/f.txt', client: 'deep-chain' },
  { host: 'loose.test', path: '/env', client: 'stranger' },
  { host: 'loose.test', path: '/env', client: 'foreign' },
  { host: 'strict.test', path: '/f.txt', client: 'foreign' },
  {
    path: '/env',
    client: 'foreign',
    options: tls12,
    difference: 'Apache calls it GENEROUS, but FAILED over TLS 1.3',
  },
  { host: 'loose.test', path: '/env', client: 'joe' },
  { host: 'loose.test', path: '/env', client: 'old' },
  { host: 'loose.test', path: '/env' },
];

const environ = `
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    names = ("SSL_", "HTTPS", "REQUEST_SCHEME", "SERVER_PORT", "SERVER_NAME", "wsgi.url_scheme", "REMOTE_USER", "AUTH_TYPE", "HTTP_X_")
    own = ("SSL_SESSION_ID", "SSL_VERSION_INTERFACE", "SSL_VERSION_LIBRARY")
    keys = [key for key in sorted(environ) if key.startswith(names) and key not in own]
    return [("%s=%s\\n" % (key, environ[key])).encode("latin-1") for key in keys]
`;

function siteFile(folder: string, made: Certificates): string {
  const certificate = (name: string) =>
    `SSLEngine on\nSSLCertificateFile ${made.path(`${name}.pem`)}\nSSLCertificateKeyFile ${made.path(`${name}.key`)}`;
  const mounts = ['env', 'plain-env', 'legacy-env', 'certs', 'user-env', 'header-env'].map(
    (name) => `WSGIScriptAlias /${name} ${folder}/env.py`,
  );
  return `
LoadModule ssl_module ${apache?.modules}/mod_ssl.so
LoadModule headers_module ${apache?.modules}/mod_headers.so
LogLevel info
DocumentRoot ${folder}/www
<Directory ${folder}>
  Require all granted
</Directory>
SSLSessionCache none
<VirtualHost *>
  ServerName one.test
  ${certificate('one')}
  SSLCACertificateFile ${made.path('root.pem')}
  SSLVerifyClient optional_no_ca
  ${mounts.join('\n')}
  Redirect /away /elsewhere
  <Location /env>
    SSLOptions +StdEnvVars
  </Location>
  <Location /legacy-env>
    SSLOptions +StdEnvVars +LegacyDNStringFormat
  </Location>
  <Location /certs>
    SSLOptions +ExportCertData
  </Location>
  <Location /header-env>
    RequestHeader set X-Protocol "%{SSL_PROTOCOL}s"
    RequestHeader set X-Certificate "%{SSL_CLIENT_CERT}s"
    RequestHeader set X-None "%{SSL_NOTHING}s"
  </Location>
  <Location /user-env>
    SSLUserName SSL_CLIENT_S_DN_CN
  </Location>
  <Location /needed>
    SSLVerifyClient require
  </Location>
  <Location /ssl>
    Require ssl
  </Location>
  <Location /required>
    SSLRequireSSL
  </Location>
  <Location /verified>
    Require ssl-verify-client
  </Location>
  <Location /old>
    SSLRequire %{SSL_CLIENT_S_DN_O} eq "Example, Inc" and %{SSL_CIPHER_USEKEYSIZE} >= 128
  </Location>
  <Location /in>
    SSLRequire ( %{SSL_CLIENT_S_DN_OU} eq "az" and %{SSL_CLIENT_S_DN_CN} in {"x", "Manfred Mann"} ) or %{SSL_CLIENT_VERIFY} eq "SUCCESS"
  </Location>
  <Location /expr>
    Require expr "%{SSL_PROTOCOL} == 'TLSv1.3' && %{HTTPS} == 'on' && %{REQUEST_SCHEME} == 'https'"
  </Location>
  <Location /fake>
    SSLOptions +FakeBasicAuth
    AuthType Basic
    AuthName certificates
    AuthBasicProvider file
    AuthUserFile ${folder}/users
    Require valid-user
  </Location>
</VirtualHost>
<VirtualHost *>
  ServerName two.test
  ${certificate('two')}
  SSLProtocol -all +TLSv1.2
</VirtualHost>
<VirtualHost *>
  ServerName twin.test
  ${certificate('one')}
  SSLCACertificateFile ${made.path('root.pem')}
  SSLVerifyClient optional_no_ca
</VirtualHost>
<VirtualHost *>
  ServerName bare.test
</VirtualHost>
<VirtualHost *>
  ServerName strict.test
  ${certificate('one')}
  SSLCACertificateFile ${made.path('root.pem')}
  SSLCARevocationFile ${made.path('root.crl')}
  SSLCARevocationCheck chain
  SSLVerifyClient require
</VirtualHost>
<VirtualHost *>
  ServerName loose.test
  ${certificate('one')}
  SSLCACertificateFile ${made.path('root.pem')}
  SSLVerifyClient optional_no_ca
  SSLOptions +StdEnvVars
  WSGIScriptAlias /env ${folder}/env.py
</VirtualHost>
`;
}

describe.skipIf(apache === undefined)('Apache and modhost agree over TLS', () => {
  let folder: string;
  let made: Certificates;
  let ofApache: RunningServer;
  let ofModhost: RunningServer;

  beforeAll(async () => {
    folder = makeFolder();
    made = makeCertificates(join(folder, 'tls'));
    for (const name of ['dir', 'ssl', 'required', 'verified', 'old', 'in', 'expr', 'fake', 'needed', ''])
      mkdirSync(join(folder, 'www', name), { recursive: true });
    for (const name of ['dir', 'ssl', 'required', 'verified', 'old', 'in', 'expr', 'fake', 'needed', ''])
      writeFileSync(join(folder, 'www', name, 'f.txt'), 'file\n');
    writeFileSync(join(folder, 'env.py'), environ);
    writeFileSync(
      join(folder, 'users'),
      'alice:{SHA}8PjHfLwrXfA/Jiz8gGjZDiDk3zk=\n/C=DE/O=Example, Inc/OU=az/CN=J\\xC3\\xB6rg/emailAddress=joe@example.com:xxj31ZMTZzkVA\n',
    );
    chmodSync(folder, 0o755);
    const text = siteFile(folder, made);
    ofApache = await startServer('Apache', text, folder);
    ofModhost = await startServer('modhost', text, folder);
  });
  afterAll(async () => {
    await ofApache?.stop();
    await ofModhost?.stop();
    removeFolder(folder);
  });

  it('has enough to compare', () => {
    expect(asks.length).toBeGreaterThanOrEqual(70);
  });

  it.each(
    asks.map(
      (ask) =>
        [
          [ask.host ?? 'one.test', ask.path, ask.client ?? '', ...(ask.options ?? [])].join(' '),
          ask,
        ] as const,
    ),
  )('%s', async (_, ask) => {
    const [wanted, got] = [await send(ofApache, ask), await send(ofModhost, ask)];
    if (ask.difference === undefined) expect(got).toEqual(wanted);
    else expect(got, `no difference any more: ${ask.difference}`).not.toEqual(wanted);
  });

  it.each(['/f.txt', '/ssl/f.txt'])('on plain HTTP for %s where TLS is spoken', async (path) => {
    const ask = async ({ port }: RunningServer) => {
      const { status, headers } = await curl(`http://one.test:${port}${path}`);
      return { status, connection: headers.get('connection') };
    };
    expect(await ask(ofModhost)).toEqual(await ask(ofApache));
  });

  async function send({ port }: RunningServer, { host = 'one.test', path, options = [], client }: Ask) {
    const key = (name: string) => made.path(`${name.replace('-chain', '')}.key`);
    const certificate =
      client === undefined ? [] : ['--cert', made.path(`${client}.pem`), '--key', key(client)];
    const answer = await curl(`https://${host}:${port}${path}`, '-k', ...certificate, ...options);
    const own = (text: string | undefined) => text?.replaceAll(String(port), 'PORT');
    return {
      isAnswered: answer.exitCode === 0,
      status: answer.status,
      location: own(answer.headers.get('location')),
      challenge: answer.headers.get('www-authenticate'),
      ...(answer.status === 200 ? { body: own(answer.body) } : {}),
    };
  }
});
