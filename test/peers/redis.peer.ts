import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot, redis } from './installed.js';
import { findFreePort, makeFolder, type RunningServer, removeFolder, startServer } from './server.js';

/** Two machines that share verified credentials: AuthnCacheSOCache with a real Redis server. */
describe.skipIf(redis === undefined)('verified credentials in Redis', () => {
  let folder: string;
  let port: number;
  let store: ChildProcess;
  let one: RunningServer;
  let other: RunningServer;

  beforeAll(async () => {
    folder = makeFolder();
    port = await findFreePort();
    writeFileSync(join(folder, 'page'), 'in');
    writeFileSync(join(folder, 'secret'), 'a secret of more than thirty-two bytes');
    store = await startRedis();
    const site = `
AliasMatch ^ ${join(folder, 'page')}
AuthnCacheSOCache redis:127.0.0.1:${port}
AuthnCacheSecretFile ${folder}/secret
<Location />
    AuthType Basic
    AuthName Private
    AuthBasicProvider socache wsgi
    AuthnCacheProvideFor wsgi
    AuthnCacheContext all
    WSGIAuthUserScript ${projectRoot}/test/features/apps/slow-auth.py
    Require valid-user
</Location>`;
    const places = [join(folder, 'one'), join(folder, 'other')];
    [one, other] = (await Promise.all(places.map((place) => startServer('modhost', site, place)))) as [
      RunningServer,
      RunningServer,
    ];
  });
  afterAll(async () => {
    await one?.stop();
    await other?.stop();
    await end(store);
    removeFolder(folder);
  });

  async function startRedis(): Promise<ChildProcess> {
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder];
    const child = spawn(redis ?? '', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    for await (const chunk of child.stdout) if (String(chunk).includes('accept connections')) break;
    return child;
  }

  async function end(child: ChildProcess | undefined): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async function ask(server: RunningServer, user: string, password = 'secret'): Promise<number> {
    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    const response = await fetch(server.origin, { headers: { authorization } });
    await response.arrayBuffer();
    return response.status;
  }

  function countQuestions(server: RunningServer, user: string): number {
    return server.log().split(`asked for ${user}`).length - 1;
  }

  it('are verified by one machine and known to the other', async () => {
    expect(await ask(one, 'bob')).toBe(200);
    await one.logged('decided on bob');
    for (let round = 0; round < 5; round += 1) {
      expect(await ask(other, 'bob')).toBe(200);
      expect(await ask(one, 'bob')).toBe(200);
    }
    expect(await ask(other, 'bob', 'wrong')).toBe(401);
    await other.logged('asked for bob');
    expect(countQuestions(one, 'bob')).toBe(1);
    expect(countQuestions(other, 'bob')).toBe(1);
  });

  it('are verified anew while Redis hangs, and when it is away, and kept again when it is back', async () => {
    store.kill('SIGSTOP');
    const started = performance.now();
    expect(await ask(one, 'bob')).toBe(200);
    // Two questions of 250 ms at most to Redis, half a second for the script.
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(countQuestions(one, 'bob')).toBe(2);
    await one.logged('logins are verified anew');
    store.kill('SIGCONT');
    await end(store);
    expect(await ask(one, 'amy')).toBe(200);
    expect(await ask(other, 'amy')).toBe(200);
    store = await startRedis();
    const known = async () => {
      const before = countQuestions(one, 'carl');
      expect(await ask(one, 'carl')).toBe(200);
      return countQuestions(one, 'carl') - before;
    };
    await expect.poll(known, { timeout: 20_000, interval: 500 }).toBe(0);
  });
});
