import { randomBytes } from 'node:crypto';
import type { LogLevel } from '../log/index.js';
import { DaemonProcess, type LaunchPlan } from './daemon-process.js';

export type Runtime = 'python' | 'node';

export interface PoolPlan {
  /** Process group name; '' for %{GLOBAL}. */
  readonly group: string;
  readonly runtime: Runtime;
  readonly processes: number;
  readonly launch: LaunchPlan;
  readonly gracefulTimeoutMs: number;
}

export interface PoolPorts {
  /** A path for a new process's socket, never used before. */
  takeSocketPath(): string;
  log(level: LogLevel, message: string, pid?: number): void;
  /** Something that front ends have to know has changed. */
  changed(): void;
}

/** A process that lived shorter than this died young: the next start of its place waits. */
const youngMs = 5_000;
const firstDelayMs = 250;
const longestDelayMs = 30_000;

/** One place for a process; keeps the count of early deaths. */
interface Place {
  readonly number: number;
  earlyDeaths: number;
  timer: NodeJS.Timeout | undefined;
  /** The process that serves this place, or is being started for it. */
  current: DaemonProcess | undefined;
}

/** The processes of one group and runtime: kept at their number, replaced when they end or want to be. */
export class DaemonPool {
  readonly plan: PoolPlan;
  /** Shared by this pool's processes and the front ends. */
  readonly token = randomBytes(16).toString('hex');
  readonly #ports: PoolPorts;
  readonly #places: Place[];
  readonly #all = new Set<DaemonProcess>();
  readonly #idleCallbacks: (() => void)[] = [];
  readonly #settledCallbacks: (() => void)[] = [];
  #isEnding = false;

  constructor(plan: PoolPlan, ports: PoolPorts) {
    this.plan = plan;
    this.#ports = ports;
    this.#places = Array.from({ length: plan.processes }, (_, number) => ({
      number,
      earlyDeaths: 0,
      timer: undefined,
      current: undefined,
    }));
    for (const place of this.#places) this.#start(place);
  }

  /** Those that listen, leaving ones included. */
  get processes(): readonly DaemonProcess[] {
    return [...this.#all].filter((process) => process.isReady);
  }

  get isReady(): boolean {
    return this.#places.every(({ current }) => current?.isReady === true);
  }

  /** Resolves when every process is ready, or one has shown that it cannot be. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#settledCallbacks.push(resolve);
      this.#noteProgress();
    });
  }

  /** Starts at once what waits after early deaths: the cause may be gone. */
  retry(): void {
    for (const place of this.#places) {
      place.earlyDeaths = 0;
      if (place.current !== undefined) continue;
      clearTimeout(place.timer);
      this.#start(place);
    }
  }

  /** Finish open requests, then end. */
  drain(): void {
    this.#stopPlaces();
    for (const process of this.#all) {
      if (process.isReady) process.drain(this.plan.gracefulTimeoutMs);
      else process.terminate();
    }
    this.#ports.changed();
  }

  /** End now, within shutdown-timeout. */
  terminate(): void {
    this.#stopPlaces();
    for (const process of this.#all) process.terminate();
  }

  /** Resolves when no process is left. */
  ended(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#all.size === 0) resolve();
      else this.#idleCallbacks.push(resolve);
    });
  }

  #noteProgress(): void {
    const hasFailed = this.#places.some(({ earlyDeaths }) => earlyDeaths > 0);
    if (!this.isReady && !hasFailed && !this.#isEnding) return;
    for (const callback of this.#settledCallbacks.splice(0)) callback();
  }

  #stopPlaces(): void {
    this.#isEnding = true;
    this.#noteProgress();
    for (const place of this.#places) clearTimeout(place.timer);
  }

  #start(place: Place): void {
    if (this.#isEnding) return;
    const process = this.#spawn(place);
    if (process === undefined) return this.#startLater(place);
    place.current = process;
    this.#all.add(process);
  }

  #spawn(place: Place): DaemonProcess | undefined {
    const { group, runtime, launch } = this.plan;
    try {
      const process: DaemonProcess = new DaemonProcess(launch, this.#ports.takeSocketPath(), this.token, {
        ready: () => {
          this.#ports.log('info', `daemon process ${describe(group, runtime)} is ready`, process.pid);
          this.#noteProgress();
          this.#ports.changed();
        },
        reload: (script) => this.#replace(place, process, script),
        output: (line) => this.#ports.log('error', `[${describe(group, runtime)}] ${line}`, process.pid),
        ended: (reason, isFailure) => this.#noteEnd(place, process, reason, isFailure),
      });
      return process;
    } catch (error) {
      this.#ports.log(
        'error',
        `cannot start daemon process ${describe(group, runtime)}: ${(error as Error).message}`,
      );
      return undefined;
    }
  }

  #noteEnd(place: Place, process: DaemonProcess, reason: string, isFailure: boolean): void {
    const { group, runtime } = this.plan;
    this.#all.delete(process);
    const isExpected = process.isLeaving && !isFailure;
    const level = isExpected || this.#isEnding ? 'info' : 'error';
    this.#ports.log(level, `daemon process ${describe(group, runtime)} ${reason}`, process.pid || undefined);
    this.#ports.changed();
    if (place.current === process) {
      place.current = undefined;
      const diedYoung = !process.isLeaving && Date.now() - process.startedAt < youngMs;
      if (diedYoung) this.#startLater(place);
      else {
        place.earlyDeaths = 0;
        this.#start(place);
      }
    }
    if (this.#all.size === 0) for (const callback of this.#idleCallbacks.splice(0)) callback();
  }

  /** The first early death is answered at once, then with pauses that double. */
  #startLater(place: Place): void {
    if (this.#isEnding) return;
    place.earlyDeaths += 1;
    this.#noteProgress();
    if (place.earlyDeaths === 1) {
      place.timer = setTimeout(() => this.#start(place), 0);
      return;
    }
    const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** (place.earlyDeaths - 2));
    const { group, runtime } = this.plan;
    this.#ports.log(
      'error',
      `daemon process ${describe(group, runtime)} ended ${place.earlyDeaths} times soon after its start; next try in ${delayMs} ms`,
    );
    place.timer = setTimeout(() => this.#start(place), delayMs);
  }

  /** A new process first; the old one drains from now on, and answers what still reaches it with `retry`. */
  #replace(place: Place, process: DaemonProcess, script: string): void {
    if (process.isLeaving || this.#isEnding) return;
    const { group, runtime, gracefulTimeoutMs } = this.plan;
    this.#ports.log(
      'info',
      `reloading daemon process ${describe(group, runtime)}: ${script} has changed`,
      process.pid,
    );
    process.drain(gracefulTimeoutMs);
    this.#ports.changed();
    if (place.current !== process) return;
    if (Date.now() - process.startedAt >= youngMs) place.earlyDeaths = 0;
    this.#start(place);
  }
}

function describe(group: string, runtime: Runtime): string {
  return `${group === '' ? '%{GLOBAL}' : group}/${runtime}`;
}
