import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerChallenge, expectedProof } from '../auth/digest-client.js';
import { projectRoot } from '../peers/installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';

const md5 = (value: string) => createHash('md5').update(value).digest('hex');

interface Answer {
  readonly status: number | undefined;
  readonly challenge: string;
  readonly info: string | undefined;
  readonly body: string;
}

let folder: string;
let server: RunningServer;

beforeAll(async () => {
  folder = makeFolder();
  mkdirSync(join(folder, 'root/dir'), { recursive: true });
  writeFileSync(join(folder, 'root/dir/index.html'), 'index');
  writeFileSync(join(folder, 'root/page.html'), 'page');
  writeFileSync(join(folder, 'root/sorry.html'), 'sorry');
  writeFileSync(join(folder, 'htdigest'), `alice:area:${md5('alice:area:wonderland')}\n`);
  for (const name of ['login.py', 'login.mjs'])
    copyFileSync(join(projectRoot, 'test/features/apps', name), join(folder, name));
  server = await startServer('modhost', siteFile(folder), folder);
});
afterAll(async () => {
  await server?.stop();
  removeFolder(folder);
});

function siteFile(root: string): string {
  return `
ServerLimit 2
DocumentRoot ${root}/root
WSGIDaemonProcess app
WSGIScriptAlias /py ${root}/login.py process-group=app
WSGIScriptAlias /js ${root}/login.mjs process-group=app
WSGIPassAuthorization On
ErrorDocument 404 /sorry.html
<Location />
    AuthType Digest
    AuthName area
    AuthUserFile ${root}/htdigest
    Require valid-user
</Location>
<Location /counted>
    AuthDigestNcCheck On
</Location>
<Location /dir>
    AuthDigestNcCheck On
</Location>
<Location /py>
    AuthDigestProvider wsgi
    WSGIAuthUserScript ${root}/login.py
    WSGIAuthGroupScript ${root}/login.py
    Require wsgi-group staff
</Location>
<Location /js>
    AuthDigestProvider wsgi
    WSGIAuthUserScript ${root}/login.mjs
    WSGIAuthGroupScript ${root}/login.mjs
    Require wsgi-group staff
</Location>
<Location /js/fake>
    AuthBasicFake "x%{REMOTE_USER}" "%{REQUEST_METHOD}"
</Location>
<Location /js/fake/colon>
    AuthBasicFake a:b
</Location>
<Location /basic>
    AuthType Basic
    AuthBasicUseDigestAlgorithm MD5
</Location>`;
}

async function ask(path: string, authorization?: string, method = 'GET'): Promise<Answer> {
  const { port } = server;
  const headers = authorization === undefined ? {} : { authorization };
  const sent = request({ port, host: '127.0.0.1', method, path, headers, agent: false });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return {
    status: response.statusCode,
    challenge: response.headers['www-authenticate'] ?? '',
    info: response.headers['authentication-info']?.toString(),
    body: await text(response),
  };
}

async function logIn(path: string, user = 'alice', method = 'GET'): Promise<Answer> {
  const { challenge } = await ask(path);
  return await ask(path, answerChallenge(challenge, { user, method, uri: path }), method);
}

describe('AuthType Digest', () => {
  it('challenges, lets in and proves itself', async () => {
    const first = await ask('/page.html');
    expect(first).toMatchObject({ status: 401, info: undefined });
    const proof = { uri: '/page.html' };
    const second = await ask('/page.html', answerChallenge(first.challenge, proof));
    expect(second).toEqual({
      status: 200,
      challenge: '',
      info: `rspauth="${expectedProof(first.challenge, proof)}", cnonce="c1", nc=00000001, qop=auth`,
      body: 'page',
    });
  });

  it('is about the method and the path that were asked for', async () => {
    const { challenge } = await ask('/page.html');
    const authorization = answerChallenge(challenge, { uri: '/page.html' });
    expect((await ask('/page.html', authorization, 'HEAD')).status).toBe(401);
    expect((await ask('/dir/', authorization)).status).toBe(400);
    expect((await logIn('/page.html', 'alice', 'HEAD')).status).toBe(200);
    expect((await logIn('/page.html', 'alice', 'OPTIONS')).status).toBe(200);
  });

  it('leaves those in who are sent to an index or to an error page, though each request counts once', async () => {
    expect(await logIn('/dir/')).toMatchObject({ status: 200, body: 'index' });
    expect(await logIn('/counted')).toMatchObject({ status: 404, body: 'sorry' });
    expect(await logIn('/py/x', 'alice', 'POST')).toMatchObject({ status: 200 });
  });

  it.each(['/py', '/js'])('asks get_realm_hash and groups_for_user of %s', async (path) => {
    const answer = await logIn(`${path}/x`);
    expect(answer).toMatchObject({ status: 200, info: expect.stringContaining('rspauth=') });
    expect(answer.body).toMatch(/^alice Digest Digest /);
    expect((await logIn(`${path}/x`, 'carl')).status).toBe(401);
    expect((await logIn(`${path}/x`, 'raise')).status).toBe(500);
    expect((await logIn(`${path}/missing`)).info).toContain('rspauth=');
  });

  it('takes the same nonce in every front end, and after a graceful restart', async () => {
    const { challenge } = await ask('/page.html');
    const take = async (count: number) =>
      (await ask('/page.html', answerChallenge(challenge, { uri: '/page.html', count }))).status;
    // Each on a connection of its own: some of them meet the other front end.
    expect(await Promise.all(Array.from({ length: 24 }, (_, at) => take(at + 1)))).toEqual(
      Array(24).fill(200),
    );
    server.process.kill('SIGUSR1');
    await server.logged('graceful');
    expect(await Promise.all(Array.from({ length: 24 }, (_, at) => take(at + 100)))).toEqual(
      Array(24).fill(200),
    );
  });
});

describe('AuthBasicFake', () => {
  it('gives applications other credentials than those of the client', async () => {
    expect((await logIn('/js/fake/x')).body).toBe('alice Digest Basic xalice:GET');
    expect((await logIn('/js/fake/colon')).status).toBe(500);
  });
});

describe('AuthBasicUseDigestAlgorithm', () => {
  it('checks what Basic sends against an htdigest file', async () => {
    const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`;
    expect((await ask('/basic')).challenge).toBe('Basic realm="area"');
    expect((await ask('/basic', basic('alice:wonderland'))).status).toBe(404);
    expect((await ask('/basic', basic('alice:x'))).status).toBe(401);
    expect((await ask('/basic', basic('carl:wonderland'))).status).toBe(401);
    expect((await ask('/basic', basic(`alice:${md5('alice:area:wonderland')}`))).status).toBe(401);
  });
});
