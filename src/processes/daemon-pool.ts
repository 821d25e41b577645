import { randomBytes } from 'node:crypto';
import type { LogLevel } from '../log/index.js';
import type { LoadedScript } from './control-channel.js';
import { DaemonProcess, type DaemonProcessListener, type LaunchPlan } from './daemon-process.js';
import { FirstWords } from './first-words.js';
import type { Guardian } from './guardian.js';
import { IdleWatch, type Work } from './idle-watch.js';
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
  /** min-processes=0: there are no processes until somebody needs one. */
  readonly isOnDemand: boolean;
  /** After so long without a request, those started on demand are ended; 0: never. */
  readonly idleTimeoutMs: number;
  /** health-path. */
  readonly health?: HealthTarget;
  /** The root of the processes, where it is not the system's: names of scripts are names inside. */
  readonly chroot?: string;
}

/** What is asked of a new process before it may serve. Byte strings. */
export interface HealthTarget {
  /** As in the site file. */
  readonly path: string;
  /** Absent: no script of the group is there, which no process can pass. */
  readonly script?: {
    readonly scriptFile: string;
    readonly scriptName: string;
    readonly pathInfo: string;
    readonly applicationGroup: string;
    readonly callableName: string;
    readonly callInterface: 'auto' | 'wsgi' | 'fetch' | 'node';
    readonly serverName: string;
    readonly serverPort: number;
    readonly isSecure: boolean;
    /** The process of another runtime of the group answers. */
    readonly runtime: Runtime;
  };
}

/** Where a process can be asked. */
export interface DaemonAddress {
  readonly pid: number;
  readonly socketPath: string;
  readonly token: string;
}

export interface PoolPorts {
  /** Asks a new process; resolves with why it may not serve, if it may not. `say` hears what the application printed. */
  askHealth(plan: PoolPlan, address: DaemonAddress, say: (line: string) => void): Promise<string | undefined>;
  /** A path for a new process's socket, never used before. */
  takeSocketPath(): string;
  log(level: LogLevel, message: string, pid?: number): void;
  /** Something that front ends have to know has changed. */
  changed(): void;
  /** Somebody will ask what the processes print at first, and have it forgotten then. */
  readonly keepsFirstWords: boolean;
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
  /** On demand, and nobody asks for anything. */
  #isAsleep: boolean;
  #idleWatch: IdleWatch | undefined;
  #starts = 0;
  readonly #endings: Ending[] = [];
  readonly firstWords = new FirstWords();
  /** There is something that it has to be able to load, since others serve it now. */
  readonly takesOver: boolean;

  /** `reloads`: what the pool before had loaded, to be loaded before this one is ready; absent: there was none, or it had no processes. */
  constructor(plan: PoolPlan, ports: PoolPorts, reloads?: readonly LoadedScript[]) {
    this.plan = plan;
    this.name = describe(plan.group, plan.runtime);
    this.#ports = ports;
    if (!ports.keepsFirstWords) this.firstWords.forget();
    this.#places = Array.from({ length: plan.processes }, () => this.#createPlace());
    this.takesOver = reloads !== undefined && reloads.length > 0;
    this.#isAsleep = plan.isOnDemand && reloads === undefined;
    if (!this.#isAsleep) this.#start(reloads);
  }

  get isAsleep(): boolean {
    return this.#isAsleep;
  }

  /** Somebody needs a process. */
  wake(): void {
    if (!this.#isAsleep || this.#isEnding) return;
    this.#isAsleep = false;
    this.#ports.log('info', `daemon processes of ${this.name} are started: they are needed`);
    this.#start();
  }

  /** Those that listen, leaving ones included. */
  get processes(): readonly DaemonProcess[] {
    return [...this.#all].filter((process) => process.isReady);
  }

  get isReady(): boolean {
    return this.#isAsleep || this.#places.every(({ isReady }) => isReady);
  }

  /** Why one of its processes cannot serve, if that is so. */
  get failure(): string | undefined {
    return this.#places.map(({ failure }) => failure).find((failure) => failure !== undefined);
  }

  /** Script files that its processes were to load before they serve, and could not. */
  get unloadedScripts(): readonly string[] {
    return [...new Set(this.#places.flatMap(({ unloadedScripts }) => unloadedScripts))];
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
    if (!this.#isAsleep) for (const place of this.#places) place.retry();
  }

  /**
   * New processes in place of all, one after the other; resolves with what went wrong first, if something did. Where there are none,
   * since nobody has needed them, they are started once, and load `mounted`.
   */
  async renew(reason: string, mounted: readonly LoadedScript[]): Promise<string | undefined> {
    if (this.#isAsleep) return await this.#tryOut(mounted);
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

  /** How long open requests may take after its successor has come; WebSockets may have longer. */
  get requestDrainMs(): number {
    return this.plan.launch.start.requestDrainTimeoutMs ?? this.plan.gracefulTimeoutMs;
  }

  /** Finish open requests, then end. `elapsedMs`: for so long they have had time to do so. */
  drain(elapsedMs = 0): void {
    this.#stopPlaces();
    for (const process of this.#all) {
      if (process.isReady) process.drain(this.plan.gracefulTimeoutMs, 'graceful-timeout', elapsedMs);
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

  async #tryOut(mounted: readonly LoadedScript[]): Promise<string | undefined> {
    this.#isAsleep = false;
    this.#ports.log(
      'info',
      `daemon processes of ${this.name} are started: whether they can be is to be seen`,
    );
    this.#start(mounted);
    await this.settled();
    return this.failure ?? (this.#isEnding ? 'is being ended' : undefined);
  }

  #noteProgress(): void {
    if (!this.isReady && this.failure === undefined && !this.#isEnding) return;
    for (const callback of this.#settledCallbacks.splice(0)) callback();
  }

  #stopPlaces(): void {
    this.#isEnding = true;
    this.#idleWatch?.stop();
    this.#noteProgress();
    for (const place of this.#places) place.stop();
  }

  #start(reloads?: readonly LoadedScript[]): void {
    const { isOnDemand, idleTimeoutMs } = this.plan;
    for (const place of this.#places) place.start(reloads);
    if (isOnDemand && idleTimeoutMs > 0)
      this.#idleWatch = new IdleWatch(
        idleTimeoutMs,
        () => this.#look(),
        () => this.#sleep(),
      );
  }

  #sleep(): void {
    this.#isAsleep = true;
    const reason = `no request came for ${this.plan.idleTimeoutMs / 1000} s (inactivity-timeout)`;
    this.#ports.log('info', `daemon processes of ${this.name} are ended: ${reason}`);
    for (const place of this.#places) place.sleep(reason);
    this.#ports.changed();
  }

  /** A process that does not answer is busy. */
  async #look(): Promise<Work> {
    const ready = this.processes;
    const counts = await Promise.all(ready.map((process) => process.counts()));
    const isStarting =
      (!this.isReady && this.failure === undefined) || this.#places.some((place) => place.hasSuccessor);
    return {
      isBusy: isStarting || counts.some((count) => count === undefined || count.active > 0),
      trace: ready.map(({ pid }, at) => `${pid}:${counts[at]?.finished}`).join(),
    };
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
        output: (line) => {
          this.firstWords.note(line);
          listener.output(line);
        },
        ...(this.plan.health === undefined
          ? {}
          : {
              examine: ({ pid, socketPath }: DaemonProcess) =>
                this.#ports.askHealth(this.plan, { pid, socketPath, token: this.token }, (line) =>
                  listener.output(line),
                ),
            }),
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
