import { once } from 'node:events';
import { cpSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserSession, basic } from './browser-session.js';
import { hasNode, nodeModules, projectRoot } from './installed.js';
import { readMemory } from './memory.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from './server.js';
import { sendUpload } from './upload.js';

const megabyte = 1024 * 1024;
const frameworks = ['express', 'fastify', 'koa', 'hono'] as const;

let folder: string;

beforeAll(() => {
  folder = makeFolder();
  cpSync(join(projectRoot, 'test/peers/apps/js'), join(folder, 'apps'), { recursive: true });
  symlinkSync(nodeModules, join(folder, 'apps/node_modules'));
  // anna / secret, made with htpasswd -nbB
  writeFileSync(
    join(folder, 'htpasswd'),
    'anna:$2y$05$n0/rXs3S3BDpQc4UXHrkHuRDsSSxmgmd4pa6gA3MZmp/iDsh.SuW6\n',
  );
});
afterAll(() => removeFolder(folder));

for (const framework of frameworks)
  describe.skipIf(!hasNode(framework))(`${framework}, exported as is`, () => {
    let server: RunningServer;

    beforeAll(async () => {
      server = await startServer('modhost', siteFile(folder, framework), folder);
    });
    afterAll(() => server?.stop());

    describe.each(['', '/deep/app'])('mounted at "%s/"', (mount) => {
      const ask = async (path: string, init: RequestInit = {}) =>
        await fetch(server.origin + mount + path, { redirect: 'manual', ...init });

      it('answers its root', async () => {
        const answer = await ask('/');
        expect(answer.status).toBe(200);
        expect(await answer.text()).toBe(`hello from ${framework}`);
      });

      it('routes by path and query', async () => {
        const answer = await ask('/users/J%C3%BCrgen%20K?q=a%26b%2Fc&r');
        expect(await answer.json()).toEqual({ id: 'Jürgen K', q: 'a&b/c' });
      });

      it('answers HEAD without a body', async () => {
        const answer = await ask('/', { method: 'HEAD' });
        expect(answer.status).toBe(200);
        expect(answer.headers.get('content-type')).toMatch(/^text\/(html|plain)/);
        expect(await answer.text()).toBe('');
      });

      it('answers 404 where it has no route', async () => {
        expect((await ask('/nowhere')).status).toBe(404);
      });

      it('parses a JSON body, and answers 400 to one that is none', async () => {
        const value = { text: 'Grüße ☃', list: [1, null, { deep: true }], long: 'x'.repeat(50_000) };
        const headers = { 'content-type': 'application/json' };
        const answer = await ask('/echo', { method: 'POST', headers, body: JSON.stringify(value) });
        expect(answer.status).toBe(200);
        expect(await answer.json()).toEqual(value);
        expect((await ask('/echo', { method: 'POST', headers, body: '{"open": ' })).status).toBe(400);
      });

      it('sets two cookies, and is sent both', async () => {
        const browser = new BrowserSession(server.origin);
        const first = await browser.get(`${mount}/cookies`);
        expect(first.headers.getSetCookie()).toHaveLength(2);
        expect(browser.cookie('flavour')).toBe('oat');
        const second = await browser.get(`${mount}/cookies`);
        expect(await second.json()).toEqual({ received: 'flavour=oat; size=large' });
      });

      it('redirects', async () => {
        const answer = await ask('/redirect');
        expect(answer.status).toBe(302);
        expect(answer.headers.get('location')).toBe('/users/7');
      });

      it.each(['/fail', '/fail-later'])('answers 500 to an error at %s, and goes on', async (path) => {
        expect((await ask(path)).status).toBe(500);
        await server.logged('intended failure');
        expect((await ask('/')).status).toBe(200);
      });

      it("serves a file by the framework's own middleware", async () => {
        const answer = await ask('/public/file.txt');
        expect(answer.status).toBe(200);
        expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
        expect(await answer.text()).toBe('a file served by the framework\n');
        expect((await ask('/public/..%2fexpress.js')).status).toBe(404);
      });

      it('streams: the first half arrives before the second is made', async () => {
        const response = await ask('/stream');
        const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
        expect((await reader?.read())?.value).toBe('first\n');
        expect((await ask('/release', { method: 'POST' })).status).toBe(204);
        expect((await reader?.read())?.value).toBe('second\n');
        expect((await reader?.read())?.done).toBe(true);
      });

      it('sees who was let in, and not who claims to be', async () => {
        expect((await ask('/who')).status).toBe(401);
        const answer = await ask('/who', {
          headers: { ...basic('anna', 'secret'), 'remote-user': 'root', remote_user: 'root' },
        });
        expect(await answer.json()).toEqual({ user: 'anna' });
      });

      it('takes an upload of 100 MB in little memory', async () => {
        const { status, text, sha256 } = await sendUpload(
          'PUT',
          `${server.origin}${mount}/upload`,
          100 * megabyte,
          'application/octet-stream',
        );
        expect(status).toBe(200);
        expect(JSON.parse(text)).toEqual({ length: 100 * megabyte, sha256 });
        const large = readMemory(server.process.pid ?? 0).filter(
          ({ peakBytes }) => peakBytes >= 150 * megabyte,
        );
        expect(large).toEqual([]);
      });
    });
  });

describe.skipIf(!hasNode('express'))('other ways to hand over an Express application', () => {
  let server: RunningServer;

  beforeAll(async () => {
    server = await startServer('modhost', otherWays(folder), folder);
  });
  afterAll(() => server?.stop());

  it('takes what a CommonJS module exports', async () => {
    expect(await (await fetch(`${server.origin}/commonjs/`)).text()).toBe('a CommonJS module below apps');
  });

  it('takes the application of a module that calls listen(), and opens no port', async () => {
    const holder = createServer().listen(3000, '127.0.0.1');
    const held = once(holder, 'listening').then(
      () => true,
      () => false,
    );
    await held;
    try {
      const answer = await fetch(`${server.origin}/listens/`);
      expect(await answer.text()).toBe('meant to be run by node itself');
    } finally {
      holder.close();
    }
  });
});

function siteFile(folder: string, framework: string): string {
  return `
WSGIDaemonProcess ${framework}
WSGIProcessGroup ${framework}
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias /deep/app ${folder}/apps/${framework}.js
WSGIScriptAlias / ${folder}/apps/${framework}.js
<Directory ${folder}/apps>
    Require all granted
</Directory>
<LocationMatch "/who$">
    AuthType Basic
    AuthName "Tests"
    AuthUserFile ${folder}/htpasswd
    Require valid-user
</LocationMatch>
`;
}

function otherWays(folder: string): string {
  return `
WSGIDaemonProcess express
WSGIProcessGroup express
WSGIScriptAlias /commonjs ${folder}/apps/express-commonjs.cjs
WSGIScriptAlias /listens ${folder}/apps/express-listens.js
<Directory ${folder}/apps>
    Require all granted
</Directory>
`;
}
