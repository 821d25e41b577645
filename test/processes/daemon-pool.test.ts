import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  DaemonPool,
  type HealthTarget,
  type PoolPlan,
  type PoolPorts,
} from '../../src/processes/daemon-pool.js';
import { findStartTroubles } from '../../src/processes/start-troubles.js';

const program = fileURLToPath(new URL('./programs/daemon.mjs', import.meta.url));

let folder: string;
let log: string[];
let wake: (() => void)[];
const pools: DaemonPool[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modhost-pool-'));
  log = [];
  wake = [];
});

afterEach(async () => {
  for (const pool of pools.splice(0)) {
    pool.terminate();
    await pool.ended();
  }
  rmSync(folder, { recursive: true, force: true });
});

interface Own {
  readonly processes?: number;
  readonly startupTimeoutMs?: number;
  readonly shutdownTimeoutMs?: number;
  readonly gracefulTimeoutMs?: number;
  readonly evictionTimeoutMs?: number;
  readonly restartIntervalMs?: number;
  readonly memoryRecycle?: number;
  readonly deadlockTimeoutMs?: number;
  /** What the first process says that it has loaded. */
  readonly loads?: readonly string[];
  readonly isOnDemand?: boolean;
  readonly idleTimeoutMs?: number;
  readonly health?: HealthTarget;
  readonly askHealth?: PoolPorts['askHealth'];
  readonly keepsFirstWords?: boolean;
}

function createPool(behaviour: string, own: Own = {}): DaemonPool {
  const {
    processes = 1,
    startupTimeoutMs = 0,
    shutdownTimeoutMs = 0,
    gracefulTimeoutMs = 5_000,
    evictionTimeoutMs = gracefulTimeoutMs,
    restartIntervalMs = 0,
    memoryRecycle = 0,
    deadlockTimeoutMs = 0,
    loads = [],
    isOnDemand = false,
    idleTimeoutMs = 0,
    health,
    askHealth = async () => undefined,
    keepsFirstWords = true,
  } = own;
  const plan: PoolPlan = {
    group: 'site',
    runtime: 'node',
    processes,
    gracefulTimeoutMs,
    evictionTimeoutMs,
    restartIntervalMs,
    memoryRecycle,
    isOnDemand,
    idleTimeoutMs,
    ...(health === undefined ? {} : { health }),
    launch: {
      command: [process.execPath, program, behaviour, ...loads],
      environment: process.env,
      start: {
        type: 'start',
        group: 'site',
        processes,
        threads: 1,
        multiprocess: false,
        home: null,
        pythonPath: [],
        pythonModules: {},
        displayName: null,
        queueTimeoutMs: 0,
        shutdownTimeoutMs,
        requestTimeoutMs: 0,
        interruptTimeoutMs: 0,
        startupTimeoutMs: 0,
        inactivityTimeoutMs: 0,
        maximumRequests: 0,
        maximumRequestsJitter: 0,
        locale: null,
        switchInterval: null,
        stackSize: null,
        preload: [],
      },
      startupTimeoutMs,
      shutdownTimeoutMs,
      deadlockTimeoutMs,
      dumpsOnAbort: false,
    },
  };
  let sockets = 0;
  const changed = () => {
    for (const callback of wake.splice(0)) callback();
  };
  const pool = new DaemonPool(plan, {
    takeSocketPath: () => {
      sockets += 1;
      return join(folder, `${sockets}.sock`);
    },
    log: (level, message) => {
      log.push(`${level}: ${message}`);
      changed();
    },
    changed,
    guardian: { watch: () => {}, forget: () => {} },
    askHealth,
    keepsFirstWords,
  });
  pools.push(pool);
  return pool;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => wake.push(resolve));
}

async function untilLogged(text: string, times = 1): Promise<void> {
  await until(() => log.filter((line) => line.includes(text)).length >= times);
}

function tell(socketPath: string, text: string): void {
  const socket = connect(socketPath, () => socket.end(text));
  socket.on('error', () => {});
}

