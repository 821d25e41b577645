import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { type DaemonOptions, Folder, TestDaemon } from './daemon-client.js';

const folder = new Folder();
const running: TestDaemon[] = [];
afterAll(async () => {
  for (const daemon of running) await daemon.stop();
  folder.remove();
});

async function started(options: DaemonOptions = {}): Promise<TestDaemon> {
  const daemon = await TestDaemon.started(options);
  running.push(daemon);
  return daemon;
}

const held = folder.write(
  'held.mjs',
  `export default (req, res) => { res.write('held'); (globalThis.held ??= []).push(res) }`,
);
const release = folder.write(
  'release.mjs',
  `export default (req, res) => { for (const r of globalThis.held.splice(0)) r.end(' released'); res.end() }`,
);
const quick = folder.write('quick.mjs', `export default (req, res) => res.end('quick')`);
const selfReleasing = folder.write(
  'soon.mjs',
  `export default (req, res) => { res.write('held'); setTimeout(() => res.end(' released'), 60) }`,
);

describe('the start', () => {
  it('goes to home, takes the name, and hides its sockets from children', async () => {
    const home = folder.write('home/x', '').slice(0, -2);
    const daemon = await started({ start: { home, displayName: '(wsgi:test)' } });
    const script = folder.write(
      'self.mjs',
      `import { execFileSync } from 'node:child_process';
       export default (req, res) => res.end(JSON.stringify({ cwd: process.cwd(), fds: execFileSync('ls', ['-l', '/proc/self/fd'], { encoding: 'utf8' }), mode: process.env.NODE_ENV }))`,
    );
    const seen = JSON.parse((await (await daemon.connect()).request(script).answer()).text);
    expect(seen.cwd).toBe(home);
    expect(seen.mode).toBe('production');
    if (process.platform === 'linux') {
      expect(readFileSync(`/proc/${daemon.child.pid}/cmdline`, 'latin1').replaceAll('\0', '')).toBe(
        '(wsgi:test)',
      );
      // 0 to 2 are what it was given; ls itself opens the folder.
      expect(seen.fds.match(/ (?:[3-9]|[0-9]{2,}) -> socket/g) ?? []).toEqual([]);
    }
  });

  it('loads what is to be preloaded before it is ready, and survives what fails', async () => {
    const good = folder.write(
      'preloaded.mjs',
      `console.log('preloaded'); export default (req, res) => res.end('fine')`,
    );
    const bad = folder.write('bad.mjs', `throw new Error('preload broke')`);
    const preload = [bad, good].map((script) => ({ script, applicationGroup: 'g' }));
    const daemon = await started({ start: { preload } });
    await daemon.printed('preloaded');
    await daemon.printed('Error: preload broke');
    const frontEnd = await daemon.connect();
    expect((await frontEnd.request(good, { applicationGroup: 'g' }).answer()).text).toBe('fine');
    expect(daemon.output.match(/preloaded/g)).toHaveLength(1);
  });

  it.each<[string, DaemonOptions, string]>([
    ['a home that is not there', { start: { home: '/nonexistent/home' } }, 'ENOENT'],
    ['no JSON', { firstLine: 'hello' }, 'not JSON'],
    ['another message', { firstLine: '{"type":"drain"}' }, 'not start'],
    ['null', { firstLine: 'null' }, 'not start'],
    ['no token', { start: { token: '' } }, 'token'],
    ['less than no threads', { start: { threads: -1 } }, 'threads'],
    ['a text for a number', { start: { queueTimeoutMs: '5' } }, 'queueTimeoutMs'],
    ['preload that is no list', { start: { preload: {} } }, 'preload'],
    ['preload without groups', { start: { preload: [{ script: 'x' }] } }, 'preload'],
  ])('that cannot be carried out (%s) ends with 78 and says why', async (_, options, reason) => {
    const daemon = new TestDaemon(options);
    running.push(daemon);
    expect(await daemon.exited).toBe(78);
    expect(daemon.output).toContain(reason);
  });
});

