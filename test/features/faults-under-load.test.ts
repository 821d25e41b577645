import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countFailures, type Load, startLoad } from '../survival/load.js';
import { isAlive, SurvivalSite } from '../survival/site.js';

/**
 * Daemon processes that behave badly, beside one that does not: while they do, every request to the good one is answered, and
 * soon, and the supervisor answers operators.
 */

const good = {
  py: `def application(environ, start_response):
    start_response('200 OK', [('Content-Length', '4')])
    return [b'good']
`,
  mjs: `export default (req, res) => res.end('good');
`,
} as const;

const faults = {
  ignores: {
    py: `import atexit, time
atexit.register(time.sleep, 1000)
def application(environ, start_response):
    while environ['PATH_INFO'] == '/hold':
        time.sleep(1)
    start_response('200 OK', [])
    return [b'good']
`,
    mjs: `process.on('SIGTERM', () => { for (;;); });
export default (req, res) => { if (req.url !== '/hold') res.end('good'); };
`,
  },
  waits: {
    py: 'import time\ntime.sleep(1000)\n',
    mjs: 'await new Promise(() => setInterval(() => {}, 1000));\n',
  },
  exits: { py: 'import os\nos._exit(3)\n', mjs: 'process.exit(3);\n' },
  blocks: {
    py: `import ctypes
def application(environ, start_response):
    if environ['PATH_INFO'] == '/block':
        ctypes.PyDLL(None).sleep(1000)
    start_response('200 OK', [])
    return [b'good']
`,
    mjs: `export default (req, res) => { if (req.url === '/block') for (;;); res.end('good'); };\n`,
  },
} as const;

/** On this machine an answer takes a few milliseconds; the slowest may be one that waited for a busy processor. */
const slowestMs = 5_000;

describe.each([
  { end: 'py', runtime: 'python' },
  { end: 'mjs', runtime: 'node' },
] as const)('beside a .$end script', { timeout: 90_000 }, ({ end, runtime }) => {
  let site: SurvivalSite;
  let load: Load;

  beforeEach(() => {
    site = new SurvivalSite();
    for (const name of ['py', 'mjs'] as const) writeFileSync(join(site.folder, `good.${name}`), good[name]);
  });
  afterEach(() => site.remove());

  async function start(fault: keyof typeof faults, options: string, isImported = false): Promise<void> {
    const script = join(site.folder, `${fault}.${end}`);
    writeFileSync(script, faults[fault][end]);
    const imports = `WSGIImportScript ${script} process-group=bad application-group=%{GLOBAL}`;
    await site.start(`WSGIDaemonProcess bad ${options}
WSGIScriptAlias /bad ${script} process-group=bad application-group=%{GLOBAL}
${isImported ? imports : ''}
WSGIDaemonProcess good threads=4
WSGIScriptAlias /py ${site.folder}/good.py process-group=good application-group=%{GLOBAL}
WSGIScriptAlias /js ${site.folder}/good.mjs process-group=good application-group=%{GLOBAL}`);
    load = startLoad({ port: site.port, connections: 16, paths: ['/py', '/js'], pauseMs: 20 });
    await load.answeredMore(100);
  }

  async function expectUndisturbed(): Promise<void> {
    await load.answeredMore(100);
    expect((await site.command('status')).exitCode).toBe(0);
    await load.stop();
    expect(countFailures(load.failures)).toEqual({});
    expect(load.slowest).toBeLessThan(slowestMs);
  }

  it('that ignores TERM: it is killed after shutdown-timeout, its successor serves', async () => {
    await start('ignores', 'shutdown-timeout=1 graceful-timeout=1');
    expect(await site.ask('/bad')).toBe('good');
    const process = async () => (await site.status()).groups.find(({ name }) => name === 'bad')?.processes[0];
    const old = (await process())?.pid as number;
    // Who holds a request open is told to end by TERM, after graceful-timeout.
    const held = fetch(`http://127.0.0.1:${site.port}/bad/hold`);
    await expect.poll(async () => (await process())?.active).toBe(1);
    expect((await site.command('reload', 'bad')).exitCode).toBe(0);
    expect((await held).status).toBe(502);
    await expect.poll(() => isAlive(old), { timeout: 20_000 }).toBe(false);
    expect(await site.ask('/bad')).toBe('good');
    await expectUndisturbed();
    expect(await site.stop()).toBe(0);
  });

  it('that never becomes ready: it is ended after startup-timeout, again and again, and its clients get 503', async () => {
    await start('waits', 'startup-timeout=1 connect-timeout=1', true);
    const refused = await fetch(`http://127.0.0.1:${site.port}/bad`);
    expect(refused.status).toBe(503);
    await site.said('(was not ready within startup-timeout)');
    await expectUndisturbed();
    const { failure, starts } = (await site.status()).groups.find(({ name }) => name === 'bad') ?? {};
    expect(failure).toContain('was not ready within startup-timeout');
    expect(starts).toBeGreaterThan(1);
  });

  it('that exits at import: it is tried again with growing pauses, never in a busy loop', async () => {
    await start('exits', 'connect-timeout=1', true);
    await site.said(`daemon process bad/${runtime} ended 4 times soon after its start; next try in 1000 ms`);
    expect((await fetch(`http://127.0.0.1:${site.port}/bad`)).status).toBe(503);
    await expectUndisturbed();
    // At 0, 0, 0.25, 0.75, 1.75, 3.75, 7.75, 15.75 … s: what was started in so long a test is little.
    expect((await site.status()).groups.find(({ name }) => name === 'bad')?.starts).toBeLessThan(12);
    await site.said(`daemon process bad/${runtime} exited with code 3`);
  });

  it('that blocks: it is ended after deadlock-timeout, and its successor serves', async () => {
    await start('blocks', 'deadlock-timeout=1');
    expect(await site.ask('/bad')).toBe('good');
    expect((await fetch(`http://127.0.0.1:${site.port}/bad/block`)).status).toBe(502);
    await site.said('did not answer for 1 s: deadlock-timeout)');
    await expect.poll(() => site.ask('/bad').catch(String), { timeout: 20_000 }).toBe('good');
    await expectUndisturbed();
  });
});
