import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';

const files = {
  rewritten: 'RewriteEngine On\nRewriteRule ^(a{1,50}){1,50}b$ /x',
  condition: 'RewriteEngine On\nRewriteCond %{REQUEST_URI} (?=(a+)+b)a\nRewriteRule ^ /x',
  redirected: 'RedirectMatch (?=(a+)+b)a /x',
  variable: 'SetEnvIf Request_URI ((a+)+)\\1c x',
  named: '<FilesMatch "^(?:a?){40}a{40}b$">\nRequire all denied\n</FilesMatch>',
  asked: '<If "%{REQUEST_URI} =~ m#(a+)+(?!a)b#">\nRequire all denied\n</If>',
  edited: 'Header edit X-Name (?=(a+)+b)a x\n',
};

const tooLarge = `Header always set X aa
Header always edit X "^(?:(?:(?:(?:a?){50}){50}){50}){50}(?=x)b$" y
`;

describe('a pattern that can be compared with a text in countless ways', () => {
  let folder: string;
  let server: RunningServer;

  beforeAll(async () => {
    folder = makeFolder();
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, '.htaccess'), text);
      writeFileSync(join(folder, name, 'aa'), 'short');
      writeFileSync(join(folder, name, 'a'.repeat(200)), 'long');
    }
    mkdirSync(join(folder, 'always'));
    writeFileSync(join(folder, 'always/.htaccess'), tooLarge);
    writeFileSync(join(folder, 'always/aa'), 'short');
    server = await startServer(
      'modhost',
      `
DocumentRoot ${folder}
<Directory ${folder}>
    AllowOverride All
    Require all granted
</Directory>
Header set X-Name expr=%{REQUEST_URI}
<LocationMatch "^/section/(?!(a+)+b)a+c">
    Require all denied
</LocationMatch>`,
      folder,
    );
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  it.each([...Object.keys(files), 'section'])('%s: is a fault, and holds nobody up', async (name) => {
    const status = async (path: string) => (await fetch(`${server.origin}/${name}/${path}`)).status;
    expect(await status('aa')).toBe(name === 'section' ? 404 : 200);
    expect(await status('a'.repeat(200))).toBe(500);
    expect(await status('aa')).toBe(name === 'section' ? 404 : 200);
    await server.logged('too many ways to compare');
  });

  it('is answered where it is too large for any text, and belongs to each answer', async () => {
    const page = await fetch(`${server.origin}/always/aa`, { signal: AbortSignal.timeout(5000) });
    expect(page.status).toBe(500);
    expect(page.headers.get('x')).toBeNull();
    await server.logged('too many ways to compare 2 bytes');
  });
});
