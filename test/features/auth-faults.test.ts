import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';

const apps = join(projectRoot, 'test/features/apps');

describe('a daemon process that is asked for a password', () => {
  let folder: string;
  let server: RunningServer;

  beforeAll(async () => {
    folder = makeFolder();
    writeFileSync(join(folder, 'page'), 'in');
    writeFileSync(join(folder, 'htpasswd'), 'bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n');
    const location = (kind: string, file: string) => `
WSGIDaemonProcess auth-${kind} threads=4 socket-timeout=1 shutdown-timeout=1
<Location /${kind}>
    AuthType Basic
    AuthName Private
    AuthBasicProvider wsgi
    WSGIAuthUserScript ${apps}/${file} process-group=auth-${kind}
    Require valid-user
</Location>`;
    server = await startServer(
      'modhost',
      `
AliasMatch ^ ${join(folder, 'page')}
<Location />
    Require all granted
</Location>
${location('py', 'faulty-auth.py')}
${location('js', 'faulty-auth.mjs')}
<Location /big>
    AuthType Basic
    AuthName Private
    AuthUserFile ${folder}/htpasswd
    Require valid-user
</Location>
LimitRequestFieldSize 200000`,
      folder,
    );
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  async function ask(path: string, user: string, password = 'secret'): Promise<number> {
    const authorization = `Basic ${Buffer.from(`${user}:${password}`, 'latin1').toString('base64')}`;
    const response = await fetch(server.origin + path, { headers: { authorization } });
    await response.arrayBuffer();
    return response.status;
  }

  it.each(['/py', '/js'])(
    '%s: ends, which is a 500 with a log line, and another takes its place',
    async (path) => {
      expect(await ask(path, 'bob')).toBe(200);
      expect(await ask(path, 'die')).toBe(500);
      await expect.poll(() => ask(path, 'bob'), { timeout: 20_000 }).toBe(200);
      await expect.poll(() => server.log()).toMatch(/check_password of \S+: daemon process \d+ ended/);
    },
  );

  it.each(['/py', '/js'])(
    '%s: does not come back, which is a 500 in time, and keeps nobody else',
    async (path) => {
      await expect.poll(() => ask(path, 'bob'), { timeout: 20_000 }).toBe(200);
      const hanging = ask(path, 'hang');
      expect(await ask(path, 'amy')).toBe(200);
      expect(await hanging).toBe(500);
      await server.logged('no answer within 1 s (socket-timeout)');
    },
  );

  it('leaves other locations alone', async () => {
    const hanging = [ask('/py', 'hang'), ask('/js', 'hang')];
    expect((await fetch(`${server.origin}/open`)).status).toBe(200);
    expect(await ask('/big', 'bob')).toBe(200);
    await Promise.all(hanging);
  });

  it.each([
    ['a name that every object has', '__proto__', 'secret', 401],
    ['another of these', 'constructor', '', 401],
    ['a password of 64 kB', 'bob', 'x'.repeat(65_536), 401],
    ['a name of 64 kB', 'b'.repeat(65_536), 'secret', 401],
    ['a NUL in the name', 'bob\0', 'secret', 401],
    ['a NUL in the password, where it ends as in httpd', 'bob', 'secret\0more', 200],
    ['nothing', '', '', 401],
  ])('%s', async (_, user, password, status) => {
    expect(await ask('/big', user, password)).toBe(status);
  });
});
