import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';
import { askRaw } from './raw-client.js';

/** Ways around a protection: other spellings of an address, other methods, forged identities. */

const apps = join(projectRoot, 'test/features/apps');
/** alice, secret */
const users = 'alice:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n';
const alice = `Authorization: Basic ${Buffer.from('alice:secret').toString('base64')}\r\n`;
let folder: string;
let server: RunningServer;

beforeAll(async () => {
  folder = makeFolder();
  const documents = join(folder, 'documents');
  mkdirSync(join(documents, 'private'), { recursive: true });
  mkdirSync(join(documents, 'open'));
  writeFileSync(join(documents, 'private/secret.txt'), 'secret');
  writeFileSync(join(documents, 'private/index.html'), 'secret');
  symlinkSync(join(documents, 'private'), join(documents, 'open/link'));
  writeFileSync(join(folder, 'users'), users);
  const protection = `AuthType Basic\nAuthName private\nAuthUserFile ${folder}/users\nRequire valid-user`;
  const siteFile = `
DocumentRoot ${documents}
CustomLog logs/access_log common
WSGIScriptAlias /py ${apps}/echo.py application-group=%{GLOBAL}
WSGIScriptAlias /js ${apps}/echo.mjs
WSGIScriptAlias /scripts ${apps}/
<Directory />
Options -FollowSymLinks
Require all granted
</Directory>
<Directory ${documents}/private>
${protection}
</Directory>
${['/py', '/js', '/scripts/echo.py', '/scripts/echo.mjs'].map((mount) => `<Location ${mount}/private>\n${protection}\n</Location>`).join('\n')}
DirectoryIndex /private/index.html`;
  server = await startServer('modhost', siteFile, folder);
});
afterAll(async () => {
  await server?.stop();
  removeFolder(folder);
});

const ask = (line: string, fields = '') =>
  askRaw(server.port, `${line} HTTP/1.1\r\nHost: a.example\r\n${fields}\r\n`);

const spellings = [
  '/private',
  '/private/',
  '/private/x',
  '//private',
  '///private//x',
  '/./private',
  '/x/../private',
  '/%70rivate',
  '/%2e/private',
  '/x/%2E%2e/private',
  '//%2e//private',
  '/private?x',
  '/private/..%2fx',
  '/x%2f..%2fprivate',
  '/%2fprivate',
  '/private%00',
  '/x%00/../private',
];

describe.each(['/py', '/js', '/scripts/echo.py', '/scripts/echo.mjs'])('an application at %s', (mount) => {
  it.each(spellings)('is not reached as %s', async (spelling) => {
    expect([401, 404]).toContain((await ask(`GET ${mount}${spelling}`)).statuses[0]);
  });

  it.each([
    '/..%5cprivate',
    '/x/..;/private',
    '/x/%252e%252e/private',
    '/%252fprivate',
    '/%09private',
    '/.%0a./private',
  ])('sees what was decided on, and nothing else, as %s', async (spelling) => {
    const { text } = await ask(`GET ${mount}${spelling}`);
    const decided = decodeURIComponent(spelling);
    const [, pathInfo] = /"PATH_INFO": ("[^"]*")/.exec(text) ?? [];
    const [, url] = /"url":("[^"]*")/.exec(text) ?? [];
    if (pathInfo !== undefined) expect(JSON.parse(pathInfo)).toBe(decided);
    else expect(decodeURIComponent(new URL(JSON.parse(url ?? '""') as string).pathname)).toBe(decided);
  });
});

describe('a protected file', () => {
  it.each([
    '/private/secret.txt',
    '//private//secret.txt',
    '/open/../private/secret.txt',
    '/private/secret.txt/',
    '/private/secret.txt/x',
    '/private%2fsecret.txt',
    '/private/secret.txt%00.html',
    '/open/link/secret.txt',
    '/private/',
    '/open/',
    '/',
  ])('is not to be had as %s', async (target) => {
    const answer = await ask(`GET ${target}`);
    expect([401, 403, 404]).toContain(answer.statuses[0]);
    expect(answer.text).not.toContain('\r\n\r\nsecret');
  });
});

describe('a method', () => {
  it.each([
    'HEAD',
    'OPTIONS',
    'POST',
    'PUT',
    'DELETE',
    'PATCH',
    'PROPFIND',
    'LINK',
    'PURGE',
    'M-SEARCH',
    'QUERY',
    'FOO',
  ])('%s opens nothing', async (method) => {
    for (const target of ['/py/private', '/js/private', '/private/secret.txt', '/private/'])
      expect([401, 501, 400]).toContain((await ask(`${method} ${target}`)).statuses[0]);
  });

  it('TRACE gives back no credentials', async () => {
    const { text } = await ask('TRACE /private/', `${alice}Cookie: session=1\r\nX-Other: 1\r\n`);
    expect(text).toContain('X-Other');
    expect(text).not.toMatch(/Basic|session/);
  });
});

describe('an identity', () => {
  const forged = [
    'Remote-User',
    'REMOTE_USER',
    'Remote_User',
    'remote-user',
    'Auth-Type',
    'AUTH_TYPE',
    'HTTP-REMOTE-USER',
  ]
    .map((name) => `${name}: root\r\n`)
    .join('');

  it('is none where nobody had to say who he is, whatever he sends', async () => {
    const { text } = await ask('GET /py/open', alice + forged);
    expect(text).not.toMatch(/"(REMOTE_USER|AUTH_TYPE|HTTP_AUTHORIZATION)"/);
  });

  it('is the one that was checked', async () => {
    const { text } = await ask('GET /py/private', alice + forged);
    expect(text).toContain('"REMOTE_USER": "alice"');
    expect(text).toContain('"AUTH_TYPE": "Basic"');
  });

  it('with a line break in it makes no second line in a log, and no password ever gets there', async () => {
    const credentials = Buffer.from('mallory\n[crit] forged\x1b[31m:hunter2').toString('base64');
    await ask('GET /py/private/%0a%1b', `Authorization: Basic ${credentials}\r\n`);
    await server.logged('user mallory\\n[crit] forged\\x1b[31m not found');
    expect(server.log()).not.toMatch(/^\[crit\]|hunter2|\x1b\[31m/m);
    expect(server.log()).not.toContain(credentials);
  });
});
