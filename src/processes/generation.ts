import type { ServerConfig } from '../config/model.js';
import type { LogLevel } from '../log/index.js';
import type { TlsMaterial } from '../tls/index.js';
import { frontEndIdentity, type Identity } from './accounts.js';
import { ConnectionTallyFile } from './connection-tally-file.js';
import type { DaemonPool, Runtime } from './daemon-pool.js';
import {
  type AnnouncedProcess,
  FrontEndProcess,
  type FrontEndStart,
  firstInheritedFd,
} from './front-end-process.js';
import type { Guardian } from './guardian.js';
import type { BoundSocket } from './listening-sockets.js';
import type { OpenLog } from './log-files.js';
import type { LoginJournal, SharedLogins } from './login-journal.js';

/** A listener of the site file with the socket bound for it. */
export interface BoundListener {
  readonly key: string;
  readonly socket: BoundSocket;
}

export interface GenerationPorts {
  readonly frontEndModule: string;
  readonly frontEnds: number;
  /** See `Scheduling`. */
  readonly isInBatches: boolean;
  readonly loginSecret: Uint8Array;
  readonly loginJournal: LoginJournal;
  /** To every other front end. */
  shareLogins(news: SharedLogins, from: FrontEndProcess): void;
  readonly tls: TlsMaterial;
  log(level: LogLevel, message: string, pid?: number): void;
  readonly guardian: Pick<Guardian, 'watch' | 'forget'>;
  requestProcesses(generation: Generation, group: string, runtime: Runtime): void;
}

/** Died sooner than this after its start: the next one waits. */
const youngMs = 2_000;
const respawnDelayMs = 1_000;

/** A front end ends at once when the supervisor is gone, unless it is stuck. */
const orphanGraceMs = 3_000;

/** One configuration being served: its listeners, logs, pools, and the front ends that know it. */
export class Generation {
  readonly config: ServerConfig;
  readonly listeners: readonly BoundListener[];
  readonly logs: readonly OpenLog[];
  /** By `group/runtime`; shared with the generation before when a group did not change. */
  readonly pools: Map<string, DaemonPool>;
  readonly #ports: GenerationPorts;
  readonly #identity: Identity | undefined;
  readonly #frontEnds = new Set<FrontEndProcess>();
  /** Absent: one front end has nobody to share connections with. */
  #tally: ConnectionTallyFile | undefined;
  readonly #endCallbacks: (() => void)[] = [];
  #isLeaving = false;
  readonly #respawnTimers = new Set<NodeJS.Timeout>();
  #onListening: ((failure: string | undefined) => void) | undefined;

  /** @throws Error when User or Group of the configuration do not exist */
  constructor(
    config: ServerConfig,
    listeners: readonly BoundListener[],
    logs: readonly OpenLog[],
    pools: Map<string, DaemonPool>,
    ports: GenerationPorts,
  ) {
    this.config = config;
    this.listeners = listeners;
    this.logs = logs;
    this.pools = pools;
    this.#ports = ports;
    this.#identity = frontEndIdentity(config);
  }

