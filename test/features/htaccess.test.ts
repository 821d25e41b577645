import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic } from '../peers/browser-session.js';
import { projectRoot } from '../peers/installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';

const isRoot = process.getuid?.() === 0;

/** Each case has a directory of its own, that its .htaccess file stands in. What Apache says to most of it: `test/peers/differential/`. */
describe('a .htaccess file', () => {
  let folder: string;
  let server: RunningServer;

  const write = (path: string, text: string) => {
    mkdirSync(join(folder, 'documents', path, '..'), { recursive: true });
    writeFileSync(join(folder, 'documents', path), text);
  };

  beforeAll(async () => {
    folder = makeFolder();
    mkdirSync(join(folder, 'documents'));
    writeFileSync(join(folder, 'users'), 'alice:{SHA}tiY7sUhYKUwI5L3866kDY+ENcrQ=\n');
    for (const name of ['auth.py', 'auth.mjs'])
      copyFileSync(join(projectRoot, 'test/features/apps', name), join(folder, name));
    server = await startServer(
      'modhost',
      `${isRoot ? 'User nobody\nGroup nogroup' : ''}
DocumentRoot ${folder}/documents
<Directory />
    AllowOverride None
    Require all denied
</Directory>
<Directory ${folder}/documents>
    AllowOverride All
    Require all granted
</Directory>
<Directory ${folder}/documents/little>
    AllowOverride FileInfo
</Directory>
<Directory ${folder}/documents/never>
    AllowOverride None
</Directory>
WSGIScriptAlias /mounted ${folder}/documents/scripts/app.mjs
`,
      folder,
    );
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const ask = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(server.origin + path, { headers, redirect: 'manual' });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  const statusOf = async (path: string, headers: Record<string, string> = {}) =>
    (await ask(path, headers)).status;

  it('protects from the moment it is there until it is gone', async () => {
    write('moment/f.txt', 'f');
    expect(await statusOf('/moment/f.txt')).toBe(200);
    for (let round = 0; round < 3; round += 1) {
      write(
        'moment/.htaccess',
        `AuthType Basic\nAuthName r\nAuthUserFile ${folder}/users\nRequire valid-user`,
      );
      expect(await statusOf('/moment/f.txt')).toBe(401);
      expect(await statusOf('/moment/f.txt', basic('alice', 'wonderland'))).toBe(200);
      write(
        'moment/.htaccess',
        `AuthType Basic\nAuthName r\nAuthUserFile ${folder}/users\nRequire user someone`,
      );
      expect(await statusOf('/moment/f.txt', basic('alice', 'wonderland'))).toBe(401);
      rmSync(join(folder, 'documents/moment/.htaccess'));
      expect(await statusOf('/moment/f.txt')).toBe(200);
    }
  });

  it.each([
    ['wrong', 'Nonsense on stilts', 500, '1:1: Nonsense: is not a known directive'],
    [
      'unclosed',
      '\n<Files f.txt>\nRequire all denied\n',
      500,
      '2:1: <Files>: expected </Files> before the end',
    ],
    ['little', 'Require all granted', 500, '1:1: Require not allowed here; AllowOverride AuthConfig for'],
    ['unsupported', 'AddInputFilter own .txt', 500, '1:1: AddInputFilter: not supported yet'],
  ])('that is %s (%j) answers %s with its place in the log', async (name, text, status, line) => {
    write(`${name}/f.txt`, 'f');
    write(`${name}/.htaccess`, text);
    const answer = await ask(`/${name}/f.txt`);
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain('htaccess');
    await server.logged(line);
    expect(server.log()).toMatch(new RegExp(`\\[core:alert\\].*${folder}/documents/${name}/\\.htaccess:`));
  });

  it.each(['folder', ...(isRoot ? ['unreadable'] : [])])('that is %s answers 403', async (name) => {
    write(`${name}/f.txt`, 'f');
    if (name === 'folder') mkdirSync(join(folder, 'documents', name, '.htaccess'));
    else {
      write(`${name}/.htaccess`, 'Require all granted');
      chmodSync(join(folder, 'documents', name, '.htaccess'), 0);
    }
    expect(await statusOf(`/${name}/f.txt`)).toBe(403);
    await server.logged(`${name}/.htaccess: unable to check htaccess file, ensure it is readable`);
  });

  it('that nobody looks at may hold anything', async () => {
    write('never/f.txt', 'f');
    write('never/.htaccess', 'Nonsense');
    expect(await statusOf('/never/f.txt')).toBe(200);
  });

  it('counts for a mounted script that lies beside it', async () => {
    write('scripts/app.mjs', 'export default { fetch: () => new Response("mounted") };');
    expect((await ask('/mounted/x')).text).toBe('mounted');
    write(
      'scripts/.htaccess',
      'Redirect 410 /mounted/gone\n<Files app.mjs>\nRequire env LET_IN\n</Files>\nSetEnvIf X-Let yes LET_IN',
    );
    expect(await statusOf('/mounted/x')).toBe(403);
    expect(await statusOf('/mounted/x', { 'X-Let': 'yes' })).toBe(200);
    expect(await statusOf('/mounted/gone', { 'X-Let': 'yes' })).toBe(410);
  });

  it.each(['py', 'mjs'])('may name the script that checks passwords (%s)', async (extension) => {
    write(`login-${extension}/f.txt`, 'f');
    write(
      `login-${extension}/.htaccess`,
      `AuthType Basic\nAuthName r\nAuthBasicProvider wsgi\nWSGIAuthUserScript ${folder}/auth.${extension}\nRequire valid-user`,
    );
    expect(await statusOf(`/login-${extension}/f.txt`)).toBe(401);
    expect(await statusOf(`/login-${extension}/f.txt`, basic('true', 'x'))).toBe(200);
    expect(await statusOf(`/login-${extension}/f.txt`, basic('false', 'x'))).toBe(401);
  });

  it('may turn its files into applications, and changes of it take effect', async () => {
    write('run/hello.mjs', 'export default { fetch: () => new Response("ran") };');
    write('run/.htaccess', 'Options +ExecCGI\nAddHandler wsgi-script .mjs');
    expect((await ask('/run/hello.mjs')).text).toBe('ran');
    write('run/.htaccess', 'AddHandler wsgi-script .mjs\nOptions -ExecCGI');
    expect(await statusOf('/run/hello.mjs')).toBe(403);
  });

  it('may change header fields and error pages', async () => {
    write('pages/f.txt', 'f');
    write('pages/.htaccess', 'Header set X-From htaccess\nErrorDocument 404 "own words"');
    expect((await ask('/pages/f.txt')).headers.get('x-from')).toBe('htaccess');
    expect((await ask('/pages/nothing')).text).toBe('own words');
  });
});
