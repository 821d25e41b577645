import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';
import { askRaw } from './raw-client.js';

/** What is kept from one request for the next one must never be told to a request that it does not hold for. */
const apps = join(projectRoot, 'test/features/apps');
let folder: string;
let server: RunningServer;

beforeAll(async () => {
  folder = makeFolder();
  writeFileSync(join(folder, 'users'), 'alice:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n');
  server = await startServer(
    'modhost',
    `
WSGIDaemonProcess one
WSGIDaemonProcess two
WSGIProcessGroup one
WSGIScriptAlias /py ${apps}/environ.py
WSGIScriptAlias /fixed ${apps}/environ.py process-group=one application-group=fixed
WSGIScriptAlias /named ${apps}/environ.py process-group=one application-group=%{HOST}
WSGIScriptAlias /chosen ${apps}/environ.py process-group=%{ENV:GROUP} application-group=%{ENV:APPLICATION}
WSGIScriptAlias /js ${apps}/echo.mjs process-group=one
WSGITrustedProxyHeaders X-Forwarded-For
WSGITrustedProxies 127.0.0.1
<Directory />
Require all granted
</Directory>
SetEnvIf X-Group (.*) GROUP=$1 APPLICATION=app-$1
SetEnvIf X-Fake . REMOTE_ADDR=192.0.2.66 SERVER_NAME=fake
<Location /py/passed>
WSGIPassAuthorization On
</Location>
<Location /py/two>
WSGIProcessGroup two
</Location>
<Location /py/secret>
AuthType Basic
AuthName secret
AuthUserFile ${folder}/users
Require valid-user
</Location>`,
    folder,
  );
});
afterAll(async () => {
  await server.stop();
  removeFolder(folder);
});

interface Asked {
  readonly path: string;
  readonly host?: string;
  readonly headers?: readonly string[];
}

/** All on one connection, in this order; each answer's JSON. */
async function ask(asked: readonly Asked[]): Promise<Record<string, unknown>[]> {
  const heads = asked.map(({ path, host = 'a.test', headers = [] }) =>
    [`GET ${path} HTTP/1.1`, `Host: ${host}`, ...headers, '', ''].join('\r\n'),
  );
  const { text } = await askRaw(server.port, heads.join(''), asked.length);
  const answers = [...text.matchAll(/\{[^\n]*\}/g)].map(
    ([json]) => JSON.parse(json) as Record<string, unknown>,
  );
  expect(answers).toHaveLength(asked.length);
  return answers;
}

const alice = `Authorization: Basic ${Buffer.from('alice:secret').toString('base64')}`;

describe('requests of one connection', () => {
  it('each have their own headers', async () => {
    const headers = [['X-A: 1'], ['X-A: 2'], ['X-A: 2', 'X-B: 1'], ['X-A: 1', 'X-A: 2'], [], ['X-A: 1']];
    const answers = await ask(headers.map((each) => ({ path: '/py', headers: each })));
    expect(answers.map(({ HTTP_X_A, HTTP_X_B }) => [HTTP_X_A, HTTP_X_B])).toEqual([
      ['1', undefined],
      ['2', undefined],
      ['2', '1'],
      ['1, 2', undefined],
      [undefined, undefined],
      ['1', undefined],
    ]);
  });

  it('each have their own host', async () => {
    const hosts = ['a.test', 'b.test:81', 'a.test', 'c.test'];
    const answers = await ask(hosts.map((host) => ({ path: '/named', host })));
    const { port } = server;
    expect(
      answers.map((each) => [each.SERVER_NAME, each.SERVER_PORT, each['mod_wsgi.application_group']]),
    ).toEqual([
      ['a.test', '80', `a.test:${port}`],
      ['b.test', '81', `b.test:${port}`],
      ['a.test', '80', `a.test:${port}`],
      ['c.test', '80', `c.test:${port}`],
    ]);
    const fixed = await ask(hosts.map((host) => ({ path: '/fixed', host })));
    expect(fixed.map((each) => [each.SERVER_NAME, each['mod_wsgi.application_group']])).toEqual([
      ['a.test', 'fixed'],
      ['b.test', 'fixed'],
      ['a.test', 'fixed'],
      ['c.test', 'fixed'],
    ]);
  });

  it('each have their own path, query and process group', async () => {
    const paths = ['/py/x?1', '/py/two/y', '/py/x', '/py/two/y?2', '/fixed'];
    const answers = await ask(paths.map((path) => ({ path })));
    expect(
      answers.map((each) => [
        each.SCRIPT_NAME,
        each.PATH_INFO,
        each.QUERY_STRING,
        each['mod_wsgi.path_info'],
        each['mod_wsgi.process_group'],
      ]),
    ).toEqual([
      ['/py', '/x', '1', '/x', 'one'],
      ['/py', '/two/y', '', '/two/y', 'two'],
      ['/py', '/x', '', '/x', 'one'],
      ['/py', '/two/y', '2', '/two/y', 'two'],
      ['/fixed', '', '', '', 'one'],
    ]);
  });

  it('go where their environment says', async () => {
    const groups = ['one', 'two', 'one', 'two'];
    const answers = await ask(groups.map((group) => ({ path: '/chosen', headers: [`X-Group: ${group}`] })));
    expect(
      answers.map((each) => [each['mod_wsgi.process_group'], each['mod_wsgi.application_group']]),
    ).toEqual(groups.map((group) => [group, `app-${group}`]));
  });

  it('are told of a password and of a user only where they shall be', async () => {
    const paths = ['/py/passed', '/py', '/py/passed', '/py/secret', '/py'];
    const answers = await ask(paths.map((path) => ({ path, headers: [alice] })));
    expect(answers.map((each) => [each.HTTP_AUTHORIZATION !== undefined, each.REMOTE_USER])).toEqual([
      [true, undefined],
      [false, undefined],
      [true, undefined],
      [false, 'alice'],
      [false, undefined],
    ]);
  });

  it('are those of whom a trusted proxy names, and nobody can say what the server says', async () => {
    const clients = ['192.0.2.1', '192.0.2.2', undefined, '192.0.2.1'];
    const answers = await ask(
      clients.map((client) => ({
        path: '/py',
        headers: client === undefined ? ['X-Fake: 1'] : [`X-Forwarded-For: ${client}`, 'X-Fake: 1'],
      })),
    );
    expect(answers.map(({ REMOTE_ADDR, SERVER_NAME }) => [REMOTE_ADDR, SERVER_NAME])).toEqual(
      clients.map((client) => [client ?? '127.0.0.1', 'a.test']),
    );
  });

  it('reach JavaScript with headers as sent, without credentials', async () => {
    const headers = [['X-A: 1', alice], ['X-A: 1'], ['X-A: 2', alice, 'Proxy: x']];
    const answers = await ask(headers.map((each) => ({ path: '/js', headers: each })));
    expect(answers.map((each) => each.headers)).toEqual([
      [
        ['host', 'a.test'],
        ['x-a', '1'],
      ],
      [
        ['host', 'a.test'],
        ['x-a', '1'],
      ],
      [
        ['host', 'a.test'],
        ['x-a', '2'],
      ],
    ]);
  });
});