  /** Forks the front ends; resolves when all listen, with what went wrong if one cannot or they are told to end before. */
  start(): Promise<string | undefined> {
    const { frontEnds } = this.#ports;
    if (frontEnds > 1) this.#tally = ConnectionTallyFile.create(frontEnds);
    return new Promise((resolve) => {
      this.#onListening = (failure) => {
        this.#onListening = undefined;
        resolve(failure);
      };
      for (let count = 0; count < frontEnds; count += 1) this.#startFrontEnd();
    });
  }

  get isInBatches(): boolean {
    return this.#ports.isInBatches;
  }

  get frontEnds(): readonly FrontEndProcess[] {
    return [...this.#frontEnds];
  }

  /** Tells every front end which daemon processes there are. */
  announce(): void {
    const processes = this.#processTable();
    for (const frontEnd of this.#frontEnds) frontEnd.announce(processes);
  }

  shareLogins(news: SharedLogins, from: FrontEndProcess): void {
    for (const frontEnd of this.#frontEnds) if (frontEnd !== from) frontEnd.shareLogins(news);
  }

  #shareMembers(news: object, from: FrontEndProcess): void {
    for (const frontEnd of this.#frontEnds) if (frontEnd !== from) frontEnd.shareMembers(news);
  }

  /** Stop accepting; open requests end; 0: however long they take. */
  drain(timeoutMs: number): void {
    this.#leave();
    for (const frontEnd of this.#frontEnds) frontEnd.drain(timeoutMs);
  }

  terminate(): void {
    this.#leave();
    for (const frontEnd of this.#frontEnds) frontEnd.terminate();
  }

  /** Resolves when no front end is left. */
  ended(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#frontEnds.size === 0) resolve();
      else this.#endCallbacks.push(resolve);
    });
  }

  #leave(): void {
    this.#isLeaving = true;
    for (const timer of this.#respawnTimers) clearTimeout(timer);
    this.#onListening?.('it was told to end before every front end listened');
    if (this.#frontEnds.size === 0) this.#tally?.close();
  }

  #processTable(): readonly AnnouncedProcess[] {
    // Processes without threads serve no requests.
    const serving = [...this.pools.values()].filter(({ plan }) => plan.launch.start.threads !== 0);
    return serving.flatMap((pool) =>
      pool.processes.map((process) => ({
        group: pool.plan.group,
        runtime: pool.plan.runtime,
        pid: process.pid,
        socketPath: process.socketPath,
        token: pool.token,
        threads: pool.plan.launch.start.threads,
        draining: process.isLeaving,
      })),
    );
  }

  #startFrontEnd(): void {
    const fds = [...this.listeners.map(({ socket }) => socket.fd), ...this.logs.map(({ fd }) => fd)];
    const place = this.#tally?.take();
    if (this.#tally !== undefined) fds.push(this.#tally.fd);
    const tallyFd = firstInheritedFd + fds.length - 1;
    const start: FrontEndStart = {
      config: withoutSecrets(this.config),
      tls: this.#ports.tls,
      listenerFds: this.listeners.map((_, at) => firstInheritedFd + at),
      logFds: this.logs.map(({ key }, at) => ({ key, fd: firstInheritedFd + this.listeners.length + at })),
      logins: { secret: this.#ports.loginSecret, frontEnds: this.#ports.frontEnds },
      ...(place === undefined ? {} : { tally: { fd: tallyFd, place, places: this.#ports.frontEnds } }),
      checksHealth: this.frontEnds.every(({ checksHealth }) => !checksHealth),
      ...(this.#identity === undefined ? {} : { identity: this.#identity }),
    };
    const frontEnd: FrontEndProcess = new FrontEndProcess(this.#ports.frontEndModule, fds, start, {
      message: (message) => {
        if (message.type === 'listening') this.#noteListening();
        else if (message.type === 'failed') this.#fail(message.reason);
        else if (message.type === 'logins') this.#ports.shareLogins(message.news, frontEnd);
        else if (message.type === 'members') this.#shareMembers(message.news, frontEnd);
        else if (message.type === 'request-processes')
          this.#ports.requestProcesses(this, message.group, message.runtime);
      },
      ended: (reason) => {
        if (place !== undefined) this.#tally?.giveBack(place);
        this.#noteEnd(frontEnd, reason);
      },
    });
    this.#frontEnds.add(frontEnd);
    this.#ports.guardian.watch(frontEnd.pid, orphanGraceMs);
    frontEnd.announce(this.#processTable());
    frontEnd.shareLogins(this.#ports.loginJournal.all);
  }

  #noteListening(): void {
    if ([...this.#frontEnds].every(({ isListening }) => isListening)) this.#onListening?.(undefined);
  }

  #fail(reason: string): void {
    this.#ports.log('crit', `a front end cannot serve: ${reason}`);
    this.#onListening?.(reason);
  }

  #noteEnd(frontEnd: FrontEndProcess, reason: string): void {
    this.#frontEnds.delete(frontEnd);
    this.#ports.guardian.forget(frontEnd.pid);
    const level = this.#isLeaving ? 'debug' : 'error';
    this.#ports.log(level, `front end ${reason}`, frontEnd.pid);
    if (!this.#isLeaving) {
      if (this.#onListening !== undefined) this.#fail(reason);
      else if (Date.now() - frontEnd.startedAt >= youngMs) this.#startFrontEnd();
      else this.#respawnLater();
    }
    if (this.#frontEnds.size > 0) return;
    if (this.#isLeaving) this.#tally?.close();
    for (const callback of this.#endCallbacks.splice(0)) callback();
  }

  #respawnLater(): void {
    const timer = setTimeout(() => {
      this.#respawnTimers.delete(timer);
      this.#startFrontEnd();
    }, respawnDelayMs);
    this.#respawnTimers.add(timer);
  }
}

/** The environment of applications may hold their passwords: front ends have no use for it. */
function withoutSecrets(config: ServerConfig): ServerConfig {
  const processGroups = config.processGroups.map((group) => ({ ...group, environment: {} }));
  return { ...config, processGroups };
}
