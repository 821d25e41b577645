import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';
import { askRaw } from './raw-client.js';

/** Which host is decided on is which host everybody behind that sees. */

const apps = join(projectRoot, 'test/features/apps');
let folder: string;
let server: RunningServer;

beforeAll(async () => {
  folder = makeFolder();
  const host = (name: string, inside: string) => `
<VirtualHost *>
ServerName ${name}
WSGIScriptAlias /py ${apps}/echo.py application-group=%{GLOBAL}
WSGIScriptAlias /js ${apps}/echo.mjs
${inside}
</VirtualHost>`;
  const siteFile = `
<Directory />
Require all granted
</Directory>
${host('closed.example', '<Location />\nRequire all denied\n</Location>')}
${host('open.example', '')}
${host('slashes.example', 'AllowEncodedSlashes On')}`;
  server = await startServer('modhost', siteFile, folder);
});
afterAll(async () => {
  await server?.stop();
  removeFolder(folder);
});

const ask = (target: string, host: string) =>
  askRaw(server.port, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);

it.each([
  ['/py/x', 'open.example', 200],
  ['/py/x', 'OPEN.example.:99', 200],
  ['/py/x', 'closed.example', 403],
  ['/py/x', 'unknown.example', 403],
  ['http://closed.example/py/x', 'open.example', 403],
  ['http://open.example/py/x', 'closed.example', 200],
  ['HTTP://CLOSED.example:80/py/x', 'open.example', 403],
  ['http://closed.example?x', 'open.example', 403],
])('%s at %s answers %i', async (target, host, status) => {
  expect((await ask(target, host)).statuses).toEqual([status]);
});

it.each([
  ['/py', '"HTTP_HOST": "open.example:81"'],
  ['/js', '["host","open.example:81"]'],
])('an application at %s sees the host of the target, not the other one', async (mount, seen) => {
  const { text } = await ask(`http://open.example:81${mount}/x`, 'forged.example');
  expect(text).toContain(seen);
  expect(text).not.toContain('forged');
});

describe('the rules for paths', () => {
  it.each([
    ['closed.example', 404],
    ['open.example', 404],
    ['slashes.example', 200],
  ])('are those of the host that is named: %s', async (host, status) => {
    expect((await ask('/py/a%2Fb', host)).statuses).toEqual([status]);
  });
});
