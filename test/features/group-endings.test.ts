import { appendFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SurvivalSite } from '../survival/site.js';

/** Why a daemon process goes, what its clients see of it, and what an operator is told: each cause by its name. */

const python = `import ctypes, os, signal, sys, time
if os.path.exists(__file__ + '.broken'):
    raise RuntimeError('half a start')
def application(environ, start_response):
    way = environ['PATH_INFO']
    if way == '/exit':
        os._exit(3)
    if way == '/leave':
        os._exit(0)
    if way == '/crash':
        os.kill(os.getpid(), signal.SIGSEGV)
        time.sleep(5)
    if way == '/sleep':
        time.sleep(30)
    if way == '/interrupted':
        try:
            for _ in range(3000): time.sleep(0.01)
        except BaseException as error:
            print('unwound by', type(error).__name__, file=sys.stderr)
            raise
    if way == '/burn':
        while True: pass
    if way == '/large':
        bytearray(4 * 10 ** 9)
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'%d' % os.getpid()]
`;

const javascript = `import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
if (existsSync(fileURLToPath(import.meta.url) + '.broken')) throw new Error('half a start');
export default {
  async fetch(request) {
    const way = new URL(request.url).pathname.replace(/^.*\\//, '/');
    if (way === '/exit') process.exit(3);
    if (way === '/leave') process.exit(0);
    if (way === '/crash') {
      process.kill(process.pid, 'SIGSEGV');
      await new Promise((resolve) => setTimeout(resolve, 5_000));
    }
    if (way === '/sleep') {
      request.signal.addEventListener('abort', () => console.error('the signal was aborted'));
      await new Promise((resolve) => setTimeout(resolve, 30_000));
    }
    if (way === '/burn') for (;;);
    if (way === '/large') {
      const kept = [];
      for (;;) kept.push(new Array(1_000_000).fill(kept.length));
    }
    return new Response(String(process.pid));
  },
};
`;

const groups = {
  plain: '',
  killed: '',
  crashing: '',
  interrupted: 'request-timeout=1 interrupt-timeout=10',
  limited: 'request-timeout=1',
  computing: 'cpu-time-limit=1 shutdown-timeout=0 graceful-timeout=60',
  // Node 24 takes more than 1 GB of it before it runs anything.
  large: 'memory-limit=1500M',
  spacious: 'virtual-memory-limit=3G',
  evicted: 'eviction-timeout=1 shutdown-timeout=1 graceful-timeout=60',
  graceful: 'graceful-timeout=1 shutdown-timeout=1',
  idle: 'inactivity-timeout=1',
  halting: 'startup-timeout=1',
  homeless: 'home=/nowhere/at-all',
} as const;
type Group = keyof typeof groups;