describe('DaemonPool', () => {
  it('starts as many processes as asked for and writes down what they say', async () => {
    const pool = createPool('ready', { processes: 2 });
    await until(() => pool.isReady);
    expect(new Set(pool.processes.map(({ pid }) => pid)).size).toBe(2);
    await untilLogged('[site/node] started for site', 2);
  });

  it('replaces a process that is killed, and says how it ended', async () => {
    const pool = createPool('ready');
    await until(() => pool.isReady);
    const [{ pid } = { pid: 0 }] = pool.processes;
    process.kill(pid, 'SIGKILL');
    await untilLogged('was ended by signal SIGKILL');
    await until(() => pool.isReady);
    expect(pool.processes[0]?.pid).not.toBe(pid);
  });

  it('slows down when processes die at once, and never stops trying', async () => {
    createPool('exits-at-start');
    await untilLogged('exited with code 3', 3);
    expect(log.filter((line) => line.includes('next try in'))).toEqual([
      'error: daemon process site/node ended 2 times soon after its start; next try in 250 ms',
      'error: daemon process site/node ended 3 times soon after its start; next try in 500 ms',
    ]);
    await untilLogged('cannot work here');
  });

  it('is settled when every process is ready, and when one cannot be', async () => {
    const pool = createPool('ready', { processes: 2 });
    await pool.settled();
    expect(pool.isReady).toBe(true);
    const broken = createPool('exits-at-start');
    await broken.settled();
    expect(broken.isReady).toBe(false);
    const silent = createPool('never-ready');
    const settled = silent.settled();
    silent.terminate();
    await settled;
  });

  it('tries again at once when told to, however often processes died before', async () => {
    const pool = createPool('exits-at-start');
    await untilLogged('next try in 500 ms');
    const count = log.length;
    pool.retry();
    await untilLogged('exited with code 3', 4);
    expect(log.slice(count).filter((line) => line.includes('next try'))).toEqual([]);
  });

  it('replaces a process that closed its control channel', async () => {
    const pool = createPool('ready');
    await until(() => pool.isReady);
    const [first] = pool.processes;
    tell(first?.socketPath ?? '', 'close-control');
    await untilLogged('exited with code 0 (its control channel was closed)');
    await until(() => pool.isReady);
    expect(pool.processes[0]?.pid).not.toBe(first?.pid);
  });

  it('ends although a program that it left behind holds its pipes, and still logs what that prints', async () => {
    const pool = createPool('leaves-a-program');
    await until(() => pool.isReady);
    await untilLogged('left behind');
    const left = Number(/left behind: (\d+)/.exec(log.join('\n'))?.[1]);
    try {
      pool.terminate();
      await pool.ended();
      process.kill(left, 'SIGUSR2');
      await untilLogged('[site/node] still here');
    } finally {
      process.kill(left, 'SIGKILL');
    }
  });

  it('ends a process that is not ready within startup-timeout', async () => {
    createPool('never-ready', { startupTimeoutMs: 300 });
    await untilLogged('was not ready within startup-timeout');
  });

  it('replaces a process that asks for it, when its successor is ready', async () => {
    const pool = createPool('ready');
    await until(() => pool.isReady);
    const [first] = pool.processes;
    tell(first?.socketPath ?? '', 'reload');
    await untilLogged('info: replacing daemon process site/node: /app.py has changed');
    expect(first?.isLeaving).toBe(false);
    await until(() => pool.processes.some((process) => process !== first && process.isReady));
    expect(first?.isLeaving).toBe(true);
    expect(pool.isReady).toBe(true);
    await untilLogged('info: daemon process site/node exited with code 0');
  });

  it.each([
    ['cannot load what the old one has loaded', 'only-the-first-loads', `could not load ${program}`],
    ['ends before it is ready', 'only-the-first-lives', 'exited with code 4 before it was ready'],
  ])('keeps the old process when its successor %s, each time it asks', async (_, behaviour, why) => {
    const pool = createPool(behaviour, { loads: [program] });
    await until(() => pool.isReady);
    const [first] = pool.processes;
    for (const times of [1, 2]) {
      tell(first?.socketPath ?? '', 'reload');
      await untilLogged(`error: daemon process site/node ${why}: the old process goes on serving`, times);
      await untilLogged('[site/node] kept', times);
    }
    expect(first?.isLeaving).toBe(false);
    expect(pool.isReady).toBe(true);
    await until(() => pool.processes.length === 1);
  });

  it('does not wait for a script that is gone', async () => {
    const pool = createPool('only-the-first-loads', { loads: [join(folder, 'gone.py')] });
    await until(() => pool.isReady);
    const [first] = pool.processes;
    tell(first?.socketPath ?? '', 'reload');
    await until(() => first?.isLeaving === true);
    expect(pool.isReady).toBe(true);
  });

  it('goes on with the successor alone when the old process ends meanwhile', async () => {
    const pool = createPool('only-the-first-is-ready', { loads: [program] });
    await until(() => pool.isReady);
    const [first] = pool.processes;
    tell(first?.socketPath ?? '', 'reload');
    await untilLogged('[site/node] started for site', 2);
    tell(first?.socketPath ?? '', '5');
    await untilLogged('error: daemon process site/node exited with code 5');
    expect(pool.isReady).toBe(false);
    expect(log.filter((line) => line.includes('started for'))).toHaveLength(2);
  });

  it('replaces a process that is older than restart-interval', async () => {
    const pool = createPool('ready', { restartIntervalMs: 300 });
    await until(() => pool.isReady);
    const [first] = pool.processes;
    await untilLogged('replacing daemon process site/node: it has run for 0.3 s (restart-interval)');
    await until(() => first?.isLeaving === true);
    expect(pool.isReady).toBe(true);
  });

  it('replaces a process whose memory grows beyond memory-recycle', async () => {
    const pool = createPool('grows', { memoryRecycle: 200 * 2 ** 20 });
    await until(() => pool.isReady);
    await untilLogged('(memory-recycle)');
    expect(log.find((line) => line.includes('memory-recycle'))).toMatch(
      /^info: replacing daemon process site\/node: its memory of \d+ MiB is beyond 200 MiB/,
    );
  });

  it('warns of a memory-recycle that no process keeps to, and does not replace them one after the other', async () => {
    const pool = createPool('ready', { memoryRecycle: 2 ** 20 });
    await untilLogged('(memory-recycle) as soon as it is ready');
    expect(log.find((line) => line.includes('memory-recycle'))).toMatch(
      /^warn: daemon process site\/node: its memory of \d+ MiB is beyond 1 MiB/,
    );
    // Longer than until its next look.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(pool.starts).toBe(1);
  });

  it('ends a process whose interpreter does not answer within deadlock-timeout', async () => {
    const pool = createPool('never-answers', { deadlockTimeoutMs: 300 });
    await until(() => pool.isReady);
    await untilLogged('signal SIGKILL (its event loop did not answer for 0.3 s: deadlock-timeout)');
    await untilLogged('is ready', 2);
  });

  it('leaves a process alone that answers', async () => {
    const pool = createPool('ready', { deadlockTimeoutMs: 200 });
    await until(() => pool.isReady);
    const [first] = pool.processes;
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(pool.processes).toEqual([first]);
  });

  it('gives an evicted process eviction-timeout', async () => {
    const pool = createPool('ignores-drain', { evictionTimeoutMs: 50 });
    await until(() => pool.isReady);
    tell(pool.processes[0]?.socketPath ?? '', 'evict');
    await untilLogged('(did not finish its requests within eviction-timeout)');
  });

  it('terminates a process that does not drain within graceful-timeout', async () => {
    const pool = createPool('ignores-drain', { gracefulTimeoutMs: 50 });
    await until(() => pool.isReady);
    pool.drain();
    await pool.ended();
    expect(log.at(-1)).toBe(
      'info: daemon process site/node exited with code 0 (did not finish its requests within graceful-timeout)',
    );
  });

  it('kills a process that ignores SIGTERM', async () => {
    const pool = createPool('ignores-term');
    await until(() => pool.isReady);
    pool.terminate();
    await pool.ended();
    expect(log.at(-1)).toContain('SIGKILL (did not end within shutdown-timeout)');
  });

  it('logs what is no control message', async () => {
    const pool = createPool('ready');
    await until(() => pool.isReady);
    tell(pool.processes[0]?.socketPath ?? '', 'nonsense');
    await untilLogged('not a control message: this is not JSON');
  });

  it('says why a program cannot be started, and removes every socket in the end', async () => {
    const pool = createPool('ready');
    await until(() => pool.isReady);
    pool.terminate();
    await pool.ended();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('what an operator is told of a start', () => {
  const never = new Promise<void>(() => {});

  it('is which pools do not serve, and why', async () => {
    const started = [
      createPool('ready'),
      createPool('exits-at-start'),
      createPool('never-ready'),
      createPool('ready', { isOnDemand: true }),
    ];
    const troubles = await findStartTroubles(started, 1_500, never);
    expect(troubles).toEqual([
      'the process group site/node does not serve: it exited with code 3: cannot work here',
      'the process group site/node is still starting',
    ]);
  });

  it('is not kept for those of whom nobody will ask, or has asked', async () => {
    const unasked = createPool('exits-at-start', { keepsFirstWords: false });
    const asked = createPool('exits-at-start');
    await until(() => log.filter((line) => line.includes('cannot work here')).length >= 2);
    await asked.settled();
    expect([unasked, asked].map(({ firstWords }) => firstWords.explain())).toEqual([
      undefined,
      'cannot work here',
    ]);
    await findStartTroubles([asked], 1_500, never);
    expect(asked.firstWords.explain()).toBeUndefined();
  });

  it('is told at once when all serve, or when the server is stopped', async () => {
    const started = [createPool('ready')];
    expect(await findStartTroubles(started, 60_000, never)).toEqual([]);
    expect(await findStartTroubles([createPool('never-ready')], 60_000, Promise.resolve())).toHaveLength(1);
  });
});

describe('processes that are started on demand', () => {
  it('start when somebody needs them, and end when nobody has for a while', async () => {
    const pool = createPool('ready', { isOnDemand: true, idleTimeoutMs: 200 });
    expect([pool.isReady, pool.isAsleep, pool.starts]).toEqual([true, true, 0]);
    pool.wake();
    pool.wake();
    await until(() => pool.processes.length === 1);
    expect(pool.starts).toBe(1);
    await until(() => pool.isAsleep);
    await pool.ended();
    expect(pool.endings.map(({ why }) => why)).toEqual(['no request came for 0.2 s (inactivity-timeout)']);
    pool.wake();
    await until(() => pool.processes.length === 1);
    expect(pool.starts).toBe(2);
  });

  it('are not ended while they are being replaced', async () => {
    const pool = createPool('only-the-first-is-ready', {
      isOnDemand: true,
      idleTimeoutMs: 200,
      loads: ['/app.mjs'],
    });
    pool.wake();
    await until(() => pool.isReady && pool.loadedScripts.length === 1);
    const renewal = pool.renew('asked', []);
    await untilLogged('started for site', 2);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(pool.isAsleep).toBe(false);
    pool.terminate();
    expect(await renewal).toBe('the group is being ended');
  });
});

describe('a reload of processes that nobody has needed', () => {
  const mounted = [{ script: program, applicationGroup: '' }];

  it('starts them once', async () => {
    const pool = createPool('ready', { isOnDemand: true, processes: 2 });
    expect(await pool.renew('asked', mounted)).toBeUndefined();
    expect([pool.isReady, pool.isAsleep, pool.starts]).toEqual([true, false, 2]);
    expect(pool.endings).toEqual([]);
  });

  it('says what they cannot load', async () => {
    const pool = createPool('only-the-first-loads', { isOnDemand: true });
    expect(await pool.renew('asked', mounted)).toBe(`could not load ${program}`);
    expect(pool.starts).toBe(1);
  });

  it('says that they die at once', async () => {
    const pool = createPool('exits-at-start', { isOnDemand: true });
    expect(await pool.renew('asked', mounted)).toContain('exited with code 3');
  });
});

describe('health-path', () => {
  const health: HealthTarget = { path: '/health' };

  it('keeps a process from serving until it has answered', async () => {
    let answer: (fault: string | undefined) => void = () => {};
    const asked = new Promise<string>((resolve) => {
      const askHealth: PoolPorts['askHealth'] = (_, { socketPath }) => {
        resolve(socketPath);
        return new Promise((settle) => {
          answer = settle;
        });
      };
      createPool('ready', { health, askHealth });
    });
    expect(await asked).toMatch(/1\.sock$/);
    const [pool] = pools;
    expect(pool?.processes).toEqual([]);
    answer(undefined);
    await until(() => pool?.isReady === true);
  });

  it('ends a process that is not well, and says why', async () => {
    const pool = createPool('ready', {
      health,
      askHealth: async () => 'health-path /health was answered with 500',
    });
    await pool.settled();
    expect(pool.failure).toContain('health-path /health was answered with 500');
    expect(pool.processes).toEqual([]);
  });

  it('leaves the old process serving when the new one is not well', async () => {
    let isWell = true;
    const askHealth = async () => (isWell ? undefined : 'health-path /health was answered with 503');
    const pool = createPool('ready', { health, askHealth });
    await pool.settled();
    const [old] = pool.processes;
    isWell = false;
    expect(await pool.renew('asked', [])).toContain('health-path /health was answered with 503');
    expect(pool.processes).toEqual([old]);
  });
});