describe('the end', () => {
  it.each<[string, (daemon: TestDaemon) => void]>([
    ['drain', (daemon) => daemon.say({ type: 'drain' })],
    ['SIGTERM', (daemon) => daemon.child.kill('SIGTERM')],
    ['SIGINT', (daemon) => daemon.child.kill('SIGINT')],
    ['the end of the control channel', (daemon) => daemon.closeControl()],
  ])('by %s finishes what is open, takes nothing new, exits 0', async (_, end) => {
    const daemon = await started();
    const frontEnd = await daemon.connect();
    const open = frontEnd.request(selfReleasing);
    await open.response;
    end(daemon);
    await frontEnd.drained;
    expect(await frontEnd.request(quick).aborted()).toBe('retry');
    expect((await open.answer()).text).toBe('held released');
    expect(await daemon.exited).toBe(0);
    await frontEnd.closed;
  });

  it('waits until the front end has read DRAIN, for what was sent before that', async () => {
    const daemon = await started();
    const frontEnd = await daemon.connect();
    frontEnd.answersPings = false;
    daemon.say({ type: 'drain' });
    await frontEnd.drained;
    expect(await frontEnd.request(quick).aborted()).toBe('retry');
    frontEnd.pong('drain');
    expect(await daemon.exited).toBe(0);
  });

  it('does not wait for ever for a front end that does not confirm', async () => {
    const daemon = await started();
    const frontEnd = await daemon.connect();
    frontEnd.answersPings = false;
    daemon.say({ type: 'drain' });
    expect(await daemon.exited).toBe(0);
  });

  it('by SIGTERM does not wait longer than the shutdown timeout, and exits 1 then', async () => {
    const daemon = await started({ start: { shutdownTimeoutMs: 80 } });
    const frontEnd = await daemon.connect();
    const open = frontEnd.request(held);
    await open.response;
    daemon.child.kill('SIGTERM');
    expect(await daemon.exited).toBe(1);
    expect((await open.over).kind).toBe('lost');
  });

  it('by drain turns into an end within the limit on SIGTERM', async () => {
    const daemon = await started({ start: { shutdownTimeoutMs: 80 } });
    const frontEnd = await daemon.connect();
    await frontEnd.request(held).response;
    daemon.say({ type: 'drain' });
    await frontEnd.drained;
    daemon.child.kill('SIGTERM');
    expect(await daemon.exited).toBe(1);
  });

  it('is not held up by timers and servers of the application', async () => {
    const daemon = await started();
    const script = folder.write(
      'busy.mjs',
      `import net from 'node:net'; setInterval(() => {}, 10); net.createServer().listen(0); export default (req, res) => res.end('busy')`,
    );
    await (await daemon.connect()).request(script).answer();
    daemon.say({ type: 'drain' });
    expect(await daemon.exited).toBe(0);
  });

  it('lets the application say farewell', async () => {
    const daemon = await started();
    const script = folder.write(
      'farewell.mjs',
      `process.on('beforeExit', () => console.log('before exit')); process.on('exit', (code) => console.log('exit ' + code)); export default (req, res) => res.end('x')`,
    );
    await (await daemon.connect()).request(script).answer();
    daemon.say({ type: 'drain' });
    expect(await daemon.exited).toBe(0);
    expect(daemon.output).toContain('before exit\nexit 0');
  });

  it('waits for what was given to waitUntil', async () => {
    const daemon = await started();
    const script = folder.write(
      'until.mjs',
      `export default { fetch(request, env, ctx) { ctx.waitUntil(new Promise((r) => setTimeout(() => { console.log('work is done'); r() }, 500))); return new Response('x') } }`,
    );
    await (await daemon.connect()).request(script).answer();
    daemon.say({ type: 'drain' });
    expect(await daemon.exited).toBe(0);
    expect(daemon.output).toContain('work is done');
  });

  it('sends a whole answer first, also a large one', async () => {
    const daemon = await started();
    const frontEnd = await daemon.connect();
    const script = folder.write(
      'large.mjs',
      `export default (req, res) => setTimeout(() => res.end(Buffer.alloc(5_000_000)), 30)`,
    );
    const open = frontEnd.request(script);
    await frontEnd.ping('open');
    daemon.say({ type: 'drain' });
    await open.answer();
    expect(open.receivedBytes).toBe(5_000_000);
    expect(await daemon.exited).toBe(0);
  });

  it('of the application by itself is seen as a lost connection', async () => {
    const daemon = await started();
    const script = folder.write(
      'exit.mjs',
      `export default () => process.exit(3); `.replace('()', '(req, res)'),
    );
    expect((await (await daemon.connect()).request(script).over).kind).toBe('lost');
    expect(await daemon.exited).toBe(3);
  });
});

