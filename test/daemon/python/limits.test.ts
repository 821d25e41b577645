import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { DaemonProcess, endAll } from './daemon-process.js';

afterEach(endAll);

const apps = fileURLToPath(new URL('./apps/', import.meta.url));
const script = join(apps, 'limits.py');

const wishes = (daemon: DaemonProcess) =>
  daemon.controlMessages.filter(({ type }) => type === 'reload').map(({ reason }) => reason);

const wished = (daemon: DaemonProcess, times = 1) =>
  daemon.changed.until(() => wishes(daemon).length >= times, 'a wish to be replaced');

describe('maximum-requests', () => {
  it('asks for a successor after so many, and again after as many more if none can start', async () => {
    const daemon = await DaemonProcess.start({ maximumRequests: 3 });
    const frontEnd = await daemon.connect();
    const ask = async (times: number) => {
      for (let count = 0; count < times; count += 1)
        expect((await frontEnd.get(script, { path: '/quick' })).body).toBe('quick');
    };
    await ask(2);
    await frontEnd.confirm();
    expect(wishes(daemon)).toEqual([]);
    await ask(1);
    await wished(daemon);
    expect(wishes(daemon)).toEqual(['it has served 3 requests (maximum-requests)']);
    await ask(1);
    daemon.sendControl({ type: 'keep' });
    await ask(2);
    await wished(daemon, 2);
    await daemon.drain();
  });

  it('is spread by the jitter', async () => {
    const daemon = await DaemonProcess.start({ maximumRequests: 1, maximumRequestsJitter: 2 });
    const frontEnd = await daemon.connect();
    for (let count = 0; count < 3; count += 1) await frontEnd.get(script, { path: '/quick' });
    await wished(daemon);
    expect(wishes(daemon)[0]).toMatch(/^it has served [123] requests/);
    await daemon.drain();
  });
});

describe('inactivity-timeout', () => {
  it('counts from the first request, not while one is open', async () => {
    const daemon = await DaemonProcess.start({ inactivityTimeoutMs: 400 });
    const frontEnd = await daemon.connect();
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(wishes(daemon)).toEqual([]);
    const slow = frontEnd.get(script, { path: '/sleep', query: '0.9' });
    expect((await slow).body).toBe('late');
    expect(wishes(daemon)).toEqual([]);
    await wished(daemon);
    expect(wishes(daemon)).toEqual(['no request came for 0.4 s (inactivity-timeout)']);
    await daemon.drain();
  });
});

describe('startup-timeout', () => {
  it('asks for a successor when no script can be loaded for so long', async () => {
    const daemon = await DaemonProcess.start({ startupTimeoutMs: 300 });
    const frontEnd = await daemon.connect();
    expect((await frontEnd.get(join(apps, 'raises.py'))).abort?.code).toBe('error');
    await wished(daemon);
    expect(wishes(daemon)).toEqual(['no script could be loaded for 0.3 s (startup-timeout)']);
    await daemon.drain();
  });

  it('stops for good at the first success', async () => {
    const daemon = await DaemonProcess.start({ startupTimeoutMs: 300 });
    const frontEnd = await daemon.connect();
    await frontEnd.get(script, { path: '/quick' });
    await frontEnd.get(join(apps, 'raises.py'));
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(wishes(daemon)).toEqual([]);
    await daemon.drain();
  });
});

