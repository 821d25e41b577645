import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';
import { askRaw } from './raw-client.js';

/** Ways into one place by way of another: indexes, fallbacks, pages of errors and rules, where other users hold other accounts. */

/** secret */
const hash = '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=';
let folder: string;
let server: RunningServer;

beforeAll(async () => {
  folder = makeFolder();
  const documents = join(folder, 'documents');
  for (const name of ['home', 'of-admin', 'to-open', 'open', 'fallback', 'rewritten', 'page', 'inner'])
    mkdirSync(join(documents, name), { recursive: true });
  writeFileSync(join(documents, 'inner/index.html'), 'inner secret');
  writeFileSync(join(documents, 'of-admin/page'), 'what admin has');
  // Anybody may have an account outside, under any name.
  writeFileSync(join(folder, 'outer'), `admin:${hash}\n`);
  writeFileSync(join(folder, 'inner'), `admin:{SHA}nothing\nroot:${hash}\n`);
  const outer = `AuthType Basic\nAuthName outer\nAuthUserFile ${folder}/outer\nRequire valid-user`;
  server = await startServer(
    'modhost',
    `
DocumentRoot ${documents}
RewriteEngine On
RewriteCond %{LA-U:REMOTE_USER} ^admin$
RewriteRule ^/home/(.*) /of-admin/$1 [PT]
<Directory ${documents}>
Require all granted
</Directory>
<Location /home>
${outer}
</Location>
<Location /open>
${outer}
DirectoryIndex /inner/index.html
</Location>
<Location /fallback>
${outer}
FallbackResource /inner/index.html
</Location>
<Directory ${documents}/rewritten>
${outer}
RewriteEngine On
RewriteRule . /inner/index.html
</Directory>
<Location /to-open>
${outer}
FallbackResource /who
</Location>
<Location /who>
Header always set X-User expr=%{REMOTE_USER}
</Location>
<Location /page>
${outer}
ErrorDocument 404 /inner/index.html
</Location>
<Location /inner>
AuthType Basic
AuthName inner
AuthUserFile ${folder}/inner
Require expr "%{REMOTE_USER} == 'admin'"
Require user root
</Location>`,
    folder,
  );
});
afterAll(async () => {
  await server?.stop();
  removeFolder(folder);
});

function ask(target: string, credentials: string) {
  const authorization = `Authorization: Basic ${Buffer.from(credentials).toString('base64')}`;
  return askRaw(server.port, `GET ${target} HTTP/1.1\r\nHost: a.example\r\n${authorization}\r\n\r\n`);
}

describe.each(['/open/', '/fallback/x', '/rewritten/x', '/page/x'])(
  '%s leads to a place of others',
  (target) => {
    it('where who has logged in before it is nobody', async () => {
      const { statuses, text } = await ask(target, 'admin:secret');
      expect(text).not.toContain('inner secret');
      // The error whose page nobody may see stays that error.
      expect(statuses).toEqual([target === '/page/x' ? 404 : 401]);
    });
  },
);

it('an open fallback of a place is for who has logged in there', async () => {
  expect((await ask('/to-open/x', 'admin:secret')).text).toContain('X-User: admin');
  expect((await ask('/who', 'admin:secret')).text).not.toContain('admin');
});

it('a rule that asks who logs in hears of those only who may', async () => {
  expect((await ask('/home/page', 'admin:secret')).text).toContain('what admin has');
  const { statuses, text } = await ask('/home/page', 'admin:wrong');
  expect(text).not.toContain('what admin has');
  expect(statuses).toEqual([401]);
});

it('a place of others lets in who has an account there', async () => {
  expect((await ask('/inner/index.html', 'root:secret')).text).toContain('inner secret');
});
