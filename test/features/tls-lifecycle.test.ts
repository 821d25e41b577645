import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';
import { Certificates } from '../tls/certificates.js';
import { curl } from '../tls/curl.js';

let folder: string;
let made: Certificates;
let server: RunningServer | undefined;

beforeEach(() => {
  folder = makeFolder();
  mkdirSync(join(folder, 'www'));
  writeFileSync(join(folder, 'www/f.txt'), 'file\n');
  made = new Certificates(join(folder, 'tls'));
  for (const name of ['first', 'second'])
    made.make(name, { subject: `/CN=${name}`, extensions: 'subjectAltName=DNS:one.test' });
  use('first');
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  removeFolder(folder);
});

/** What certbot does when it has renewed a certificate. */
function use(name: string): void {
  for (const kind of ['pem', 'key']) copyFileSync(made.path(`${name}.${kind}`), made.path(`live.${kind}`));
  chmodSync(made.path('live.key'), 0o600);
}

const site = (more = '') => `
DocumentRoot ${folder}/www
LogLevel info
${more}
SSLEngine on
SSLCertificateFile ${made.path('live.pem')}
SSLCertificateKeyFile ${made.path('live.key')}
<Directory ${folder}>
Require all granted
</Directory>
`;

function shownName(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    socket.on('secureConnect', () => {
      resolve(socket.getPeerX509Certificate()?.subject ?? '');
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

/** What `modhost -t` says of a site file. */
function check(text: string): Promise<{ code: number; said: string }> {
  const file = join(folder, 'check.conf');
  writeFileSync(file, `Listen 127.0.0.1:1\nServerName one.test\n${text}`);
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(projectRoot, 'dist/main.js'), '-t', '-f', file, '-d', folder],
      (error, _out, said) => resolve({ code: Number(error?.code ?? 0), said }),
    );
  });
}

describe('certificates', () => {
  it('are read again by graceful; one that cannot be used leaves the old one', async () => {
    server = await startServer('modhost', site(), folder);
    expect(await shownName(server.port)).toBe('CN=first');
    use('second');
    server.process.kill('SIGUSR1');
    const { port } = server;
    await expect.poll(() => shownName(port), { timeout: 15_000 }).toBe('CN=second');
    copyFileSync(made.path('first.key'), made.path('live.key'));
    server.process.kill('SIGUSR1');
    await server.logged('the configuration before it stays in force');
    expect(server.log()).toContain('does not belong to the certificate');
    expect(await shownName(port)).toBe('CN=second');
  });

  it.skipIf(process.getuid?.() !== 0)('have keys that only root can read', async () => {
    chmodSync(join(folder, 'tls'), 0o700);
    server = await startServer('modhost', site('User nobody\nGroup nogroup'), folder);
    expect((await curl(`https://one.test:${server.port}/f.txt`, '-k')).body).toBe('file\n');
    expect(server.log()).not.toContain('PRIVATE KEY');
  });

  it('have keys with a password that a program tells', async () => {
    made.openssl('pkey', '-in', 'first.key', '-aes128', '-passout', 'pass:sesame', '-out', 'live.key');
    writeFileSync(join(folder, 'password'), '#!/bin/sh\necho "$1 $2" >>"$0.asked"\necho sesame\n', {
      mode: 0o755,
    });
    const dialog = `SSLPassPhraseDialog exec:${folder}/password`;
    server = await startServer('modhost', site(dialog), folder);
    expect((await curl(`https://one.test:${server.port}/f.txt`, '-k')).body).toBe('file\n');
    expect((await check(site())).said).toContain('MH0904');
  });

  it('stop no signal from ending the server', async () => {
    server = await startServer('modhost', site(), folder);
    const idle = connectTls({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false });
    idle.on('error', () => {});
    await new Promise((resolve) => idle.once('secureConnect', resolve));
    const closed = new Promise((resolve) => idle.once('close', resolve));
    idle.resume();
    server.process.kill('SIGTERM');
    await closed;
    await server.logged('shutting down');
  });
});

describe('modhost -t', () => {
  const names: readonly [string, string, () => void, number][] = [
    ['MH0901', 'expected a file that exists', () => rmSync(made.path('live.pem')), 1],
    [
      'MH0902',
      'holds no certificate in PEM form',
      () => writeFileSync(made.path('live.pem'), 'nothing\n'),
      1,
    ],
    [
      'MH0902',
      'holds no private key in PEM form',
      () => writeFileSync(made.path('live.key'), 'nothing\n'),
      1,
    ],
    [
      'MH0902',
      'holds no certificate that can be used',
      () =>
        writeFileSync(
          made.path('live.pem'),
          '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
        ),
      1,
    ],
    [
      'MH0903',
      'does not belong to the certificate',
      () => copyFileSync(made.path('second.key'), made.path('live.key')),
      1,
    ],
    [
      'MH0904',
      'is encrypted',
      () => made.openssl('pkey', '-in', 'first.key', '-aes128', '-passout', 'pass:x', '-out', 'live.key'),
      1,
    ],
    ['MH0705', 'can be read by everybody', () => chmodSync(made.path('live.key'), 0o644), 0],
  ];
  it.each(names)('says %s: %s', async (code, words, spoil, exitCode) => {
    spoil();
    const { said, code: got } = await check(site());
    expect(said).toContain(words);
    if (code !== 'MH0705') expect(said).toContain(code);
    expect(got).toBe(exitCode);
    expect(said.includes('Syntax OK')).toBe(exitCode === 0);
  });

  it('is content with what is good', async () => {
    const { said } = await check(site());
    expect(said).toBe('Syntax OK\n');
  });

  it.each([
    ['expired', -1, 'MH0905'],
    ['about to expire', 5, 'MH0905'],
  ])('warns of a certificate that is %s', async (_, days, code) => {
    made.make('live', { subject: '/CN=one.test', extensions: 'subjectAltName=DNS:one.test', days });
    chmodSync(made.path('live.key'), 0o600);
    const { said } = await check(site());
    expect(said).toContain(`warning ${code}: SSLCertificateFile`);
    expect(said).toContain('Syntax OK');
  });

  it('warns of names that are not in it', async () => {
    made.make('live', { subject: '/CN=other.test', extensions: 'subjectAltName=DNS:other.test' });
    chmodSync(made.path('live.key'), 0o600);
    const { said } = await check(site());
    expect(said).toContain('warning MH0906: SSLCertificateFile');
    expect(said).toContain('is not made out for one.test');
  });
});
