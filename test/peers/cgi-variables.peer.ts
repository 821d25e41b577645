import { mkdirSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  end,
  type FastcgiBackend,
  startFastcgiBackend,
  stdout,
} from '../features/proxying/fastcgi-backend.js';
import { type ScgiBackend, startScgiBackend } from '../features/proxying/scgi-backend.js';
import { apache } from './installed.js';
import { type Host, makeFolder, type RunningServer, removeFolder, startServer } from './server.js';

/** What Apache tells FastCGI and SCGI servers, modhost tells them, too: the same site file, the same requests. */

type Headers = Readonly<Record<string, string>>;

/** Name and value of headers, behind method and path. */
type Ask = readonly [method: string, path: string, headers?: Headers, body?: string];

const requests: readonly Ask[] = [
  ['GET', '/f/'],
  ['GET', '/f/a%20b/c.php/d?x=1&y=%20'],
  ['GET', '/f//x//%C3%A9/../y?'],
  ['GET', '/fx'],
  ['POST', '/fx/a%3fb', { 'Content-Type': 'text/x', 'Content-Length': '4' }, 'body'],
  ['POST', '/fx', { 'Content-Length': '0' }, ''],
  ['PUT', '/fx', { 'Transfer-Encoding': 'chunked' }, 'body'],
  [
    'GET',
    '/fx',
    { Authorization: 'Basic YTpi', Cookie: 'a=1', Proxy: 'x', 'X-One': '1', X_Two: '2', TE: 'trailers' },
  ],
  ['GET', '/fu/x/y.php'],
  ['GET', '/match/dir/a.php/more/info?z'],
  ['GET', '/bare/a%20b'],
  ['GET', '/trusted', { Authorization: 'Basic YTpi' }],
  ['GET', '/changed?q', { 'X-One': '1' }],
  ['GET', '/changed'],
  ['GET', '/a.php'],
  ['GET', '/a.php/path//info?q'],
  ['GET', '/a%20b.php'],
  ['GET', '/none.php'],
  ['GET', '/'],
  ['GET', '/dir/'],
  ['POST', '/a.php', { 'Content-Type': 'text/x', 'Content-Length': '4' }, 'body'],
  ['OPTIONS', '/a.php'],
  ['GET', '/all/nothing/here'],
  ['GET', '/all/a.php/'.slice(0, -1)],
  ['GET', '/all/empty/'],
  ['GET', '/alls/a.php/more'],
  ['GET', '/login/a.php', { Authorization: `Basic ${Buffer.from('alice:wonderland').toString('base64')}` }],
  ['GET', '/back/no/such?q=1'],
  ['GET', '/back/none.php'],
  ['GET', '/error/none.txt?q'],
  ['GET', '/nice/url?q=1'],
  ['GET', '/s/a%20b?q=%20'],
  ['POST', '/s/', { 'Content-Type': 'text/x', 'Content-Length': '4' }, 'body'],
  ['GET', '/su/x/y'],
];

/** Of Apache's process, or of the connection. */
const ignored =
  /^(PATH|SERVER_SIGNATURE|SERVER_SOFTWARE|SERVER_ADMIN|REMOTE_PORT|proxy-nokeepalive|(REDIRECT_)?SCRIPT_UR[IL])$/;