describe('threads', () => {
  it('bound the requests at once; the others wait in order', async () => {
    const daemon = await started({ start: { threads: 2 } });
    const frontEnd = await daemon.connect();
    const other = await daemon.connect();
    const script = folder.write(
      'ordered.mjs',
      `const seen = globalThis.order = []; let inside = 0; globalThis.most = 0;
       export default (req, res) => { seen.push(req.url); inside += 1; globalThis.most = Math.max(globalThis.most, inside); setTimeout(() => { inside -= 1; res.end(seen.join('') + ' ' + globalThis.most) }, 10) }`,
    );
    await frontEnd.request(script, { url: '/0' }).answer();
    const exchanges = [1, 2, 3, 4, 5, 6].map((n) => frontEnd.request(script, { url: `/${n}` }));
    const answers = await Promise.all(exchanges.map((exchange) => exchange.answer()));
    expect(answers.at(-1)?.text).toBe('/0/1/2/3/4/5/6 2');
    // Both connections share the bound, and calls are not counted.
    const holding = [frontEnd.request(held), other.request(held)];
    await Promise.all(holding.map((exchange) => exchange.response));
    const waiting = other.request(quick);
    await other.ping('arrived');
    expect(waiting.pieces).toEqual([]);
    const caller = folder.write(
      'caller.mjs',
      `export const check_password = () => { for (const r of globalThis.held.splice(0)) r.end(); return true }`,
    );
    expect(await other.call('check_password', caller, ['a', 'b']).reply()).toEqual({ kind: 'true' });
    expect((await waiting.answer()).text).toBe('quick');
  });

  it('a request that waits longer than the queue timeout is dropped, though its body came', async () => {
    const daemon = await started({ start: { threads: 1, queueTimeoutMs: 60 } });
    const frontEnd = await daemon.connect();
    const holding = frontEnd.request(held);
    await holding.response;
    const waiting = frontEnd.request(quick, { method: 'POST', body: 'body' });
    const soonAfter = frontEnd.request(quick);
    expect(await waiting.aborted()).toBe('timeout');
    expect(await soonAfter.aborted()).toBe('timeout');
    holding.abort();
    expect((await frontEnd.request(quick).answer()).text).toBe('quick');
  });

  it("a client that leaves the queue takes nobody's place", async () => {
    const daemon = await started({ start: { threads: 1 } });
    const frontEnd = await daemon.connect();
    const holding = frontEnd.request(held);
    await holding.response;
    const counted = folder.write(
      'counted.mjs',
      `globalThis.entered = 0; export default (req, res) => { globalThis.entered += 1; res.end(String(globalThis.entered)) }`,
    );
    const leaving = frontEnd.request(counted);
    const staying = frontEnd.request(counted);
    leaving.abort();
    await frontEnd.ping('left');
    holding.abort();
    expect((await staying.answer()).text).toBe('1');
  });

  it('waiting requests are served before a drain ends', async () => {
    const daemon = await started({ start: { threads: 1 } });
    const frontEnd = await daemon.connect();
    const first = frontEnd.request(selfReleasing);
    const second = frontEnd.request(quick);
    await first.response;
    daemon.say({ type: 'drain' });
    expect((await first.answer()).text).toBe('held released');
    expect((await second.answer()).text).toBe('quick');
    expect(await daemon.exited).toBe(0);
  });

  it('null is no bound', async () => {
    const daemon = await started();
    const frontEnd = await daemon.connect();
    const exchanges = Array.from({ length: 200 }, () => frontEnd.request(held));
    for (const exchange of exchanges) await exchange.response;
    await frontEnd.request(release).answer();
    for (const exchange of exchanges) expect((await exchange.answer()).text).toBe('held released');
  });
});
