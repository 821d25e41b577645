import { type ChildProcess, spawn } from 'node:child_process';
import { unlink, unlinkSync } from 'node:fs';
import type { Socket } from 'node:net';
import {
  ControlChannel,
  type LoadedScript,
  type RequestCounts,
  type StartMessage,
} from './control-channel.js';
import { CpuTimeWatch } from './cpu-time-watch.js';
import { explainEnding, type ProcessEnding } from './explain-ending.js';
import { Heartbeat } from './heartbeat.js';
import { splitLines } from './line-splitter.js';
import { type BoundSocket, bindUnix } from './listening-sockets.js';
import { MemoryKills } from './memory-kills.js';

/** Everything that starting a daemon process takes; settled once per pool. */
export interface LaunchPlan {
  /** Program and arguments of the runtime. */
  readonly command: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Absent: inherited. */
  readonly workingDirectory?: string;
  /** All but the token, which each pool makes for itself. */
  readonly start: Omit<StartMessage, 'token'>;
  readonly socketOwner?: { readonly uid: number; readonly gid: number };
  /** 0: none. A process that is not ready by then is ended. */
  readonly startupTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  /** 0: none. A process whose interpreter does not answer for so long is ended. */
  readonly deadlockTimeoutMs: number;
  /** Seconds of processor time after which the process is to be replaced; absent: no limit. */
  readonly cpuTimeLimit?: number;
  /** SIGABRT makes it write down where its threads are. */
  readonly dumpsOnAbort: boolean;
}

export interface DaemonProcessListener {
  /** Says whether a process that has started may serve: resolves with why not; absent: it may. */
  readonly examine?: (process: DaemonProcess) => Promise<string | undefined>;
  /** `failed`: script files that could not be preloaded. */
  ready(failed: readonly string[]): void;
  /** The process wants to be replaced, and serves until it is. */
  reload(reason: string, isEviction: boolean): void;
  output(line: string): void;
  /** Once. */
  ended(ending: ProcessEnding): void;
}

/** Beyond shutdown-timeout, which the process enforces itself, before it is killed. */
const killGraceMs = 1_000;

/** Between the end of the control channel and that of the process. */
const uncontrolledMs = 1_000;

/** What a process said last is read for so long; programs that it started may hold its pipes for ever. */
const lastWordsMs = 500;

/** A process whose interpreter is busy does not answer at once. */
const countsPatienceMs = 500;

/** Between SIGABRT, which has it write where its threads are, and SIGKILL. */
const dumpMs = 1_000;

/** Of a directory of scripts more may be loaded: those are loaded again when they are asked for. */
const mostLoadedScripts = 1_000;

const memoryKills = new MemoryKills();

