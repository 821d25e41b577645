import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic } from '../peers/browser-session.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';

const isRoot = process.getuid?.() === 0;

/** What only a running server can show; what Apache says to the rest: `test/peers/differential/`. */
describe('rewriting', () => {
  let folder: string;
  let server: RunningServer;

  const write = (path: string, text: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  };

  beforeAll(async () => {
    folder = makeFolder();
    write('users', 'alice:{SHA}tiY7sUhYKUwI5L3866kDY+ENcrQ=\n');
    write('map.txt', 'here /f.txt\n');
    write('documents/f.txt', 'f');
    write('documents/secret/f.txt', 'secret');
    write('documents/site/static.txt', 'static');
    write(
      'documents/site/.htaccess',
      `RewriteEngine On
RewriteCond %{REQUEST_FILENAME} !-f
RewriteRule ^(.*)$ /site/app.py/$1 [QSA,PT,L]
`,
    );
    write('documents/site/app.py', application);
    server = await startServer(
      'modhost',
      `${isRoot ? 'User nobody\nGroup nogroup' : ''}
DocumentRoot ${folder}/documents
<Directory ${folder}/documents>
    Require all granted
    AllowOverride FileInfo
    Options +ExecCGI
    AddHandler wsgi-script .py
</Directory>
<Directory ${folder}/documents/secret>
    AuthType Basic
    AuthName secret
    AuthUserFile ${folder}/users
    Require valid-user
</Directory>
ErrorDocument 503 /page
RewriteEngine On
RewriteMap table txt:${folder}/map.txt
RewriteRule ^/map/(.*)$ \${table:$1|/nothing}
RewriteRule ^/hidden$ /secret/f.txt
RewriteRule ^/passed$ /secret/f.txt [PT]
RewriteCond ${folder}/maintenance -f
RewriteCond %{REQUEST_URI} !^/page$
RewriteRule ^ - [R=503,L]
RewriteRule ^/page$ /f.txt
RewriteRule ^/cookie$ - [CO=a:b:.x.example,F]
RewriteRule ^/outside(.*)$ $1
RewriteRule ^/(.*)/(.*)/(.*)/(.*)/(.*)\\.php$ /f.txt
`,
      folder,
    );
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  it('is not held up by a path that a pattern can be compared with in countless ways', async () => {
    expect((await ask(`/${'a/'.repeat(1_500)}`)).status).toBe(404);
  });

  const ask = async (path: string, options: RequestInit = {}) => {
    const answer = await fetch(server.origin + path, { redirect: 'manual', ...options });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };

  it('deploys an application by a .htaccess file, body and query included', async () => {
    expect((await ask('/site/static.txt')).text).toBe('static');
    const answer = await ask('/site/a/b?x=y', { method: 'POST', body: 'the body' });
    expect(answer.text.split('\n')).toEqual([
      'POST',
      '/site/app.py',
      '/a/b',
      'x=y',
      '/site/a/b?x=y',
      '200 /site/a/b',
      'the body',
    ]);
  });

  it('lets nobody past the access rules of what it leads to', async () => {
    for (const path of ['/hidden', '/passed']) {
      expect((await ask(path)).status).toBe(401);
      expect((await ask(path, { headers: basic('alice', 'wonderland') })).text).toBe('secret');
    }
    expect((await ask('/outside/etc/passwd')).status).toBe(404);
  });

  it('follows its map files, and refuses when they are gone', async () => {
    expect((await ask('/map/here')).text).toBe('f');
    expect((await ask('/map/there')).status).toBe(404);
    write('map.txt', 'here /nothing\nthere /f.txt\n');
    expect((await ask('/map/there')).text).toBe('f');
    rmSync(join(folder, 'map.txt'));
    expect((await ask('/map/there')).status).toBe(500);
  });

  it('shows a maintenance page with its status as long as a file is there', async () => {
    expect((await ask('/f.txt')).status).toBe(200);
    write('maintenance', '');
    const answer = await ask('/f.txt');
    expect([answer.status, answer.text]).toEqual([503, 'f']);
    rmSync(join(folder, 'maintenance'));
    expect((await ask('/f.txt')).status).toBe(200);
  });

  it('sends cookies with refusals, too', async () => {
    const answer = await ask('/cookie');
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([
      403,
      'a=b; path=/; domain=.x.example',
    ]);
  });
});

const application = `
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    keys = ["REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "REQUEST_URI"]
    lines = [environ[key] for key in keys]
    lines.append(environ["REDIRECT_STATUS"] + " " + environ["REDIRECT_URL"])
    lines.append(environ["wsgi.input"].read().decode())
    return ["\\n".join(lines).encode()]
`;
