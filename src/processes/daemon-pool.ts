import { randomBytes } from 'node:crypto';
import type { LogLevel } from '../log/index.js';
import type { LoadedScript } from './control-channel.js';
import { DaemonProcess, type DaemonProcessListener, type LaunchPlan } from './daemon-process.js';
import type { Guardian } from './guardian.js';
import { Place } from './place.js';

export type Runtime = 'python' | 'node';

export interface PoolPlan {
  /** Process group name; '' for %{GLOBAL}. */
  readonly group: string;
  readonly runtime: Runtime;
  readonly processes: number;
  readonly launch: LaunchPlan;
  readonly gracefulTimeoutMs: number;
  readonly evictionTimeoutMs: number;
  /** 0: never. */
  readonly restartIntervalMs: number;
  /** Resident bytes at which a process is replaced; 0: never. */
  readonly memoryRecycle: number;
}

export interface PoolPorts {
  /** A path for a new process's socket, never used before. */
  takeSocketPath(): string;
  log(level: LogLevel, message: string, pid?: number): void;
  /** Something that front ends have to know has changed. */
  changed(): void;
  readonly guardian: Pick<Guardian, 'watch' | 'forget'>;
}

/** Beyond shutdown-timeout, for a process that finds out by itself that its supervisor is gone. */
const orphanGraceMs = 2_000;

/** A process that has ended. */
export interface Ending {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly pid: number;
  /** Worded for people. */
  readonly why: string;
}

/** So many endings are remembered. */
const mostEndings = 20;

/** The processes of one group and runtime: kept at their number, replaced when they end or want to be. */
export class DaemonPool {
  readonly plan: PoolPlan;
  /** Group and runtime, for the log. */
  readonly name: string;
  /** Shared by this pool's processes and the front ends. */
  readonly token = randomBytes(16).toString('hex');
  readonly #ports: PoolPorts;
  readonly #places: Place[];
  readonly #all = new Set<DaemonProcess>();
  readonly #idleCallbacks: (() => void)[] = [];
  readonly #settledCallbacks: (() => void)[] = [];
  #isEnding = false;
  #starts = 0;
  readonly #endings: Ending[] = [];

  /** `reloads`: what the pool before had loaded, to be loaded before this one is ready. */
  constructor(plan: PoolPlan, ports: PoolPorts, reloads: readonly LoadedScript[] = []) {
    this.plan = plan;
    this.name = describe(plan.group, plan.runtime);
    this.#ports = ports;
    this.#places = Array.from({ length: plan.processes }, () => this.#createPlace());
    for (const place of this.#places) place.start(reloads);
  }

  /** Those that listen, leaving ones included. */
  get processes(): readonly DaemonProcess[] {
    return [...this.#all].filter((process) => process.isReady);
  }

  get isReady(): boolean {
    return this.#places.every(({ isReady }) => isReady);
  }

  /** Why one of its processes cannot serve, if that is so. */
  get failure(): string | undefined {
    return this.#places.map(({ failure }) => failure).find((failure) => failure !== undefined);
  }

  /** What its processes have loaded so far, each once per process. */
  get loadedScripts(): readonly LoadedScript[] {
    return this.processes.flatMap(({ loadedScripts }) => loadedScripts);
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
    for (const place of this.#places) place.retry();
  }

  /** New processes in place of all, one after the other; resolves with what went wrong first, if something did. */
  async renew(reason: string): Promise<string | undefined> {
    for (const place of this.#places) {
      const failure = await place.renew(reason);
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  /** Every process that there is, also those that start or leave. */
  get all(): readonly DaemonProcess[] {
    return [...this.#all];
  }

  /** Processes started so far. */
  get starts(): number {
    return this.#starts;
  }

  /** The last ones, the newest last. */
  get endings(): readonly Ending[] {
    return this.#endings;
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
    if (!this.isReady && this.failure === undefined && !this.#isEnding) return;
    for (const callback of this.#settledCallbacks.splice(0)) callback();
  }

  #stopPlaces(): void {
    this.#isEnding = true;
    this.#noteProgress();
    for (const place of this.#places) place.stop();
  }

  #createPlace(): Place {
    return new Place({
      name: this.name,
      plan: this.plan,
      spawn: (listener, preload) => this.#spawn(listener, preload),
      log: this.#ports.log,
      changed: () => {
        this.#noteProgress();
        this.#ports.changed();
      },
      ended: ({ pid }, why) => {
        this.#endings.push({ at: Date.now(), pid, why });
        if (this.#endings.length > mostEndings) this.#endings.shift();
      },
    });
  }

  #spawn(listener: DaemonProcessListener, preload: readonly LoadedScript[]): DaemonProcess {
    const process = new DaemonProcess(
      this.plan.launch,
      this.#ports.takeSocketPath(),
      this.token,
      {
        ...listener,
        ended: (ending) => {
          this.#all.delete(process);
          this.#ports.guardian.forget(process.pid);
          listener.ended(ending);
          if (this.#all.size === 0) for (const callback of this.#idleCallbacks.splice(0)) callback();
        },
      },
      preload,
    );
    this.#all.add(process);
    this.#ports.guardian.watch(process.pid, this.plan.launch.shutdownTimeoutMs + orphanGraceMs);
    this.#starts += 1;
    return process;
  }
}

function describe(group: string, runtime: Runtime): string {
  return `${group === '' ? '%{GLOBAL}' : group}/${runtime}`;
}
