import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { makeFolder, removeFolder } from '../peers/server.js';

let folder: string;
beforeAll(() => {
  folder = makeFolder();
  mkdirSync(join(folder, 'www'));
  writeFileSync(join(folder, 'www/f.txt'), 'x');
  for (const name of ['one.pem', 'one.key']) writeFileSync(join(folder, name), 'not read here');
  writeFileSync(
    join(folder, 'site.conf'),
    `Listen 127.0.0.1:8443 https
Listen 127.0.0.1:8080
DocumentRoot www
<VirtualHost *:8443>
ServerName one.test
SSLEngine on
SSLCertificateFile one.pem
SSLCertificateKeyFile one.key
SSLCACertificateFile one.pem
<Location /needed>
SSLVerifyClient require
</Location>
<Location /old>
SSLRequire %{SSL_CIPHER_USEKEYSIZE} >= 256
</Location>
</VirtualHost>
<Location /secure>
SSLRequireSSL
</Location>
`,
  );
});
afterAll(() => removeFolder(folder));

function explain(url: string): Promise<string> {
  const words = [
    join(projectRoot, 'dist/main.js'),
    'explain',
    '-f',
    join(folder, 'site.conf'),
    '-d',
    folder,
    url,
  ];
  return new Promise((resolve) => execFile(process.execPath, words, (_error, said) => resolve(said)));
}

describe('explain', () => {
  it('tells that a request comes over TLS', async () => {
    const said = await explain('https://one.test:8443/f.txt');
    expect(said).toContain(`${folder}/site.conf:6`);
    expect(said).toContain('TLS for one.test');
    expect(said).toContain('the client shows no certificate');
    expect(said).toContain('200');
  });

  it.each([
    ['https://one.test:8443/needed', 'SSLVerifyClient require: refused', 'site.conf:11'],
    ['https://one.test:8443/old', 'SSLRequire %{SSL_CIPHER_USEKEYSIZE} >= 256: holds', 'site.conf:14'],
    ['https://one.test:8443/secure', 'SSLRequireSSL: holds', 'site.conf:18'],
    ['http://one.test:8080/secure', 'SSLRequireSSL: refused', 'site.conf:18'],
    ['http://one.test:8443/f.txt', 'answers plain HTTP with 400', ''],
    ['https://one.test:8080/f.txt', 'nobody speaks TLS', ''],
  ])('tells of %s: %s', async (url, text, place) => {
    const said = await explain(url);
    expect(said).toContain(text);
    expect(said).toContain(place);
  });

  it('shows nothing of a key', async () => {
    expect(await explain('https://one.test:8443/f.txt')).not.toContain('not read here');
  });
});
