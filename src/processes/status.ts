import type { DaemonPool, Ending, Runtime } from './daemon-pool.js';
import type { DaemonProcess } from './daemon-process.js';
import type { FrontEndCounts, FrontEndProcess } from './front-end-process.js';
import type { Generation } from './generation.js';
import { readResidentBytes } from './process-watch.js';

/** What there is of a running site. Times in milliseconds since the epoch, sizes in bytes. */
export interface SiteStatus {
  readonly supervisor: { readonly pid: number; readonly startedAt: number; readonly memory: number };
  readonly frontEnds: readonly FrontEndStatus[];
  readonly groups: readonly GroupStatus[];
}

export interface FrontEndStatus {
  readonly pid: number;
  readonly state: 'starting' | 'serving' | 'draining';
  readonly startedAt: number;
  readonly memory: number;
  /** Absent when it does not answer. */
  readonly counts?: FrontEndCounts;
}

export interface GroupStatus {
  /** `%{GLOBAL}` for the group without a name. */
  readonly name: string;
  readonly runtime: Runtime;
  /** Processes that there shall be. */
  readonly size: number;
  /** Requests at once in each; null: no bound. */
  readonly threads: number | null;
  readonly processes: readonly ProcessStatus[];
  /** Processes started so far. */
  readonly starts: number;
  /** Why it cannot serve, if that is so. */
  readonly failure?: string;
  /** The last ones, the newest last. */
  readonly endings: readonly Ending[];
}

export interface ProcessStatus {
  readonly pid: number;
  readonly state: 'starting' | 'ready' | 'draining';
  readonly startedAt: number;
  readonly memory: number;
  /** Requests and calls; absent when the process does not say: its interpreter is stuck. */
  readonly active?: number;
  readonly finished?: number;
}

const startedAt = Date.now();

/** Asks every process. */
export async function readStatus(generations: readonly Generation[]): Promise<SiteStatus> {
  const pools = new Set(generations.flatMap((generation) => [...generation.pools.values()]));
  const frontEnds = generations.flatMap((generation) => generation.frontEnds);
  return {
    supervisor: { pid: process.pid, startedAt, memory: process.memoryUsage.rss() },
    frontEnds: await Promise.all(frontEnds.map(describeFrontEnd)),
    groups: await Promise.all([...pools].map(describePool)),
  };
}

async function describeFrontEnd(frontEnd: FrontEndProcess): Promise<FrontEndStatus> {
  const { pid, isLeaving, isListening } = frontEnd;
  const [memory, counts] = await Promise.all([
    readResidentBytes(pid),
    isListening ? frontEnd.counts() : Promise.resolve(undefined),
  ]);
  return {
    pid,
    state: isLeaving ? 'draining' : isListening ? 'serving' : 'starting',
    startedAt: frontEnd.startedAt,
    memory,
    ...(counts === undefined ? {} : { counts }),
  };
}

async function describePool(pool: DaemonPool): Promise<GroupStatus> {
  const { plan, starts, endings, failure } = pool;
  return {
    name: plan.group === '' ? '%{GLOBAL}' : plan.group,
    runtime: plan.runtime,
    size: plan.processes,
    threads: plan.launch.start.threads,
    processes: await Promise.all(pool.all.map(describeProcess)),
    starts,
    ...(failure === undefined ? {} : { failure }),
    endings,
  };
}

async function describeProcess(daemon: DaemonProcess): Promise<ProcessStatus> {
  const { pid, isLeaving, isReady } = daemon;
  const [memory, counts] = await Promise.all([
    readResidentBytes(pid),
    isReady ? daemon.counts() : Promise.resolve({ active: 0, finished: 0 }),
  ]);
  return {
    pid,
    state: isLeaving ? 'draining' : isReady ? 'ready' : 'starting',
    startedAt: daemon.startedAt,
    memory,
    ...counts,
  };
}
