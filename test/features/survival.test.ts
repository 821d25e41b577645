import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startLoad } from '../survival/load.js';
import { isAlive, SurvivalSite } from '../survival/site.js';

const python = `import os, sys
def application(environ, start_response):
    way = environ['PATH_INFO']
    if way == '/stuck':
        # Holds the interpreter: no other thread of the process runs.
        import ctypes
        ctypes.PyDLL(None).sleep(600)
    if way == '/abort':
        os.abort()
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', '4')])
    return [b'here']
`;

const javascript = `export default (req, res) => {
  if (req.url === '/stuck') for (;;);
  res.end('here');
};
`;

const bothRuntimes = (folder: string) => `WSGIDaemonProcess shop threads=4 shutdown-timeout=1
WSGIScriptAlias /py ${folder}/app.py process-group=shop application-group=%{GLOBAL}
WSGIScriptAlias /js ${folder}/app.mjs process-group=shop application-group=%{GLOBAL}`;

let site: SurvivalSite;

beforeEach(() => {
  site = new SurvivalSite();
  writeFileSync(join(site.folder, 'app.py'), python);
  writeFileSync(join(site.folder, 'app.mjs'), javascript);
});
afterEach(() => site.remove());

const gone = (pids: readonly number[]) =>
  expect.poll(() => pids.filter(isAlive), { timeout: 15_000 }).toEqual([]);

describe('a front end that is killed', () => {
  it('is replaced, and no connection is refused meanwhile', { timeout: 60_000 }, async () => {
    await site.start(bothRuntimes(site.folder));
    const before = site.frontEnds;
    expect(before.length).toBeGreaterThan(0);
    const load = startLoad({ port: site.port, connections: 16, paths: ['/py', '/js'], pauseMs: 10 });
    for (const pid of before) {
      await load.answeredMore(200);
      process.kill(pid, 'SIGKILL');
    }
    await gone(before);
    await expect.poll(() => site.frontEnds.length, { timeout: 15_000 }).toBe(before.length);
    await load.answeredMore(200);
    const failuresBefore = load.failures.length;
    await load.answeredMore(200);
    await load.stop();
    // What the killed ones were serving is cut off, and nothing else fails.
    expect(load.failures.length).toBe(failuresBefore);
    expect(load.failures.filter(({ what }) => /status|refused|no answer/.test(what))).toEqual([]);
    expect(load.failures.length).toBeLessThanOrEqual(16 * before.length);
    await site.said('front end was ended by signal SIGKILL');
  });
});

describe('a supervisor that is killed', () => {
  it('leaves no process behind, not even stuck ones, and the next start cleans up', {
    timeout: 60_000,
  }, async () => {
    await site.start(bothRuntimes(site.folder));
    expect(await site.ask('/py')).toBe('here');
    expect(await site.ask('/js')).toBe('here');
    const processes = site.children();
    for (const way of ['/py/stuck', '/js/stuck']) void site.ask(way).catch(() => '');
    // Both have gone silent when they do not say how busy they are.
    await expect
      .poll(async () => (await site.command('status')).stdout.match(/silent/g)?.length, { timeout: 20_000 })
      .toBe(2);
    const sockets = site.sockets;
    expect(sockets.length).toBeGreaterThan(2);
    site.process.kill('SIGKILL');
    await once(site.process, 'exit');
    await gone(processes);
    expect(existsSync(join(site.folder, 'run/modhost.pid'))).toBe(true);
    await site.startAgain(bothRuntimes(site.folder));
    expect(await site.ask('/py')).toBe('here');
    const left = site.sockets.filter((name) => sockets.includes(name) && name !== 'modhost.sock');
    expect(left).toEqual([]);
    expect(Number(readFileSync(join(site.folder, 'run/modhost.pid'), 'utf8'))).toBe(site.pid);
    expect((await site.command('status')).exitCode).toBe(0);
    expect(await site.stop()).toBe(0);
    expect(site.sockets).toEqual([]);
  });
});

describe('operators', () => {
  const start = () => site.start(bothRuntimes(site.folder));

  it('hear that a server hangs, and do not hang with it', { timeout: 90_000 }, async () => {
    await start();
    site.process.kill('SIGSTOP');
    try {
      const words = [['status'], ['plan'], ['graceful'], ['reload', 'shop']];
      const outcomes = await Promise.all(words.map((word) => site.command(...word)));
      for (const { exitCode, stderr } of outcomes) {
        expect(stderr).toContain('modhost: cannot ask the server: it says nothing for 10 s: it hangs');
        expect(exitCode).toBe(1);
      }
    } finally {
      site.process.kill('SIGCONT');
    }
    await expect.poll(async () => (await site.command('status')).exitCode, { timeout: 20_000 }).toBe(0);
  });

  it('who send nonsense, or nothing, do no harm', async () => {
    await start();
    const path = join(site.folder, 'run/modhost.sock');
    const silent = connect(path);
    const noisy = connect(path);
    noisy.on('error', () => {});
    const cutOff = new Promise((resolve) => noisy.on('close', resolve));
    noisy.write('x'.repeat(1_000_000));
    await cutOff;
    const odd = connect(path, () => odd.write('{"command":"explode"}\n'));
    const [answer] = await once(odd, 'data');
    expect(String(answer)).toContain('not a request that this server understands');
    expect((await site.command('status')).exitCode).toBe(0);
    // The one that says nothing does not keep the server from ending.
    expect(await site.stop()).toBe(0);
    silent.destroy();
    odd.destroy();
  });

  it('may ask for the same at once, and for what is under way already', { timeout: 60_000 }, async () => {
    await start();
    const words = [['graceful'], ['graceful'], ['reload', 'shop'], ['reload', 'shop'], ['status'], ['plan']];
    const outcomes = await Promise.all(words.map((word) => site.command(...word)));
    expect(outcomes.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual(
      words.map(() => ({ exitCode: 0, stderr: '' })),
    );
    expect(await site.ask('/py')).toBe('here');
  });
});

describe('signals in odd moments', () => {
  const start = () => site.start(bothRuntimes(site.folder));

  it('many at once come to one restart after another', { timeout: 60_000 }, async () => {
    await start();
    for (const signal of ['SIGUSR1', 'SIGUSR1', 'SIGHUP', 'SIGUSR1', 'SIGHUP'] as const) {
      site.process.kill(signal);
      await site.said(/HUP/.test(signal) ? 'requested' : 'graceful restart requested');
    }
    await expect.poll(() => site.frontEnds.length, { timeout: 20_000 }).toBeGreaterThan(0);
    await expect.poll(() => site.ask('/js').catch(String), { timeout: 20_000 }).toBe('here');
    expect(await site.stop()).toBe(0);
    expect(site.sockets).toEqual([]);
  });

  it('TERM and TERM again in the middle of a restart end it', async () => {
    await start();
    site.process.kill('SIGHUP');
    site.process.kill('SIGUSR1');
    await site.said('requested');
    const processes = site.children();
    site.process.kill('SIGTERM');
    site.process.kill('SIGTERM');
    const [code] = await once(site.process, 'exit');
    expect(code).toBe(0);
    await gone(processes);
  });
});

describe('the end of a daemon process', () => {
  it('is explained in one line of the log, and by status', async () => {
    await site.start(bothRuntimes(site.folder));
    expect((await fetch(`http://127.0.0.1:${site.port}/py/abort`)).status).toBe(502);
    await site.said('daemon process shop/python was ended by signal SIGABRT');
    await expect
      .poll(async () => (await site.command('status')).stdout, { timeout: 10_000 })
      .toMatch(/ago, pid \d+: was ended by signal SIGABRT/);
  });
});
