import { afterAll, describe, expect, it } from 'vitest';
import { Folder, TestDaemon } from './daemon-client.js';

const folder = new Folder();
afterAll(() => folder.remove());

const script = folder.write(
  'limits.mjs',
  `export default {
  async fetch(request) {
    const way = new URL(request.url).pathname.slice(1);
    if (way === 'quick') return new Response('quick');
    if (way === 'slow') await new Promise((resolve) => setTimeout(resolve, 600));
    if (way === 'hang') await new Promise((resolve) => {
      request.signal.addEventListener('abort', () => console.log('aborted by ' + request.signal.reason?.name));
    });
    if (way === 'busy') { const end = Date.now() + 500; while (Date.now() < end); }
    return new Response('late');
  },
};`,
);

async function start(limits: Record<string, unknown>) {
  const daemon = await TestDaemon.started({ start: limits });
  const frontEnd = await daemon.connect();
  return { daemon, ask: (path: string) => frontEnd.request(script, { url: path }) };
}

describe('limits of a process', () => {
  it('maximum-requests asks for a successor after so many, and again after as many more', async () => {
    const { daemon, ask } = await start({ maximumRequests: 2 });
    for (const round of [2, 4]) {
      for (let count = 0; count < 2; count += 1) expect((await ask('/quick').answer()).text).toBe('quick');
      expect(await daemon.message('reload')).toEqual({
        type: 'reload',
        reason: `it has served ${round} requests (maximum-requests)`,
      });
      daemon.say({ type: 'keep' });
    }
    await daemon.stop();
  });

  it('inactivity-timeout counts from the end of the last request', async () => {
    const { daemon, ask } = await start({ inactivityTimeoutMs: 300 });
    expect((await ask('/slow').answer()).text).toBe('late');
    const before = Date.now();
    expect((await daemon.message('reload')).reason).toBe('no request came for 0.3 s (inactivity-timeout)');
    expect(Date.now() - before).toBeGreaterThan(200);
    await daemon.stop();
  });

  it('startup-timeout asks for a successor when no script can be loaded', async () => {
    const daemon = await TestDaemon.started({ start: { startupTimeoutMs: 200 } });
    const frontEnd = await daemon.connect();
    const broken = folder.write('broken.mjs', `throw new Error('not yet')`);
    expect(await frontEnd.request(broken).aborted()).toBe('error');
    expect((await daemon.message('reload')).reason).toContain('startup-timeout');
    await daemon.stop();
  });

  it('request-timeout aborts the signal of the request and answers with timeout; the process lives', async () => {
    const { daemon, ask } = await start({ requestTimeoutMs: 200 });
    expect(await ask('/hang').aborted()).toBe('timeout');
    await daemon.printed('aborted by AbortError');
    expect((await ask('/quick').answer()).text).toBe('quick');
    daemon.say({ type: 'drain' });
    expect(await daemon.exited).toBe(0);
    await daemon.stop();
  });

  it.each(['SIGUSR1', 'SIGXCPU'] as const)('%s asks for a successor', async (signal) => {
    const { daemon, ask } = await start({});
    daemon.child.kill(signal);
    const { reason, eviction } = await daemon.message('reload');
    expect(reason).toContain(signal === 'SIGUSR1' ? 'it caught SIGUSR1' : 'cpu-time-limit');
    expect(eviction).toBe(signal === 'SIGUSR1' ? true : undefined);
    expect((await ask('/quick').answer()).text).toBe('quick');
    await daemon.stop();
  });

  it('a ping is answered when the event loop is free', async () => {
    const { daemon, ask } = await start({});
    const busy = ask('/busy');
    daemon.say({ type: 'ping' });
    expect(await daemon.message('pong')).toEqual({ type: 'pong' });
    expect((await busy.answer()).text).toBe('late');
    await daemon.stop();
  });
});
