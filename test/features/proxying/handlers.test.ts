import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../../peers/server.js';
import { askRaw } from '../raw-client.js';
import { end, type FastcgiBackend, startFastcgiBackend, stdout } from './fastcgi-backend.js';

/** `SetHandler "proxy:…"`: files, and what looks like them, that another server answers for. */

let folder: string;
let root: string;
let server: RunningServer;
let backend: FastcgiBackend;
let web: Server;
let webUrl = '';

beforeAll(async () => {
  folder = makeFolder();
  root = join(folder, 'root');
  backend = await startFastcgiBackend(
    (request, socket) => {
      const query = request.variables.get('QUERY_STRING');
      const status = query === 'missing' ? 'Status: 404 No Such Thing\r\n' : '';
      const lines = [...request.variables].map(([name, value]) => `${name}=${value}\n`);
      const text = `${status}Content-Type: text/plain\r\n\r\n${lines.join('')}|${request.body}|`;
      socket.write(stdout(text) + stdout('') + end(), 'latin1');
    },
    { path: join(folder, 'f.sock') },
  );
  web = createServer(({ url, headers }, response) => response.end(`${url} of ${headers.host}`));
  web.listen(0, '127.0.0.1');
  await once(web, 'listening');
  const address = web.address();
  webUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const files = {
    'index.php': '<?php secret();',
    'a.php': '<?php secret();',
    'a b.php': '<?php secret();',
    'q?.php': '<?php secret();',
    'plain.txt': 'plain',
    'no-index/plain.txt': 'plain',
    'with-index/index.php': '<?php secret();',
    'late/index.html': 'the second name',
    'closed/a.php': '<?php secret();',
    'fallback/index.php': '<?php secret();',
    'own/.htaccess': 'SetHandler none\n',
    'own/a.php': 'shown',
    'said/.htaccess': `AddHandler "proxy:unix:${folder}/f.sock|fcgi://said.example" .said\n`,
    'said/a.said': 'secret',
    'web/page one.html': 'secret',
    'off/a.html': 'secret',
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  server = await startServer(
    'modhost',
    `
DocumentRoot ${root}
DirectoryIndex index.php index.html
ErrorDocument 404 /a.php
<Directory ${root}>
Require all granted
AllowOverride FileInfo
</Directory>
<FilesMatch "\\.php$">
SetHandler "proxy:unix:${folder}/f.sock|fcgi://localhost"
</FilesMatch>
<Proxy "unix:${folder}/f.sock|fcgi://localhost/">
Require all denied
ProxySet timeout=3
</Proxy>
<Directory ${root}/closed>
AuthType Basic
AuthName closed
AuthUserFile ${folder}/users
Require valid-user
</Directory>
<Directory ${root}/fallback>
FallbackResource /fallback/index.php
</Directory>
<Location /all/>
SetHandler "proxy:unix:${folder}/f.sock|fcgi://localhost/base"
RequestHeader append X-Seen once
</Location>
Alias /all/ ${root}/
RewriteEngine On
RewriteRule ^/ruled/(.*)$ ${root}/$1 [H=PROXY:unix:${folder}/f.sock|fcgi://Ruled.example]
<Location /web/>
SetHandler "proxy:${webUrl}/site"
</Location>
<Location /off/>
SetHandler "proxy:http://127.0.0.1:1"
</Location>`,
    folder,
  );
  writeFileSync(join(folder, 'users'), 'alice:{SHA}tiY7sUhYKUwI5L3866kDY+ENcrQ=\n');
});
afterAll(async () => {
  await server?.stop();
  await backend?.stop();
  web?.close();
  removeFolder(folder);
});

const ask = async (path: string, method = 'GET', rest = '\r\n') => {
  const { text, statuses } = await askRaw(
    server.port,
    `${method} ${path} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n${rest}`,
  );
  expect(text).not.toContain('secret');
  return { text, status: statuses[0] };
};

describe('a handler that is a server', () => {
  it.each([
    ['/a.php', '/a.php', 'a.php', undefined],
    ['/a.php/more//info', '/a.php', 'a.php', '/more/info'],
    ['/a%20b.php?x', '/a b.php', 'a b.php', undefined],
    ['/nothing.php', '/nothing.php', 'nothing.php', undefined],
    ['/', '/index.php', 'index.php', undefined],
    ['/with-index/', '/with-index/index.php', 'with-index/index.php', undefined],
    ['/fallback/no/such', '/fallback/index.php', 'fallback/index.php', undefined],
    ['/fallback/none.php', '/fallback/none.php', 'fallback/none.php', undefined],
  ])('is told the file of %s', async (path, scriptName, file, pathInfo) => {
    const { text, status } = await ask(path);
    expect(status).toBe(200);
    expect(text).toContain(`SCRIPT_NAME=${scriptName}\n`);
    expect(text).toContain(`SCRIPT_FILENAME=proxy:fcgi://localhost${root}/${file}\n`);
    expect(text).toContain(`DOCUMENT_ROOT=${root}\n`);
    if (pathInfo === undefined) expect(text).not.toContain('PATH_INFO');
    else {
      expect(text).toContain(`PATH_INFO=${pathInfo}\n`);
      expect(text).toContain(`PATH_TRANSLATED=${root}${pathInfo}\n`);
    }
  });

  it('gets every method, and the body', async () => {
    expect((await ask('/a.php', 'PUT', 'Content-Length: 2\r\n\r\nok')).text).toContain('|ok|');
    expect((await ask('/a.php', 'OPTIONS')).text).toContain('REQUEST_METHOD=OPTIONS');
  });

  it('answers for a directory that has no index, once it is asked with a slash', async () => {
    expect((await ask('/all/no-index')).status).toBe(301);
    const { text } = await ask('/all/no-index/');
    expect(text).toContain(`SCRIPT_FILENAME=proxy:fcgi://localhost/base${root}/no-index/\n`);
    expect(text).toContain('HTTP_X_SEEN=once\n');
  });

  it('is no index where there is no such file', async () => {
    expect((await ask('/late/')).text).toContain('the second name');
    expect((await ask('/no-index/')).status).toBe(403);
  });

  it('leaves other files alone, and those that an inner section or a .htaccess file takes from it', async () => {
    expect((await ask('/plain.txt')).text).toContain('\r\n\r\nplain');
    // <FilesMatch> comes after .htaccess files.
    expect((await ask('/own/a.php')).text).toContain('SCRIPT_NAME=/own/a.php');
    expect((await ask('/said/a.said')).text).toContain(
      `SCRIPT_FILENAME=proxy:fcgi://said.example${root}/said/a.said\n`,
    );
  });

  it('answers only whom the directory lets in', async () => {
    const before = backend.requests.length;
    expect((await ask('/closed/a.php')).status).toBe(401);
    expect(backend.requests).toHaveLength(before);
    const { text } = await ask(
      '/closed/a.php',
      'GET',
      'Authorization: Basic YWxpY2U6d29uZGVybGFuZA==\r\n\r\n',
    );
    expect(text).toContain('REMOTE_USER=alice\n');
    expect(text).not.toContain('HTTP_AUTHORIZATION');
  });

  it('keeps the status of the error that it writes the page for', async () => {
    const { text, status } = await ask('/none.txt');
    expect(status).toBe(404);
    expect(text).toContain('REDIRECT_URL=/none.txt\n');
    expect((await ask('/a.php?missing')).text).toMatch(/^HTTP\/1.1 404 No Such Thing\r\n/);
  });

  it('is told no name that it would read in another way', async () => {
    expect((await ask('/q%3f.php')).status).toBe(403);
    await server.logged("a name with '?'");
  });

  it('may speak HTTP', async () => {
    const { text } = await ask('/web/page%20one.html?q');
    expect(text).toContain(`/site${root}/web/page%20one.html?q of ${webUrl.slice('http://'.length)}`);
  });

  it('may be chosen by a rule', async () => {
    expect((await ask('/ruled/plain.txt/more')).text).toContain(
      `SCRIPT_FILENAME=proxy:fcgi://Ruled.example${root}/plain.txt\n`,
    );
  });

  it('is answered for when it is not there', async () => {
    expect((await ask('/off/a.html')).status).toBe(503);
    await server.logged('SetHandler of');
  });
});
