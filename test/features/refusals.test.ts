import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic } from '../peers/browser-session.js';
import { projectRoot } from '../peers/installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';

const isRoot = process.getuid?.() === 0;

/** What a visitor must not get, with the status that says so and the log line that says why. */
describe('a refused request', () => {
  let folder: string;
  let server: RunningServer;

  beforeAll(async () => {
    folder = makeFolder();
    writeFileSync(
      join(folder, 'users'),
      'alice:$2y$05$t1htpIUzabDFr5KXAP505uqaaMv556ifUJCRdfncG1txVu6Gf08f6\n',
    );
    for (const name of ['auth.py', 'auth.mjs']) {
      copyFileSync(join(projectRoot, 'test/features/apps', name), join(folder, name));
    }
    for (const name of ['unreadable.py', 'unreadable.mjs']) {
      writeFileSync(join(folder, name), 'application = None\n');
      chmodSync(join(folder, name), 0);
    }
    writeFileSync(join(folder, 'secret.txt'), 'the secret');
    server = await startServer(
      'modhost',
      `
${isRoot ? 'User nobody\nGroup nogroup' : ''}
WSGIDaemonProcess app threads=2
WSGIProcessGroup app
WSGIScriptAlias /unreadable-py ${folder}/unreadable.py
WSGIScriptAlias /unreadable-js ${folder}/unreadable.mjs
Alias /file ${folder}/secret.txt
Alias /no-file ${folder}/secret.txt
Alias /py ${folder}/secret.txt
Alias /js ${folder}/secret.txt
<Directory />
Require all granted
</Directory>
<Location /file>
AuthType Basic
AuthName files
AuthUserFile ${folder}/users
Require valid-user
</Location>
<Location /no-file>
AuthType Basic
AuthName files
AuthUserFile ${folder}/no-such-file
Require valid-user
</Location>
<Location /py>
AuthType Basic
AuthName python
AuthBasicProvider wsgi
WSGIAuthUserScript ${folder}/auth.py
Require valid-user
</Location>
<Location /js>
AuthType Basic
AuthName javascript
AuthBasicProvider wsgi
WSGIAuthUserScript ${folder}/auth.mjs
Require valid-user
</Location>`,
      folder,
    );
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const ask = async (path: string, user?: string, password?: string) => {
    const headers = user === undefined ? {} : basic(user, password ?? '');
    const answer = await fetch(server.origin + path, { headers });
    return {
      status: answer.status,
      body: await answer.text(),
      challenge: answer.headers.get('www-authenticate'),
    };
  };

  describe('for want of the right password', () => {
    it('gets 401 with a challenge, and the file only with the password', async () => {
      expect(await ask('/file', 'alice', 'right')).toMatchObject({ status: 200, body: 'the secret' });
      expect(await ask('/file')).toMatchObject({ status: 401, challenge: 'Basic realm="files"' });
      expect(await ask('/file', 'alice', 'wrong')).toMatchObject({
        status: 401,
        challenge: 'Basic realm="files"',
      });
      await server.logged('user alice: authentication failure for "/file": Password Mismatch');
      expect(await ask('/file', 'mallory', 'right')).toMatchObject({ status: 401 });
      await server.logged('user mallory not found: /file');
      expect(server.log()).not.toContain('wrong');
    });
  });

  it('gets 500 when the password file is missing, and the log names it', async () => {
    expect((await ask('/no-file', 'alice', 'right')).status).toBe(500);
    await server.logged(`${folder}/no-such-file`);
  });

  describe.each([
    ['Python', '/py'],
    ['JavaScript', '/js'],
  ])('by a password script in %s', (_, path) => {
    it.each([
      ['true', 200],
      ['false', 401],
      ['none', 401],
      ['name', 200],
      ['raise', 500],
      ['number', 500],
      ['empty', 500],
      ['bytes', 500],
    ])('that answers %s gets %i', async (user, status) => {
      const answer = await ask(path, user, 'pass');
      expect(answer.status).toBe(status);
      expect(answer.body.includes('the secret')).toBe(status === 200);
    });

    it('learns nothing of the script when it fails, but the log does', async () => {
      expect((await ask(path, 'raise', 'pass')).body).not.toContain('the database is away');
      await server.logged('the database is away');
    });
  });

  it.each(['/unreadable-py', '/unreadable-js'])('%s gets 500, and the log names the script', async (path) => {
    expect((await ask(path)).status).toBe(500);
    await expect
      .poll(() => server.log(), { timeout: 5_000 })
      .toMatch(/unreadable.*(EACCES|Permission denied)|(EACCES|Permission denied).*unreadable/);
  });
});
