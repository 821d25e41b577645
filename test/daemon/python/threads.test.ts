import { execFileSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { app, DaemonProcess, type Exchange, endAll, type FrontEnd } from './daemon-process.js';

const script = app('blocking.py');

afterEach(endAll);

/** A request that blocks in the application until its body is ended. */
function block(frontEnd: FrontEnd, name: string): Exchange {
  return frontEnd.request({ script, path: '/wait', query: name, bodyFollows: true });
}

async function ask(frontEnd: FrontEnd, path: string, query = ''): Promise<string> {
  const exchange = await frontEnd.get(script, { path, query });
  expect(exchange.ended).toBe(true);
  return exchange.body;
}

describe('threads', () => {
  it('run as many requests at once as there are, over all front ends, and the rest in order', async () => {
    const daemon = await DaemonProcess.start({ threads: 3 });
    const first = await daemon.connect();
    const second = await daemon.connect();
    const exchanges: Exchange[] = [];
    for (let count = 0; count < 9; count += 1) {
      const frontEnd = count % 2 ? second : first;
      exchanges.push(block(frontEnd, `r${count}`));
      await frontEnd.confirm();
    }
    await Promise.all(exchanges.slice(0, 3).map((exchange) => exchange.logged(/entered/)));
    // A fourth would have entered by now if it could: a call behind them has to wait as well.
    const behind = first.request({ script, path: '/note', query: 'behind' });
    await first.confirm();
    expect(exchanges.slice(3).map(({ logText }) => logText)).toEqual(Array(6).fill(''));
    for (const [index, exchange] of exchanges.entries()) {
      exchange.sendEnd();
      await exchange.done();
      // Otherwise two could enter at once, and either be seen first.
      await exchanges[index + 3]?.logged(/entered/);
    }
    await behind.done();
    expect(await ask(first, '/most')).toBe('3');
    const seen = (await ask(second, '/seen')).split(',');
    expect(seen.slice(0, 3).sort()).toEqual(['r0', 'r1', 'r2']);
    expect(seen.slice(3)).toEqual(['r3', 'r4', 'r5', 'r6', 'r7', 'r8', 'behind']);
    expect(new Set(exchanges.map(({ body }) => body))).toEqual(new Set(['1', '2', '3']));
    await daemon.drain();
  });

  it('that block do not hinder the one that is free', async () => {
    const daemon = await DaemonProcess.start({ threads: 4 });
    const frontEnd = await daemon.connect();
    const blocked = [block(frontEnd, 'a'), block(frontEnd, 'b'), block(frontEnd, 'c')];
    await Promise.all(blocked.map((exchange) => exchange.logged(/entered/)));
    const names = Array.from({ length: 50 }, (_, index) => `n${index}`);
    await Promise.all(names.map((name) => ask(frontEnd, '/note', name)));
    expect(blocked.some(({ isOver }) => isOver)).toBe(false);
    for (const exchange of blocked) exchange.sendEnd();
    await Promise.all(blocked.map((exchange) => exchange.done()));
    expect((await ask(frontEnd, '/seen')).split(',').slice(3)).toEqual(names);
    await daemon.drain();
  });

  it('are called together when many requests come at once and block', async () => {
    const daemon = await DaemonProcess.start({ threads: 10 });
    const frontEnd = await daemon.connect();
    await ask(frontEnd, '/note');
    const started = performance.now();
    await Promise.all(Array.from({ length: 10 }, () => ask(frontEnd, '/sleep', '0.5')));
    // One after the other it would be 5 s.
    expect(performance.now() - started).toBeLessThan(2500);
    expect(await ask(frontEnd, '/most')).toBe('10');
    await daemon.drain();
  });

  it('of which there is one run one request at a time', async () => {
    const daemon = await DaemonProcess.start({ threads: 1 });
    const frontEnd = await daemon.connect();
    await Promise.all(Array.from({ length: 20 }, () => ask(frontEnd, '/sleep', '0.002')));
    expect(await ask(frontEnd, '/most')).toBe('1');
    await daemon.drain();
  });

  it('are few while one uses the processor all it can, however long the line is', async () => {
    const daemon = await DaemonProcess.start({ threads: 15 });
    const frontEnd = await daemon.connect();
    for (let count = 0; count < 5; count += 1) await ask(frontEnd, '/note');
    let most = 0;
    // Of three times the best: on a busy machine a thread may look as if it blocked, and then all are called.
    for (let round = 0; round < 3; round += 1) {
      const used = await Promise.all(Array.from({ length: 300 }, () => ask(frontEnd, '/spin', '0.0004')));
      const counts = [...new Set(used)].map((thread) => used.filter((one) => one === thread).length);
      most = Math.max(most, ...counts);
    }
    // In one thread; all fifteen would have twenty each.
    expect(most).toBeGreaterThan(150);
    await daemon.drain();
  });

  it('are few when requests come one by one', async () => {
    const daemon = await DaemonProcess.start({ threads: 15 });
    const frontEnd = await daemon.connect();
    const used = new Set<string>();
    for (let count = 0; count < 50; count += 1) used.add(await ask(frontEnd, '/note'));
    // One, but for moments in which a busy machine lets it wait.
    expect(used.size).toBeLessThan(5);
    await daemon.drain();
  });
});

describe('the queue', () => {
  it('gives a request up after queueTimeoutMs, even while every thread is blocked', async () => {
    const daemon = await DaemonProcess.start({ threads: 1, queueTimeoutMs: 200 });
    const frontEnd = await daemon.connect();
    const blocked = block(frontEnd, 'blocked');
    await blocked.logged(/entered/);
    const started = performance.now();
    const late = frontEnd.request({ script, path: '/note', query: 'late' });
    expect((await frontEnd.call(app('auth.py'))).abort?.code).toBe('timeout');
    expect((await late.done()).abort?.code).toBe('timeout');
    expect(performance.now() - started).toBeGreaterThanOrEqual(190);
    blocked.sendEnd();
    await blocked.done();
    expect(blocked.ended).toBe(true);
    expect(await ask(frontEnd, '/seen')).toBe('blocked');
    await daemon.drain();
  });

  it('forgets a request whose client left while it waited', async () => {
    const daemon = await DaemonProcess.start({ threads: 1 });
    const frontEnd = await daemon.connect();
    const other = await daemon.connect();
    const blocked = block(frontEnd, 'blocked');
    await blocked.logged(/entered/);
    const left = frontEnd.request({ script, path: '/note', query: 'left' });
    other.request({ script, path: '/note', query: 'lost' });
    await other.confirm();
    left.sendAbort('gone');
    other.leave();
    const stays = frontEnd.request({ script, path: '/note', query: 'stays' });
    await frontEnd.confirm();
    blocked.sendEnd();
    await stays.done();
    expect(await ask(frontEnd, '/seen')).toBe('blocked,stays');
    await daemon.drain();
  });
});

describe('memory', () => {
  it('is less than 8 MB beyond the interpreter and the application', async () => {
    const daemon = await DaemonProcess.start({ threads: 15 });
    const frontEnd = await daemon.connect();
    for (let count = 0; count < 100; count += 1) await ask(frontEnd, '/note');
    const resident = daemon.residentBytes;
    await daemon.drain();
    expect(resident - residentBytesWith(script)).toBeLessThan(8 * 1024 * 1024);
  });
});

/** Of an interpreter that has loaded the script and nothing of ours. */
function residentBytesWith(path: string): number {
  const program =
    'import sys; exec(open(sys.argv[1]).read()); print(open("/proc/self/statm").read().split()[1])';
  return Number(execFileSync('python3', ['-c', program, path], { encoding: 'utf8' })) * 4096;
}
