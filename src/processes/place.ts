import type { LogLevel } from '../log/index.js';
import type { LoadedScript } from './control-channel.js';
import type { PoolPlan } from './daemon-pool.js';
import type { DaemonProcess, DaemonProcessListener } from './daemon-process.js';
import { existsInside } from './exists-inside.js';
import type { ProcessEnding } from './explain-ending.js';
import { ProcessWatch } from './process-watch.js';

export interface PlacePorts {
  /** The group and the runtime, for the log. */
  readonly name: string;
  readonly plan: PoolPlan;
  /** @throws the system's error when the program cannot even be tried */
  spawn(listener: DaemonProcessListener, preload: readonly LoadedScript[]): DaemonProcess;
  log(level: LogLevel, message: string, pid?: number): void;
  /** A process became ready, began to leave or ended. */
  changed(): void;
  /** A process has ended that served; `why` it was replaced, or how it ended. */
  ended(process: DaemonProcess, why: string): void;
}

/** A process that lived shorter than this died young: the next start of its place waits. */
const youngMs = 5_000;
const firstDelayMs = 250;
const longestDelayMs = 30_000;
/** For one that has served before it died, or was killed by somebody: the next one will probably serve for a while, too. */
const longestDelayOfGoodMs = 1_000;

/** Whoever is to replace a process that serves is given up when it is not ready by then. */
const successorPatienceMs = 60_000;

const groupEnds = 'the group is being ended';
const fellAsleep = 'was ended, since nobody has asked for anything (inactivity-timeout)';

/** One of the processes of a pool: kept alive, and replaced without a moment in which nobody serves. */
export class Place {
  readonly #ports: PlacePorts;
  /** The process that serves this place, or is being started for it. */
  #current: DaemonProcess | undefined;
  /** It is being started to take over from the current one. */
  #successor: DaemonProcess | undefined;
  #successorTimer: NodeJS.Timeout | undefined;
  /** The current process was told to go by SIGUSR1. */
  #isEviction = false;
  #watch: ProcessWatch | undefined;
  /** What the current process has to load to be as good as the one before it. */
  #reloads: readonly LoadedScript[] = [];
  #failure: string | undefined;
  #unloadedScripts: readonly string[] = [];
  /** Why processes are replaced that have not ended yet. */
  readonly #reasons = new WeakMap<DaemonProcess, string>();
  #earlyDeaths = 0;
  #timer: NodeJS.Timeout | undefined;
  #isEnding = false;
  /** Nobody needs it. */
  #isAsleep = false;
  readonly #renewals: ((failure: string | undefined) => void)[] = [];

  constructor(ports: PlacePorts) {
    this.#ports = ports;
  }

  get isReady(): boolean {
    return this.#current?.isReady === true;
  }

  /** Why it cannot serve, if that is so: its processes die soon after their start, or what they were to load again cannot be. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Script files that the process which serves was to load before, and could not. */
  get unloadedScripts(): readonly string[] {
    return this.#unloadedScripts;
  }