describe.each([
  { runtime: 'python', file: 'app.py', text: python },
  { runtime: 'node', file: 'app.mjs', text: javascript },
])('a $runtime process', { timeout: 60_000 }, ({ runtime, file, text }) => {
  const site = new SurvivalSite();

  beforeAll(async () => {
    const lines = Object.entries(groups).map(([name, options]) => {
      const script = join(site.folder, `${name}-${file}`);
      writeFileSync(script, text);
      return `WSGIDaemonProcess ${name} ${options}
WSGIScriptAlias /${name} ${script} process-group=${name}`;
    });
    await site.start(lines.join('\n'));
  });
  afterAll(() => site.remove());

  const ask = (path: string) => fetch(`http://127.0.0.1:${site.port}${path}`);
  const pidOf = async (group: Group) => Number(await site.ask(`/${group}`));
  const groupOf = async (name: Group) => (await site.status()).groups.find((group) => group.name === name);
  const log = (group: Group, text: string) => site.said(`daemon process ${group}/${runtime} ${text}`);
  const endings = (group: Group) =>
    expect.poll(async () => (await groupOf(group))?.endings.at(-1)?.why, { timeout: 20_000 });
  const isBusy = (group: Group) =>
    expect.poll(async () => (await groupOf(group))?.processes[0]?.active).toBe(1);

  it('that exits, or crashes, costs the request that it had: 502, with the code or the signal', async () => {
    expect((await ask('/plain/exit')).status).toBe(502);
    await log('plain', 'exited with code 3');
    await endings('plain').toBe('exited with code 3');
    expect((await ask('/crashing/crash')).status).toBe(502);
    await log('crashing', 'was ended by signal SIGSEGV');
    await endings('crashing').toBe('was ended by signal SIGSEGV');
    expect((await ask('/plain/leave')).status).toBe(502);
    await endings('plain').toContain('exited with code 0 (nobody here told it to');
    expect((await ask('/plain')).status).toBe(200);
    expect((await ask('/crashing')).status).toBe(200);
  });

  it('that somebody ends with SIGTERM, or kills, says so', async () => {
    process.kill(await pidOf('killed'), 'SIGTERM');
    await endings('killed').toContain('or SIGTERM from elsewhere');
    await expect.poll(async () => (await groupOf('killed'))?.processes[0]?.state).toBe('ready');
    process.kill(await pidOf('killed'), 'SIGKILL');
    await endings('killed').toBe('was ended by signal SIGKILL');
  });

  it('whose request takes longer than request-timeout answers 504', async () => {
    const first = await pidOf('limited');
    expect((await ask('/limited/sleep')).status).toBe(504);
    await site.said('1 s (request-timeout)');
    if (runtime === 'node') {
      // Nothing is stuck: the handler is told, and the process serves on.
      await site.said('the signal was aborted');
      expect(await pidOf('limited')).toBe(first);
    } else {
      await endings('limited').toContain('is not over after 1 s (request-timeout)');
      await expect.poll(() => pidOf('limited')).not.toBe(first);
    }
  });

  it.runIf(runtime === 'python')(
    'with interrupt-timeout is raised RequestTimeout in its thread: 504, and it lives',
    async () => {
      const first = await pidOf('interrupted');
      expect((await ask('/interrupted/interrupted')).status).toBe(504);
      await site.said('unwound by RequestTimeout');
      expect(await pidOf('interrupted')).toBe(first);
    },
  );

  it('that computes for longer than cpu-time-limit is replaced by its name, even if it hears nothing', async () => {
    const first = await pidOf('computing');
    const burning = ask('/computing/burn');
    await site.said(
      `replacing daemon process computing/${runtime}: it has used the processor for too long (cpu-time-limit)`,
    );
    await expect.poll(() => pidOf('computing'), { timeout: 20_000 }).not.toBe(first);
    expect((await burning).status).toBe(502);
    await log('computing', 'was ended by signal SIGKILL (cpu-time-limit, and it did not end');
    await endings('computing').toContain('(cpu-time-limit); was ended by signal SIGKILL');
  });

  it('that asks for more than memory-limit fails visibly, and the group serves on', async () => {
    const { status } = await ask('/large/large');
    if (runtime === 'python') {
      expect(status).toBe(500);
      await site.said('MemoryError');
    } else {
      expect(status).toBe(502);
      await log('large', 'was ended by signal SIG');
      await endings('large').toMatch(/^was ended by signal \w+ \(JavaScript found no more memory\)$/);
    }
    expect((await ask('/large')).status).toBe(200);
  });

  it('that asks for more than virtual-memory-limit fails visibly, and the group serves on', async () => {
    expect((await ask('/spacious/large')).status).toBe(runtime === 'python' ? 500 : 502);
    expect((await ask('/spacious')).status).toBe(200);
  });

  it('that gets SIGUSR1 is drained for eviction-timeout, whatever graceful-timeout says', async () => {
    const first = await pidOf('evicted');
    const cut = ask('/evicted/sleep');
    await isBusy('evicted');
    process.kill(first, 'SIGUSR1');
    expect((await cut).status).toBe(502);
    await endings('evicted').toMatch(
      /^it caught SIGUSR1; .* \(did not finish its requests within eviction-timeout\)$/,
    );
    expect(await pidOf('evicted')).not.toBe(first);
  });

  it('that does not finish its requests within graceful-timeout is ended, and says so', async () => {
    const cut = ask('/graceful/sleep');
    await isBusy('graceful');
    expect((await site.command('reload', 'graceful')).exitCode).toBe(0);
    expect((await ask('/graceful')).status).toBe(200);
    expect((await cut).status).toBe(502);
    await endings('graceful').toMatch(
      /^reload requested; .* \(did not finish its requests within graceful-timeout\)$/,
    );
  });

  it('that serves nobody for inactivity-timeout is replaced, but not before its first request', async () => {
    const before = await groupOf('idle');
    expect(before).toMatchObject({ starts: 1, endings: [] });
    const first = await pidOf('idle');
    await endings('idle').toBe('no request came for 1 s (inactivity-timeout)');
    expect(await pidOf('idle')).not.toBe(first);
  });

  it('that cannot load a script for startup-timeout is replaced', async () => {
    const script = join(site.folder, `halting-${file}`);
    writeFileSync(`${script}.broken`, '');
    appendFileSync(script, '\n');
    utimesSync(script, 1, 1);
    // What has been loaded once is kept, so this process must not have loaded anything yet.
    expect((await site.command('reload', 'halting')).exitCode).not.toBeNull();
    expect((await ask('/halting')).status).toBe(500);
    await site.said('no script could be loaded for 1 s (startup-timeout)');
    expect((await groupOf('halting'))?.processes.length).toBeGreaterThan(0);
  });

  it('whose home is not there is said to be so, by the log and by status', async () => {
    await site.said('home=/nowhere/at-all: ');
    await log('homeless', 'exited with code 78 (what WSGIDaemonProcess asks for cannot be done');
    expect((await site.command('status')).stdout).toContain(
      `homeless/${runtime} cannot serve: it exited with code 78 (what WSGIDaemonProcess asks for`,
    );
  });
});