/** What V8 says before it aborts. */
const heapMessage = /^(FATAL ERROR|# Fatal process).*out of memory/i;

/** One daemon process, from spawn to exit. */
export class DaemonProcess {
  readonly socketPath: string;
  readonly startedAt = Date.now();
  isReady = false;
  hasBeenReady = false;
  /** It was told to go, or asked to: no new streams. */
  isLeaving = false;
  readonly #loadedScripts = new Map<string, LoadedScript>();
  readonly #plan: LaunchPlan;
  readonly #child: ChildProcess;
  #control: ControlChannel | undefined;
  readonly #socket: BoundSocket;
  #hasEnded = false;
  #isOutOfHeap = false;
  #killTimer: NodeJS.Timeout | undefined;
  #startupTimer: NodeJS.Timeout | undefined;
  #uncontrolledTimer: NodeJS.Timeout | undefined;
  #endingReason: string | undefined;
  #heartbeat: Heartbeat | undefined;
  #cpuTime: CpuTimeWatch | undefined;
  readonly #countsCallbacks = new Set<(counts: RequestCounts) => void>();

  /** @throws BindError, or the system's error when the program cannot even be tried */
  constructor(
    plan: LaunchPlan,
    socketPath: string,
    token: string,
    listener: DaemonProcessListener,
    preload: readonly LoadedScript[] = plan.start.preload,
  ) {
    this.#plan = plan;
    this.socketPath = socketPath;
    this.#socket = bindUnix(socketPath, plan.socketOwner);
    this.#child = this.#spawn();
    this.#watchEnd(listener);
    // Without descriptors left in the system there are no pipes; `error` follows.
    const [, output, errors, control] = (this.#child.stdio ?? []) as (Socket | null | undefined)[];
    for (const pipe of [output, errors]) {
      if (!pipe) continue;
      splitLines(pipe, (line) => {
        if (heapMessage.test(line)) this.#isOutOfHeap = true;
        listener.output(line);
      });
    }
    if (!control) return;
    this.#control = new ControlChannel(
      control,
      (message) => {
        if (message.type === 'reload') return listener.reload(message.reason, message.isEviction);
        if (message.type === 'pong') return this.#heartbeat?.answered();
        if (message.type === 'counts') return this.#noteCounts(message);
        if (message.type === 'loaded') return void this.#noteLoaded(message);
        void this.#noteReady(listener, message.failed);
      },
      (line) => listener.output(`not a control message: ${line}`),
    );
    this.#control.send({ ...plan.start, token, preload });
    control.once('close', () => this.#endUncontrolled());
    this.#watchStartup();
    this.#watchCpuTime(listener);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What has been loaded so far, each once. */
  get loadedScripts(): readonly LoadedScript[] {
    return [...this.#loadedScripts.values()];
  }

  /** Resolves with undefined when it does not answer. */
  counts(): Promise<RequestCounts | undefined> {
    return new Promise((resolve) => {
      const settle = (counts: RequestCounts | undefined): void => {
        clearTimeout(timer);
        this.#countsCallbacks.delete(settle);
        resolve(counts);
      };
      const timer = setTimeout(() => settle(undefined), countsPatienceMs);
      this.#countsCallbacks.add(settle);
      this.#control?.send({ type: 'count' });
    });
  }

  #noteCounts({ active, finished }: RequestCounts): void {
    for (const settle of [...this.#countsCallbacks]) settle({ active, finished });
  }

  /** The successor that it asked for cannot start. */
  keep(): void {
    this.#control?.send({ type: 'keep' });
  }

  /** Finish what is open, take nothing new; ended by force after `timeoutMs`, which the option sets, and of which `elapsedMs` are over. */
  drain(
    timeoutMs: number,
    option: 'graceful-timeout' | 'eviction-timeout' = 'graceful-timeout',
    elapsedMs = 0,
  ): void {
    this.isLeaving = true;
    this.#control?.send({ type: 'drain', elapsedMs });
    // One that has nothing open needs a moment to go by itself.
    const leftMs = elapsedMs === 0 ? timeoutMs : Math.max(killGraceMs, timeoutMs - elapsedMs);
    this.#killAfter(leftMs, `did not finish its requests within ${option}`);
  }

  /** SIGTERM, then SIGKILL after shutdown-timeout. */
  terminate(): void {
    this.isLeaving = true;
    this.#child.kill('SIGTERM');
    this.#killAfter(
      this.#plan.shutdownTimeoutMs + killGraceMs,
      'did not end within shutdown-timeout',
      'SIGKILL',
    );
  }

  async #noteReady({ examine, ready }: DaemonProcessListener, failed: readonly string[]): Promise<void> {
    const fault = examine === undefined ? undefined : await examine(this);
    clearTimeout(this.#startupTimer);
    if (this.#hasEnded || this.isLeaving) return;
    if (fault === undefined) {
      this.isReady = true;
      this.hasBeenReady = true;
      this.#watchInterpreter();
      ready(failed);
      return;
    }
    this.#endingReason = fault;
    this.#child.kill('SIGTERM');
    this.#killAfter(this.#plan.shutdownTimeoutMs + killGraceMs, fault, 'SIGKILL');
  }

  #noteLoaded({ script, applicationGroup }: LoadedScript): void {
    const key = `${applicationGroup}\0${script}`;
    if (this.#loadedScripts.size < mostLoadedScripts)
      this.#loadedScripts.set(key, { script, applicationGroup });
  }

  #spawn(): ChildProcess {
    const { command, environment, workingDirectory } = this.#plan;
    const [program = '', ...parameters] = command;
    try {
      return spawn(program, parameters, {
        stdio: ['ignore', 'pipe', 'pipe', 'pipe', this.#socket.fd],
        env: environment,
        // A session of its own: Ctrl-C of a terminal is for the supervisor, which ends the others in order.
        detached: true,
        ...(workingDirectory === undefined ? {} : { cwd: workingDirectory }),
      });
    } catch (error) {
      this.#socket.close();
      unlinkSync(this.socketPath);
      throw error;
    }
  }

  #killAfter(timeoutMs: number, reason: string, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): void {
    clearTimeout(this.#killTimer);
    this.#killTimer = setTimeout(() => {
      this.#endingReason = reason;
      if (signal === 'SIGKILL') this.#child.kill('SIGKILL');
      else this.terminate();
    }, timeoutMs);
  }

  /** An application that closes every descriptor it finds leaves a process that nobody could drain or reload. */
  #endUncontrolled(): void {
    if (this.#hasEnded) return;
    // The channel of a process that just ended closes as well, and its end is heard of a moment later.
    this.#uncontrolledTimer = setTimeout(() => {
      this.#endingReason = 'its control channel was closed';
      this.terminate();
    }, uncontrolledMs);
  }

  #watchStartup(): void {
    if (this.#plan.startupTimeoutMs === 0) return;
    this.#startupTimer = setTimeout(() => {
      this.#endingReason = 'was not ready within startup-timeout';
      this.#child.kill('SIGKILL');
    }, this.#plan.startupTimeoutMs);
  }

  #watchCpuTime({ reload }: DaemonProcessListener): void {
    const { cpuTimeLimit } = this.#plan;
    if (cpuTimeLimit === undefined) return;
    this.#cpuTime = new CpuTimeWatch(this.pid, cpuTimeLimit, () => {
      if (this.isReady) reload('it has used the processor for too long (cpu-time-limit)', false);
    });
  }

  #watchInterpreter(): void {
    const { deadlockTimeoutMs, dumpsOnAbort } = this.#plan;
    if (deadlockTimeoutMs === 0 || this.#heartbeat !== undefined) return;
    this.#heartbeat = new Heartbeat(deadlockTimeoutMs, {
      ping: () => this.#control?.send({ type: 'ping' }),
      silent: () => {
        const what = dumpsOnAbort ? 'interpreter' : 'event loop';
        this.#endingReason = `its ${what} did not answer for ${deadlockTimeoutMs / 1000} s: deadlock-timeout`;
        if (dumpsOnAbort) this.#child.kill('SIGABRT');
        this.#killAfter(dumpsOnAbort ? dumpMs : 0, this.#endingReason, 'SIGKILL');
      },
    });
  }

  #watchEnd(listener: DaemonProcessListener): void {
    const end = (ending: ProcessEnding) => {
      if (this.#hasEnded) return;
      this.#hasEnded = true;
      clearTimeout(this.#uncontrolledTimer);
      clearTimeout(this.#killTimer);
      clearTimeout(this.#startupTimer);
      this.#heartbeat?.stop();
      this.#cpuTime?.stop();
      this.isReady = false;
      this.#socket.close();
      unlink(this.socketPath, () => {});
      this.#letGoOfPipes();
      listener.ended(ending);
    };
    this.#child.on('error', (error) =>
      end({
        reason: `could not be started: ${explain(error)}`,
        isFailure: true,
        isForced: false,
        isFromOutside: false,
      }),
    );
    // `exit`, not `close`: programs that the application started may keep the pipes open.
    this.#child.on('exit', (code, signal) =>
      end(
        explainEnding({
          code,
          signal,
          cause: this.#endingReason,
          isLeaving: this.isLeaving,
          hasBeenReady: this.hasBeenReady,
          isService: this.#plan.start.threads === 0,
          isOutOfHeap: this.#isOutOfHeap,
          hasUsedItsTime: this.#cpuTime?.hasExceeded === true,
          hasMemoryKill: () => memoryKills.haveOccurred(),
        }),
      ),
    );
  }

  /** What programs left behind by the application print is still logged, but they keep nobody from ending. */
  #letGoOfPipes(): void {
    const [, output, errors, control] = (this.#child.stdio ?? []) as (Socket | null | undefined)[];
    control?.destroy();
    const timer = setTimeout(() => {
      for (const pipe of [output, errors]) pipe?.unref();
    }, lastWordsMs);
    this.#child.once('close', () => clearTimeout(timer));
  }
}

/** Node names the program and an error code. */
function explain({ code, path, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return `there is no program ${path}, or ServerRoot is gone`;
  if (code === 'EACCES') return `${path} may not be executed`;
  return message;
}
