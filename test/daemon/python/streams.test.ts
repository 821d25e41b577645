import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FrameType } from '../../../src/wire/index.js';
import { encodeFrame } from '../../wire/encode-frame.js';
import { app, DaemonProcess, endAll, type FrontEnd } from './daemon-process.js';

let daemon: DaemonProcess;
let frontEnd: FrontEnd;
const script = app('streams.py');
const window = 262_144;

beforeEach(async () => {
  daemon = await DaemonProcess.start();
  frontEnd = await daemon.connect();
});

afterEach(endAll);

async function events(): Promise<string> {
  return (await frontEnd.get(script, { path: '/events' })).body;
}

describe('a streaming response', () => {
  it('sends every piece before the next is made', async () => {
    const exchange = frontEnd.request({ script, path: '/steps' });
    for (const step of ['0', '01', '012']) {
      await exchange.received(step.length);
      expect(exchange.body).toBe(step);
      expect(exchange.ended).toBe(false);
      await frontEnd.get(script, { path: '/step' });
    }
    await exchange.done();
    expect(exchange.ended).toBe(true);
  });

  it('stops at the end of the credit and goes on with more', async () => {
    const exchange = frontEnd.request({ script, path: '/large', query: '16', holdCredit: true });
    await exchange.received(window);
    await frontEnd.confirm();
    expect(exchange.bodyBytes).toBe(window);
    exchange.sendCredit(10);
    await exchange.received(window + 10);
    await frontEnd.confirm();
    expect(exchange.bodyBytes).toBe(window + 10);
    exchange.sendCredit(16 * 65_536);
    await exchange.done();
    expect(exchange.ended).toBe(true);
    expect(exchange.body).toBe('0123456789abcdef'.repeat(4096 * 16));
  });

  it('that waits for credit does not keep others waiting', async () => {
    const stuck = frontEnd.request({ script, path: '/endless', holdCredit: true });
    await stuck.received(window);
    expect((await frontEnd.get(script, { path: '/events' })).ended).toBe(true);
    stuck.sendAbort('gone');
  });

  it('of 64 MB needs little memory', async () => {
    const exchange = await frontEnd
      .request({ script, path: '/large', query: '1024', countOnly: true })
      .done(20_000);
    expect(exchange.bodyBytes).toBe(64 * 1024 * 1024);
    expect(daemon.peakBytes).toBeLessThan(60 * 1024 * 1024);
  });

  it('and an upload run at the same time', async () => {
    const exchange = frontEnd.request({ script, path: '/echo', bodyFollows: true });
    await exchange.upload(Buffer.alloc(1_000_000, 'ab'));
    await exchange.done();
    expect(exchange.bodyBytes).toBe(1_000_000);
    expect(exchange.ended).toBe(true);
  });
});

describe('a response that is all there', () => {
  const whole = app('blocking.py');
  const size = 3 * window;
  const hold = (on: FrontEnd) =>
    on.request({ script: whole, path: '/large', query: String(size), holdCredit: true });

  async function startOne(more: { shutdownTimeoutMs?: number } = {}): Promise<DaemonProcess> {
    daemon = await DaemonProcess.start({ threads: 1, ...more });
    frontEnd = await daemon.connect();
    return daemon;
  }

  it('keeps no thread while it waits for credit, and ends with the last of it', async () => {
    await startOne();
    const held = [hold(frontEnd), hold(frontEnd), hold(frontEnd)];
    await Promise.all(held.map((exchange) => exchange.received(window)));
    expect((await frontEnd.get(whole, { path: '/note', query: 'other' })).ended).toBe(true);
    for (const exchange of held) {
      exchange.sendCredit(2 * window - 1);
      await exchange.received(size - 1);
      expect(exchange.ended).toBe(false);
      exchange.sendCredit(1);
      await exchange.done();
      expect([exchange.bodyBytes, exchange.ended]).toEqual([size, true]);
      expect(exchange.body).toBe('x'.repeat(size));
    }
    await daemon.drain();
  });

  it('is waited for when the process is to end', async () => {
    await startOne({ shutdownTimeoutMs: 200 });
    const held = hold(frontEnd);
    await held.received(window);
    daemon.sendControl({ type: 'drain' });
    await frontEnd.drained();
    // As long as a process that has only last bytes to send would be given, and longer.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(daemon.exitCode).toBeUndefined();
    held.sendCredit(2 * window);
    expect((await held.done()).ended).toBe(true);
    expect(await daemon.exit()).toBe(0);
  });

  it('does not keep the process after shutdownTimeoutMs', async () => {
    await startOne({ shutdownTimeoutMs: 200 });
    const held = hold(frontEnd);
    await held.received(window);
    daemon.signal('SIGTERM');
    expect(await daemon.exit()).toBe(1);
    expect(held.isLost).toBe(true);
  });

  it('is over when the client leaves', async () => {
    await startOne();
    const held = hold(frontEnd);
    await held.received(window);
    held.sendAbort('gone');
    await daemon.drain();
    expect(held.bodyBytes).toBe(window);
  });

  it('keeps its thread when so much waits in this way that memory counts', async () => {
    await startOne();
    const large = () =>
      frontEnd.request({ script: whole, path: '/large', query: '10000000', holdCredit: true });
    const held = [large(), large()];
    await Promise.all(held.map((exchange) => exchange.received(window)));
    const other = frontEnd.request({ script: whole, path: '/note', query: 'other' });
    await frontEnd.confirm();
    expect(other.isOver).toBe(false);
    held[0]?.sendAbort('gone');
    await frontEnd.confirm();
    expect(other.isOver).toBe(false);
    held[1]?.sendCredit(10_000_000);
    expect((await other.done()).ended).toBe(true);
    expect(held[1]?.ended).toBe(true);
    await daemon.drain();
  });

  it('of each of many threads is no reason to give the front end up', async () => {
    daemon = await DaemonProcess.start({ threads: 80 });
    frontEnd = await daemon.connect();
    const before = daemon.residentBytes;
    frontEnd.pause();
    const many = Array.from({ length: 80 }, () =>
      frontEnd.request({ script: whole, path: '/large', query: String(window) }),
    );
    const other = await daemon.connect();
    while (daemon.residentBytes < before + 70 * window) await other.get(whole, { path: '/note' });
    frontEnd.send(encodeFrame(FrameType.ping, 0, Buffer.from('still there?')));
    await other.confirm();
    frontEnd.resume();
    await Promise.all(many.map((exchange) => exchange.done()));
    expect(many.map(({ bodyBytes, ended }) => (ended ? bodyBytes : 0))).toEqual(many.map(() => window));
    await daemon.drain();
  });
});