  /** `reloads`: what is to be loaded besides what every process preloads. */
  start(reloads: readonly LoadedScript[] = []): void {
    if (this.#isEnding) return;
    this.#isAsleep = false;
    const process = this.#spawn(unite(this.#preload, reloads));
    if (process === undefined) return this.#startLater('could not be started');
    this.#current = process;
    this.#reloads = reloads;
  }

  /** Starts at once what waits after early deaths: the cause may be gone. */
  retry(): void {
    this.#earlyDeaths = 0;
    this.#failure = undefined;
    if (this.#current !== undefined) return;
    clearTimeout(this.#timer);
    this.start();
  }

  /**
   * Puts a new process in place of the one that serves, or tries to start one where there is none. Resolves when it is
   * ready, with what went wrong if it cannot be.
   */
  async renew(reason: string): Promise<string | undefined> {
    // One that is being started may have loaded the code of before.
    if (this.#isStarting) await this.#progress();
    if (this.#isEnding) return groupEnds;
    if (this.#isAsleep) return fellAsleep;
    const current = this.#current;
    if (current === undefined) this.retry();
    else if (current.isReady) this.#replace(current, reason);
    return this.#isStarting ? this.#progress() : (this.#failure ?? 'could not be started');
  }

  get #isStarting(): boolean {
    const isUnready = this.#current?.isReady === false || this.#current?.isLeaving === true;
    return this.#successor !== undefined || isUnready;
  }

  /** Somebody is to replace who serves. */
  get hasSuccessor(): boolean {
    return this.#successor !== undefined;
  }

  /** Resolves when who is being started is ready, with what went wrong if it cannot be. */
  #progress(): Promise<string | undefined> {
    return new Promise((resolve) => this.#renewals.push(resolve));
  }

  /** Nobody needs it: ends what serves, until the next start. */
  sleep(reason: string): void {
    this.#isAsleep = true;
    this.#answerRenewals(fellAsleep);
    clearTimeout(this.#timer);
    this.#earlyDeaths = 0;
    this.#failure = undefined;
    this.#watch?.stop();
    this.#successor?.terminate();
    this.#forgetSuccessor();
    const current = this.#current;
    this.#current = undefined;
    if (current === undefined) return;
    this.#reasons.set(current, reason);
    if (current.isReady) current.drain(this.#ports.plan.gracefulTimeoutMs);
    else current.terminate();
  }

  #answerRenewals(failure: string | undefined): void {
    for (const resolve of this.#renewals.splice(0)) resolve(failure);
  }

  /** No more starts. */
  stop(): void {
    this.#isEnding = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#successorTimer);
    this.#watch?.stop();
    this.#answerRenewals(groupEnds);
  }

  /** What every process preloads. */
  get #preload(): readonly LoadedScript[] {
    return this.#ports.plan.launch.start.preload;
  }

  /** threads=0: two at a time would do their work twice. */
  get #isService(): boolean {
    return this.#ports.plan.launch.start.threads === 0;
  }

  #spawn(preload: readonly LoadedScript[]): DaemonProcess | undefined {
    const { name, log } = this.#ports;
    try {
      const process: DaemonProcess = this.#ports.spawn(
        {
          ready: (failed) => this.#noteReady(process, failed),
          reload: (reason, isEviction) => this.#replace(process, reason, isEviction),
          output: (line) => log('error', `[${name}] ${line}`, process.pid),
          ended: (ending) => this.#noteEnd(process, ending),
        },
        preload,
      );
      return process;
    } catch (error) {
      log('error', `cannot start daemon process ${name}: ${(error as Error).message}`);
      return undefined;
    }
  }

  #noteReady(process: DaemonProcess, failed: readonly string[]): void {
    const { name, log } = this.#ports;
    if (process === this.#successor) {
      const broken = this.#findBroken(failed, this.#current?.loadedScripts ?? []);
      if (broken !== undefined) return this.#giveUp(process, `could not load ${broken}`);
      this.#takeOver(process);
    }
    this.#unloadedScripts = failed;
    const broken = this.#findBroken(failed, this.#reloads);
    this.#failure = broken === undefined ? undefined : `could not load ${broken}`;
    log('info', `daemon process ${name} is ready`, process.pid);
    this.#answerRenewals(this.#failure);
    this.#watch?.stop();
    this.#watch = new ProcessWatch(process, this.#ports.plan, {
      replace: (reason) => this.#replace(process, reason),
      warn: (message) => log('warn', `daemon process ${name}: ${message}`, process.pid),
    });
    this.#ports.changed();
  }