describe.skipIf(apache === undefined)('FastCGI and SCGI servers are told the same', () => {
  let folder: string;
  const servers = new Map<Host, RunningServer>();
  const fastcgi: FastcgiBackend[] = [];
  const scgi: ScgiBackend[] = [];

  beforeAll(async () => {
    folder = makeFolder();
    const root = join(folder, 'root');
    for (const name of [
      'a.php',
      'a b.php',
      'index.php',
      'dir/index.php',
      'login/a.php',
      'back/index.php',
      'error/page.php',
      'empty/f.txt',
    ]) {
      mkdirSync(join(root, name, '..'), { recursive: true });
      writeFileSync(join(root, name), '<?php');
    }
    writeFileSync(join(folder, 'users'), 'alice:{SHA}tiY7sUhYKUwI5L3866kDY+ENcrQ=\n');
    const answerFastcgi = startFastcgiBackend.bind(undefined, ({ variables, body }, socket) => {
      socket.end(stdout(`Content-Type: text/plain\r\n\r\n${list(variables, body)}`) + end(), 'latin1');
    });
    const answerScgi = startScgiBackend.bind(undefined, ({ variables, body }, socket) => {
      socket.end(`Content-Type: text/plain\r\n\r\n${list(variables, body)}`, 'latin1');
    });
    fastcgi.push(await answerFastcgi());
    scgi.push(await answerScgi());
    const f = `fcgi://127.0.0.1:${fastcgi[0]?.port}`;
    const s = `scgi://127.0.0.1:${scgi[0]?.port}`;
    const siteFile = `
DocumentRoot ${root}
DirectoryIndex index.php
SetEnv FROM_SITE one
SetEnvIf Request_URI . FROM_RULE=two
ProxyPass /f/ ${f}/
ProxyPass /fx ${f}/srv/app
ProxyPass /fu/ ${f}/srv/www/
ProxyPassMatch "^/match/(.*\\.php(/.*)?)$" "${f}/srv/www/$1"
ProxyPass /s/ ${s}/
ProxyPass /su/ ${s}/srv/www/
<Location /bare>
ProxyPass ${f}/srv
ProxyFCGIBackendType GENERIC
</Location>
<Location /trusted>
ProxyPass ${f}/srv
CGIPassAuth On
</Location>
<Location /changed>
ProxyPass ${f}/srv
ProxyFCGISetEnvIf true SCRIPT_FILENAME /made/up
ProxyFCGISetEnvIf "reqenv('QUERY_STRING') == 'q'" WITH_QUERY "%{reqenv:SCRIPT_NAME}"
ProxyFCGISetEnvIf "reqenv('SCRIPT_FILENAME') =~ m#/made(.*)#" CAUGHT "$1-%{REQUEST_METHOD}"
ProxyFCGISetEnvIf "-n %{HTTP:X-One}" ONE "%{HTTP:X-One}"
ProxyFCGISetEnvIf true EMPTY
ProxyFCGISetEnvIf true !FROM_SITE
</Location>
<Directory ${root}>
Require all granted
</Directory>
<FilesMatch "\\.php$">
SetHandler "proxy:${f}"
</FilesMatch>
Alias /alls ${root}
<Location /alls/>
SetHandler "proxy:${s}/base"
</Location>
Alias /all ${root}
<Location /all/>
SetHandler "proxy:${f}/base"
</Location>
<Location /login>
AuthType Basic
AuthName login
AuthUserFile ${folder}/users
Require valid-user
</Location>
<Directory ${root}/back>
FallbackResource /back/index.php
</Directory>
<Directory ${root}/error>
ErrorDocument 404 /error/page.php
</Directory>
RewriteEngine On
RewriteRule ^/nice/ /index.php [PT]
<Proxy *>
Require all granted
</Proxy>`;
    for (const host of ['Apache', 'modhost'] as const)
      servers.set(host, await startServer(host, siteFile, folder));
  });
  afterAll(async () => {
    for (const server of servers.values()) await server.stop();
    for (const backend of [...fastcgi, ...scgi]) await backend.stop();
    removeFolder(folder);
  });

  const named = requests.map((ask) => [`${ask[0]} ${ask[1]}`, ask] as const);
  it.each(named)('of %s', async (_, [method, path, headers = {}, body = '']) => {
    const ask = async (host: Host) => {
      const { port } = servers.get(host) as RunningServer;
      const { status, text } = await send(port, method, path, headers, body);
      const lines = text.replaceAll(`:${port}`, ':PORT').replaceAll(`=${port}\n`, '=PORT\n').split('\n');
      return { status, lines: lines.filter((line) => !ignored.test(line.split('=')[0] ?? '')).sort() };
    };
    const wanted = await ask('Apache');
    expect(wanted.lines.join()).toContain('SCRIPT_FILENAME');
    expect(await ask('modhost')).toEqual(wanted);
  });
});

async function send(port: number, method: string, path: string, headers: Headers, body: string) {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false }, resolve);
    request.on('error', reject);
    request.end(body === '' ? undefined : body);
  });
  return { status: answer.statusCode, text: (await buffer(answer)).toString('latin1') };
}

function list(variables: ReadonlyMap<string, string>, body: string): string {
  return `${[...variables].map((pair) => pair.join('=')).join('\n')}\nbody ${body}`;
}