describe('an upload', () => {
  it('of 64 MB needs little memory', async () => {
    const exchange = frontEnd.request({ script, path: '/count', bodyFollows: true });
    await exchange.upload(Buffer.alloc(64 * 1024 * 1024));
    await exchange.done(20_000);
    expect(exchange.body).toBe(String(64 * 1024 * 1024));
    expect(daemon.peakBytes).toBeLessThan(60 * 1024 * 1024);
  });
});

describe('a client that leaves', () => {
  it.each(['gone', 'timeout', 'cancel'])(
    'in a download (%s) stops the iteration, which is closed once',
    async (code) => {
      const exchange = frontEnd.request({ script, path: '/endless', countOnly: true });
      await exchange.received(1_000_000);
      exchange.sendAbort(code);
      while ((await events()) === '') await frontEnd.confirm();
      expect(await events()).toBe('closed');
      expect(frontEnd.looseLogs.join('\n')).not.toContain('Traceback');
    },
  );

  it('while the download waits for credit does so too', async () => {
    const exchange = frontEnd.request({ script, path: '/endless', holdCredit: true });
    await exchange.received(window);
    exchange.sendAbort('gone');
    while ((await events()) === '') await frontEnd.confirm();
    expect(await events()).toBe('closed');
  });

  it('makes write() raise OSError', async () => {
    const exchange = frontEnd.request({ script, path: '/endless_write', countOnly: true });
    await exchange.received(1_000_000);
    exchange.sendAbort('gone');
    while ((await events()) === '') await frontEnd.confirm();
    expect(await events()).toBe('OSError');
    // Raised on by the application: not worth a traceback, since the client is the reason.
    expect(frontEnd.looseLogs.join('\n')).not.toContain('Traceback');
  });

  it('in an upload makes every read raise OSError', async () => {
    const exchange = frontEnd.request({ script, path: '/interrupted', bodyFollows: true });
    exchange.sendBody('half');
    await exchange.logged(/reading/);
    exchange.sendAbort('gone');
    while (!(await events()).includes('closed')) await frontEnd.confirm();
    expect(await events()).toBe('OSError+OSError,closed');
  });

  it('in an upload unwinds an application that does not expect it, with one line in the log', async () => {
    const exchange = frontEnd.request({ script, path: '/unhandled', bodyFollows: true });
    await exchange.logged(/reading/);
    exchange.sendAbort('gone');
    while ((await events()) === '') await frontEnd.confirm();
    expect(await events()).toBe('unwound');
    await frontEnd.changed.until(() => frontEnd.looseLogs.length > 0, 'the log line');
    expect(frontEnd.looseLogs).toEqual([`gave up ${script}: the client left`]);
  });

  it('by losing the connection counts the same', async () => {
    const other = await daemon.connect();
    const download = other.request({ script, path: '/endless', countOnly: true });
    const upload = other.request({ script, path: '/unhandled', bodyFollows: true });
    await download.received(500_000);
    await upload.logged(/reading/);
    other.leave();
    while ((await events()).split(',').length < 2) await frontEnd.confirm();
    expect((await events()).split(',').sort()).toEqual(['closed', 'unwound']);
    await daemon.drain();
  });
});

describe('a front end that does not read', () => {
  it('does not hinder another', async () => {
    const slow = await daemon.connect();
    slow.pause();
    // Three of the four threads wait for its credit, and what they sent fills its socket and the outbox.
    for (let count = 0; count < 3; count += 1) slow.request({ script, path: '/endless' });
    for (let count = 0; count < 20; count += 1)
      expect((await frontEnd.get(script, { path: '/events' })).ended).toBe(true);
    slow.leave();
    while ((await events()).split(',').length < 3) await frontEnd.confirm();
    expect(await events()).toBe('closed,closed,closed');
  });

  it('lets a thread that logs without end wait instead of filling memory', async () => {
    const slow = await daemon.connect();
    const chatty = slow.request({ script, path: '/chatty', countOnly: true });
    await chatty.received(1);
    slow.pause();
    const before = daemon.residentBytes;
    for (let count = 0; count < 5; count += 1) await frontEnd.get(script, { path: '/pause' });
    expect(daemon.residentBytes - before).toBeLessThan(20 * 1024 * 1024);
    slow.leave();
    await daemon.drain();
  }, 30_000);
});