  /** A script that was loaded before and cannot be now. One that is gone is nothing to wait for. */
  #findBroken(failed: readonly string[], before: readonly LoadedScript[]): string | undefined {
    const loaded = new Set(before.map(({ script }) => script));
    const { chroot = '/' } = this.#ports.plan;
    return failed.find((script) => loaded.has(script) && existsInside(chroot, script));
  }

  /** A successor first; it has to load what the old one has loaded. The old one serves until it is ready. */
  #replace(old: DaemonProcess, reason: string, isEviction = false): void {
    if (old !== this.#current || old.isLeaving || this.#successor !== undefined || this.#isEnding) return;
    const { name, log } = this.#ports;
    log('info', `replacing daemon process ${name}: ${reason}`, old.pid);
    if (this.#isService) {
      this.#reasons.set(old, reason);
      return old.terminate();
    }
    const successor = this.#spawn(unite(this.#preload, old.loadedScripts));
    if (successor === undefined) return old.keep();
    this.#successor = successor;
    this.#isEviction = isEviction;
    this.#reasons.set(old, reason);
    this.#successorTimer = setTimeout(
      () => this.#giveUp(successor, `was not ready within ${successorPatienceMs / 1000} s`),
      successorPatienceMs,
    );
  }

  #takeOver(successor: DaemonProcess): void {
    const old = this.#current;
    this.#forgetSuccessor();
    this.#current = successor;
    this.#reloads = [];
    if (old === undefined) return;
    if (Date.now() - old.startedAt >= youngMs) this.#earlyDeaths = 0;
    const { gracefulTimeoutMs, evictionTimeoutMs } = this.#ports.plan;
    if (this.#isEviction) old.drain(evictionTimeoutMs, 'eviction-timeout');
    else old.drain(gracefulTimeoutMs);
  }

  #giveUp(successor: DaemonProcess, reason: string): void {
    const { name, log } = this.#ports;
    this.#forgetSuccessor();
    successor.terminate();
    const old = this.#current;
    log('error', `daemon process ${name} ${reason}: the old process goes on serving`, successor.pid);
    old?.keep();
    this.#answerRenewals(reason);
  }

  #forgetSuccessor(): void {
    clearTimeout(this.#successorTimer);
    this.#successor = undefined;
  }

  #noteEnd(process: DaemonProcess, ending: ProcessEnding): void {
    const { name, log } = this.#ports;
    const { reason, isFailure, isForced } = ending;
    const isExpected = process.isLeaving && !isFailure;
    const level = isExpected || this.#isEnding ? 'info' : 'error';
    log(level, `daemon process ${name} ${reason}`, process.pid || undefined);
    const why = process.isLeaving ? this.#reasons.get(process) : undefined;
    const asPlanned = why !== undefined && !isFailure && !isForced;
    this.#ports.ended(process, why === undefined ? reason : asPlanned ? why : `${why}; ${reason}`);
    if (process === this.#successor) this.#giveUp(process, `${reason} before it was ready`);
    else if (process === this.#current) this.#refill(process, ending);
    this.#ports.changed();
  }

  #refill(process: DaemonProcess, { reason, isFromOutside }: ProcessEnding): void {
    this.#current = undefined;
    const successor = this.#successor;
    if (successor !== undefined) {
      this.#forgetSuccessor();
      this.#current = successor;
      return;
    }
    if (!process.isLeaving && Date.now() - process.startedAt < youngMs)
      return this.#startLater(reason, process.hasBeenReady || isFromOutside);
    this.#earlyDeaths = 0;
    this.start();
  }

  /** The first early death is answered at once, then with pauses that double. */
  #startLater(reason: string, isGood = false): void {
    if (this.#isEnding) return;
    this.#failure = reason;
    this.#answerRenewals(reason);
    this.#earlyDeaths += 1;
    const longest = isGood ? longestDelayOfGoodMs : longestDelayMs;
    const delayMs =
      this.#earlyDeaths === 1 ? 0 : Math.min(longest, firstDelayMs * 2 ** (this.#earlyDeaths - 2));
    if (delayMs > 0) {
      const { name, log } = this.#ports;
      log(
        'error',
        `daemon process ${name} ended ${this.#earlyDeaths} times soon after its start; next try in ${delayMs} ms`,
      );
    }
    this.#timer = setTimeout(() => this.start(), delayMs);
  }
}

/** Each script once: what is loaded ahead, and what processes have loaded, is told by several. */
function unite(preload: readonly LoadedScript[], loaded: readonly LoadedScript[]): readonly LoadedScript[] {
  const all = [...preload, ...loaded];
  return all.filter(
    ({ script, applicationGroup }, at) =>
      at === all.findIndex((one) => one.script === script && one.applicationGroup === applicationGroup),
  );
}