describe('request-timeout', () => {
  const limits = { requestTimeoutMs: 300, threads: 2 };

  it('gives up a request that takes longer: 504, its stack in the log, and a wish to be replaced', async () => {
    const daemon = await DaemonProcess.start(limits);
    const frontEnd = await daemon.connect();
    const late = await frontEnd.get(script, { path: '/sleep', query: '20' });
    expect(late.abort?.code).toBe('timeout');
    await wished(daemon);
    expect(wishes(daemon)[0]).toContain('limits.py is not over after 0.3 s (request-timeout)');
    await daemon.changed.until(() => daemon.stderr.includes('time.sleep'), 'the stack');
    expect(daemon.stderr).toContain(`File "${script}"`);
    // Others are served, and nobody waits for the thread that is stuck.
    expect((await frontEnd.get(script, { path: '/quick' })).body).toBe('quick');
    await daemon.drain();
  });

  it('does not concern a request that is over in time', async () => {
    const daemon = await DaemonProcess.start(limits);
    const frontEnd = await daemon.connect();
    expect((await frontEnd.get(script, { path: '/sleep', query: '0.1' })).body).toBe('late');
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(wishes(daemon)).toEqual([]);
    await daemon.drain();
  });

  it('with interrupt-timeout ends only the request: 504 before the head, a cut after it', async () => {
    const daemon = await DaemonProcess.start({ ...limits, interruptTimeoutMs: 5000 });
    const frontEnd = await daemon.connect();
    const [before, after] = await Promise.all([
      frontEnd.get(script, { path: '/loop' }),
      frontEnd.get(script, { path: '/begun' }),
    ]);
    expect(before.abort).toMatchObject({ code: 'timeout' });
    expect(before.abort?.sentence).toContain('was interrupted before the response head was sent');
    expect(after.abort?.sentence).toContain('was interrupted after the response head was sent');
    expect(wishes(daemon)).toEqual([]);
    // Both threads are free again.
    for (const path of ['/quick', '/quick', '/quick'])
      expect((await frontEnd.get(script, { path })).body).toBe('quick');
    await daemon.drain();
  });

  it('interrupts a thread that waits for its client', async () => {
    const daemon = await DaemonProcess.start({ ...limits, interruptTimeoutMs: 5000 });
    const frontEnd = await daemon.connect();
    const waiting = frontEnd.request({ script, path: '/read', bodyFollows: true });
    expect((await waiting.done()).abort?.code).toBe('timeout');
    expect(wishes(daemon)).toEqual([]);
    await daemon.drain();
  });

  it('gives up what does not let itself be interrupted within interrupt-timeout', async () => {
    const daemon = await DaemonProcess.start({ ...limits, interruptTimeoutMs: 300 });
    const frontEnd = await daemon.connect();
    const stubborn = await frontEnd.get(script, { path: '/stubborn', query: '2' });
    expect(stubborn.abort?.sentence).toContain('not over after 0.3 s (interrupt-timeout)');
    await wished(daemon);
    await daemon.drain();
  });
});

describe('signals and the control channel', () => {
  it('SIGUSR1 asks for a successor as an eviction', async () => {
    const daemon = await DaemonProcess.start();
    daemon.signal('SIGUSR1');
    await wished(daemon);
    expect(daemon.controlMessages.at(-1)).toEqual({
      type: 'reload',
      reason: 'it caught SIGUSR1',
      eviction: true,
    });
    await daemon.drain();
  });

  it('SIGXCPU asks for a successor', async () => {
    const daemon = await DaemonProcess.start();
    daemon.signal('SIGXCPU');
    await wished(daemon);
    expect(wishes(daemon)[0]).toContain('cpu-time-limit');
    await daemon.drain();
  });

  it('a ping is answered, also while applications are busy', async () => {
    const daemon = await DaemonProcess.start({ threads: 1 });
    const frontEnd = await daemon.connect();
    const busy = frontEnd.get(script, { path: '/stubborn', query: '0.5' });
    daemon.sendControl({ type: 'ping' });
    await daemon.changed.until(() => daemon.controlMessages.some(({ type }) => type === 'pong'), 'pong');
    await busy;
    await daemon.drain();
  });

  it('SIGABRT writes down where the threads are', async () => {
    const daemon = await DaemonProcess.start();
    const frontEnd = await daemon.connect();
    const stuck = frontEnd.request({ script, path: '/sleep', query: '20' });
    await stuck.logged(/entered/);
    daemon.signal('SIGABRT');
    expect(await daemon.exit()).toBe('SIGABRT');
    expect(daemon.stderr).toContain('limits.py", line');
  });
});
