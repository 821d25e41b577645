import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';
import { askRaw } from './raw-client.js';

const apps = join(projectRoot, 'test/features/apps');
/** alice, secret */
const users = 'alice:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n';
const alice = `Authorization: Basic ${Buffer.from('alice:secret').toString('base64')}\r\n`;
let folder: string;
let server: RunningServer;

beforeAll(async () => {
  folder = makeFolder();
  mkdirSync(join(folder, 'documents'));
  writeFileSync(join(folder, 'documents/f.txt'), '0123456789');
  writeFileSync(join(folder, 'users'), users);
  server = await startServer(
    'modhost',
    `
DocumentRoot ${folder}/documents
CustomLog logs/access_log "%s note=%{kept}n"
WSGIScriptAlias /py ${apps}/environ.py
WSGIScriptAlias /js ${apps}/echo.mjs
<Directory />
Require all granted
</Directory>
Header always set X-Always yes
Header set X-Usual yes
Header set Connection close env=last
SetEnvIf Query_String . seen=1
SetEnvIf Request_URI /last last=1
<Location /inject>
Header always set X-Uri "expr=%{unescape:%{QUERY_STRING}}"
</Location>
<Location /f.txt>
Header note X-Usual kept
Header set X-Query "expr=%{unescape:%{QUERY_STRING}}"
</Location>
<LocationMatch ^/(py|js)>
RequestHeader set X-Query "expr=%{unescape:%{QUERY_STRING}}"
</LocationMatch>
<LocationMatch ^/(py|js)/private>
AuthType Basic
AuthName private
AuthUserFile ${folder}/users
Require valid-user
RequestHeader set X-Remote-User expr=%{REMOTE_USER}
RequestHeader add X-Also-User expr=%{REMOTE_USER}
RequestHeader unset X-Secret
</LocationMatch>
<LocationMatch ^/(py|js)/named>
RequestHeader set Remote-User made
</LocationMatch>`,
    folder,
  );
});
afterAll(async () => {
  await server?.stop();
  removeFolder(folder);
});

const ask = (line: string, fields = '') =>
  askRaw(server.port, `${line} HTTP/1.1\r\nHost: a.example\r\n${fields}\r\n`);

/** Header names of the answer that begin a line, in lower case. */
function fieldsOf(text: string): string[] {
  const [head = ''] = text.split('\r\n\r\n');
  return head
    .split('\r\n')
    .slice(1)
    .map((line) => line.split(':', 1)[0]?.toLowerCase() ?? '');
}

const forged = [
  'Remote-User: root',
  'Remote_User: root',
  'REMOTE-USER: root',
  'X-Remote-User: root',
  'X_Remote_User: root',
  'x-remote_user: root',
  'X-Also-User: root',
  'X_Also-User: root',
]
  .map((line) => `${line}\r\n`)
  .join('');

describe('what a client says in the name of the server', () => {
  it.each(['/py', '/js'])('reaches no application: %s', async (mount) => {
    const { statuses, text } = await ask(`GET ${mount}/open`, forged);
    expect(statuses[0]).toBe(200);
    expect(text).not.toContain('root');
  });

  it('is replaced by who has logged in, for Python', async () => {
    const { text } = await ask('GET /py/private', forged + alice);
    expect(text).toContain('"HTTP_X_REMOTE_USER": "alice"');
    expect(text).toContain('"HTTP_X_ALSO_USER": "alice"');
    expect(text).not.toContain('root');
    expect(text).not.toContain('HTTP_REMOTE_USER');
  });

  it('is replaced by who has logged in, for JavaScript', async () => {
    const { text } = await ask('GET /js/private', forged + alice);
    expect(text).toContain('["x-remote-user","alice"]');
    expect(text).not.toContain('root');
  });

  it('includes fields that differ from those of a rule in - and _ only', async () => {
    const { text } = await ask('GET /js/private', `X_Secret: s\r\nX-Secret: s\r\n${alice}`);
    expect(text.toLowerCase()).not.toContain('x-secret');
    expect(text.toLowerCase()).not.toContain('x_secret');
  });

  it('does not include what the site file itself sets', async () => {
    expect((await ask('GET /py/named', forged)).text).toContain('"HTTP_REMOTE_USER": "made"');
  });
});

describe('a line end', () => {
  const encoded = ['%0aX-Bad:1', '%0dX-Bad:1', '%0d%0aX-Bad:1', '%0d%0a%0d%0aX-Bad:1', '%7f', '%0b'];

  it.each(encoded)('gets into no response: %s', async (text) => {
    const answer = await ask(`GET /f.txt?a${text}`);
    expect(answer.statuses[0]).toBe(500);
    expect(fieldsOf(answer.text)).not.toContain('x-bad');
    expect(fieldsOf(answer.text)).not.toContain('x-usual');
    expect(fieldsOf(answer.text)).toContain('x-always');
    await server.logged('Header at');
  });

  it.each(encoded)('gets into no page of the server: %s', async (text) => {
    const answer = await ask(`GET /inject?a${text}`);
    expect(answer.statuses[0]).toBe(500);
    expect(fieldsOf(answer.text)).not.toContain('x-bad');
  });

  it.each(encoded)('gets into no request: %s', async (text) => {
    for (const mount of ['/py', '/js']) {
      const answer = await ask(`GET ${mount}?a${text}`);
      expect(answer.statuses[0]).toBe(400);
    }
  });
});

describe('Header', () => {
  it('is on files, parts of files, 304 and HEAD', async () => {
    for (const [line, fields, status] of [
      ['GET /f.txt', '', 200],
      ['HEAD /f.txt', '', 200],
      ['GET /f.txt', 'Range: bytes=0-1\r\n', 206],
      ['GET /f.txt', 'If-None-Match: *\r\n', 304],
      ['GET /f.txt', 'If-Match: "other"\r\n', 412],
      ['OPTIONS /f.txt', '', 200],
      ['GET /py', '', 200],
    ] as const) {
      const { statuses, text } = await ask(line, fields);
      expect(statuses[0]).toBe(status);
      expect(fieldsOf(text), line + fields).toEqual(expect.arrayContaining(['x-always', 'x-usual']));
    }
  });

  it('is, with always, on pages of the server, too', async () => {
    for (const line of [
      'GET /missing',
      'GET /py/private',
      'GET /f.txt/x',
      'PUT /f.txt',
      'GET /%zz',
      'GET /a/../..',
    ]) {
      const { text } = await ask(line);
      expect(fieldsOf(text), line).toContain('x-always');
      expect(fieldsOf(text), line).not.toContain('x-usual');
    }
  });

  it('keeps a value for the access log', async () => {
    await ask('GET /f.txt');
    await ask('GET /py');
    const lines = () => readFileSync(join(folder, 'modhost/logs/access_log'), 'utf8');
    await expect.poll(lines).toContain('note=yes');
    await expect.poll(lines).toContain('note=-');
  });

  it('can close the connection', async () => {
    expect((await ask('GET /f.txt')).connection).toBe('kept');
    expect((await ask('GET /py/last')).connection).toBe('closed');
  });
});
