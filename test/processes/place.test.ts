import { describe, expect, it } from 'vitest';
import type { PoolPlan } from '../../src/processes/daemon-pool.js';
import type { DaemonProcess, DaemonProcessListener } from '../../src/processes/daemon-process.js';
import { Place } from '../../src/processes/place.js';

/** A process that does nothing by itself, and what it tells its place. */
class IdleProcess {
  readonly pid = 1;
  readonly loadedScripts = [];
  readonly startedAt = Date.now();
  isReady = false;
  isLeaving = false;
  readonly listener: DaemonProcessListener;

  constructor(listener: DaemonProcessListener) {
    this.listener = listener;
  }

  becomeReady(): void {
    this.isReady = true;
    this.listener.ready([]);
  }

  drain(): void {
    this.isLeaving = true;
  }

  terminate(): void {
    this.isLeaving = true;
  }
}

function createPlace() {
  const processes: IdleProcess[] = [];
  const plan = {
    gracefulTimeoutMs: 0,
    restartIntervalMs: 0,
    memoryRecycle: 0,
    launch: { start: { preload: [], threads: 1 }, deadlockTimeoutMs: 0 },
  } as unknown as PoolPlan;
  const place = new Place({
    name: 'site/node',
    plan,
    spawn: (listener) => {
      const process = new IdleProcess(listener);
      processes.push(process);
      return process as unknown as DaemonProcess;
    },
    log: () => {},
    changed: () => {},
    ended: () => {},
  });
  return { place, processes };
}

describe('a place that nobody needs any more', () => {
  it('says so to whoever waits for its new process', async () => {
    const { place, processes } = createPlace();
    place.start();
    processes[0]?.becomeReady();
    const renewal = place.renew('asked');
    expect([processes.length, place.hasSuccessor]).toEqual([2, true]);
    place.sleep('no request came');
    expect(await renewal).toContain('nobody has asked for anything');
    expect(processes.map(({ isLeaving }) => isLeaving)).toEqual([true, true]);
  });

  it('starts nothing for those that waited for the start of another process', async () => {
    const { place, processes } = createPlace();
    place.start();
    const renewal = place.renew('asked');
    place.sleep('no request came');
    expect(await renewal).toContain('nobody has asked for anything');
    expect(processes.length).toBe(1);
    place.start();
    const next = place.renew('asked');
    processes[1]?.becomeReady();
    await expect.poll(() => processes.length).toBe(3);
    processes[2]?.becomeReady();
    expect(await next).toBeUndefined();
    place.stop();
  });
});
