import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Listener, ServerConfig } from '../config/model.js';
import type { LogLevel } from '../log/index.js';
import { DaemonPool, type PoolPlan, type Runtime } from './daemon-pool.js';
import { type BoundListener, Generation } from './generation.js';
import { findProcessGroup, planPool, type RuntimeOf } from './launch-plan.js';
import { type BoundSocket, bindTcp } from './listening-sockets.js';
import { closeLogs, defaultErrorLog, keyOfLog, openLogs } from './log-files.js';

/** A process group and a runtime that the site file shows to be needed. */
export interface NeededPool {
  readonly group: string;
  readonly runtime: Runtime;
}

export interface SupervisorPorts {
  readonly frontEndModule: string;
  readonly isForeground: boolean;
  /** Reads the site file again; undefined when it has mistakes, which have been reported then. */
  loadConfig(): ServerConfig | undefined;
  neededPools(config: ServerConfig): readonly NeededPool[];
  readonly runtimeOf: RuntimeOf;
  /** Writes to the main server's error log; `fd` changes when logs are opened anew. */
  log(level: LogLevel, message: string, pid?: number): void;
  logTo(fd: number, config: ServerConfig): void;
}

export type StopMode = 'now' | 'graceful';

/** sun_path holds 108 bytes with its NUL. */
const longestSocketPath = 107;

/** Starts, watches, reloads and ends everything. Signals only leave a note; `#work` acts on them one by one. */
export class Supervisor {
  readonly #ports: SupervisorPorts;
  #current: Generation | undefined;
  readonly #leaving = new Set<Generation>();
  #work: Promise<void> = Promise.resolve();
  #socketPrefix = '';
  #socketCount = 0;
  #temporaryDirectory: string | undefined;
  #isStopping = false;
  #onEnded: () => void = () => {};
  readonly ended: Promise<void>;

  constructor(ports: SupervisorPorts) {
    this.#ports = ports;
    this.ended = new Promise((resolve) => {
      this.#onEnded = resolve;
    });
  }

  /** Resolves when every front end listens. @throws Error (worded for the user) when something cannot be opened or bound */
  async start(config: ServerConfig): Promise<void> {
    this.#socketPrefix = this.#prepareSocketPrefix(config);
    const generation = this.#prepare(config, undefined, false);
    this.#current = generation;
    const failure = await generation.start();
    if (failure !== undefined) throw new Error(failure);
    writePidFile(config.global.pidFile);
    this.#ports.log('notice', `modhost configured -- resuming normal operations`);
  }

  /** Reads the site file again and swaps it in; a bad one leaves the old one serving. */
  graceful(): void {
    this.#then(() => this.#reload(false));
  }

  /** As graceful, but every daemon process is new and open requests are not waited for. */
  restart(): void {
    this.#then(() => this.#reload(true));
  }

  /** `cause` is worded for the log; absent where it has been reported. */
  stop(mode: StopMode, cause?: string): void {
    if (this.#isStopping && mode === 'graceful') return;
    const isSecond = this.#isStopping;
    this.#isStopping = true;
    if (isSecond) this.#terminateAll();
    else this.#then(() => this.#end(mode, cause));
  }

  #then(step: () => Promise<void>): void {
    this.#work = this.#work
      .then(step)
      .catch((error: Error) => this.#ports.log('crit', error.stack ?? error.message));
  }

  async #reload(isRestart: boolean): Promise<void> {
    const old = this.#current;
    if (old === undefined || this.#isStopping) return;
    const word = isRestart ? 'restart' : 'graceful restart';
    this.#ports.log('notice', `${word} requested`);
    const config = this.#ports.loadConfig();
    if (config === undefined) {
      this.#ports.log('error', `the site file has mistakes: the configuration before it stays in force`);
      return;
    }
    let next: Generation;
    try {
      next = this.#prepare(config, old, isRestart);
    } catch (error) {
      this.#ports.log('error', `${(error as Error).message}: the configuration before it stays in force`);
      return;
    }
    const failure = await next.start();
    if (failure !== undefined) {
      this.#abandon(next, old);
      this.#ports.log('error', 'the configuration before it stays in force');
      return;
    }
    this.#current = next;
    this.#retire(old, next, isRestart);
    if (config.global.pidFile !== old.config.global.pidFile) {
      rmSync(old.config.global.pidFile, { force: true });
      writePidFile(config.global.pidFile);
    }
    this.#ports.log('notice', 'modhost configured -- resuming normal operations');
  }

  /** Binds, opens and starts what `config` needs, taking over from `old` what has not changed. */
  #prepare(config: ServerConfig, old: Generation | undefined, isRestart: boolean): Generation {
    const listeners = bindListeners(config.listeners, old?.listeners ?? []);
    try {
      const logs = openLogs(config, this.#ports.isForeground);
      const destination =
        config.mainServer.settings.errorLog ?? defaultErrorLog(config, this.#ports.isForeground);
      const errorLog = logs.find(({ key }) => key === keyOfLog(destination));
      this.#ports.logTo(errorLog?.fd ?? 2, config);
      const pools = this.#preparePools(config, isRestart ? undefined : old);
      return new Generation(config, listeners, logs, pools, {
        frontEndModule: this.#ports.frontEndModule,
        frontEnds: config.global.frontEnds ?? availableParallelism(),
        isForeground: this.#ports.isForeground,
        log: this.#ports.log,
        requestProcesses: (generation, group, runtime) => this.#startOnDemand(generation, group, runtime),
      });
    } catch (error) {
      closeUnshared(listeners, old?.listeners ?? []);
      throw error;
    }
  }

  #preparePools(config: ServerConfig, old: Generation | undefined): Map<string, DaemonPool> {
    const pools = new Map<string, DaemonPool>();
    const needed = [...this.#ports.neededPools(config)];
    // What was started on demand goes on being needed.
    for (const pool of old?.pools.values() ?? [])
      needed.push({ group: pool.plan.group, runtime: pool.plan.runtime });
    for (const { group, runtime } of needed) {
      const key = `${group}/${runtime}`;
      const definition = findProcessGroup(config, group);
      if (pools.has(key) || definition === undefined) continue;
      const plan = planPool(config, definition, runtime, this.#ports.runtimeOf);
      const before = old?.pools.get(key);
      const isSame = before !== undefined && isDeepStrictEqual(before.plan, plan);
      pools.set(key, isSame ? before : this.#createPool(plan));
    }
    return pools;
  }

  #createPool(plan: PoolPlan): DaemonPool {
    return new DaemonPool(plan, {
      takeSocketPath: () => this.#takeSocketPath(plan),
      log: this.#ports.log,
      changed: () => this.#announce(),
    });
  }

  #startOnDemand(generation: Generation, group: string, runtime: Runtime): void {
    const key = `${group}/${runtime}`;
    const definition = findProcessGroup(generation.config, group);
    if (generation.pools.has(key) || definition === undefined || this.#isStopping) return;
    generation.pools.set(
      key,
      this.#createPool(planPool(generation.config, definition, runtime, this.#ports.runtimeOf)),
    );
  }

  #announce(): void {
    this.#current?.announce();
    for (const generation of this.#leaving) generation.announce();
  }

  /** The old front ends finish; pools that the new generation does not share follow when they have. */
  #retire(old: Generation, next: Generation, isRestart: boolean): void {
    this.#leaving.add(old);
    if (isRestart) old.terminate();
    else old.drain(next.config.global.gracefulShutdownTimeoutMs);
    closeUnshared(old.listeners, next.listeners);
    const kept = new Set(next.pools.values());
    void old.ended().then(() => {
      this.#leaving.delete(old);
      closeLogs(old.logs);
      for (const pool of old.pools.values()) if (!kept.has(pool)) pool.drain();
    });
    if (isRestart) for (const pool of old.pools.values()) if (!kept.has(pool)) pool.terminate();
  }

  /** A generation that could not start: only what it alone had goes. */
  #abandon(next: Generation, old: Generation): void {
    next.terminate();
    closeUnshared(next.listeners, old.listeners);
    const kept = new Set(old.pools.values());
    for (const pool of next.pools.values()) if (!kept.has(pool)) pool.terminate();
    void next.ended().then(() => closeLogs(next.logs));
    const destination =
      old.config.mainServer.settings.errorLog ?? defaultErrorLog(old.config, this.#ports.isForeground);
    const errorLog = old.logs.find(({ key }) => key === keyOfLog(destination));
    this.#ports.logTo(errorLog?.fd ?? 2, old.config);
  }

  async #end(mode: StopMode, cause: string | undefined): Promise<void> {
    const current = this.#current;
    const how = mode === 'now' ? 'shutting down' : 'shutting down gracefully';
    if (cause !== undefined) this.#ports.log('notice', `${cause}, ${how}`);
    if (current !== undefined) {
      rmSync(current.config.global.pidFile, { force: true });
      const all = [current, ...this.#leaving];
      if (mode === 'graceful') current.drain(current.config.global.gracefulShutdownTimeoutMs);
      else for (const generation of all) generation.terminate();
      for (const { socket } of current.listeners) socket.close();
      await Promise.all(all.map((generation) => generation.ended()));
      const pools = new Set(all.flatMap(({ pools }) => [...pools.values()]));
      for (const pool of pools) pool.terminate();
      await Promise.all([...pools].map((pool) => pool.ended()));
    }
    if (this.#temporaryDirectory !== undefined)
      rmSync(this.#temporaryDirectory, { recursive: true, force: true });
    this.#onEnded();
  }

  /** A second request to stop: no more waiting. */
  #terminateAll(): void {
    for (const generation of [this.#current, ...this.#leaving]) generation?.terminate();
  }

  #prepareSocketPrefix(config: ServerConfig): string {
    const wanted = config.global.socketPrefix ?? join(config.global.runtimeDirectory, 'wsgi');
    makeFolder(dirname(wanted), 'the sockets of daemon processes');
    // Room for what takeSocketPath adds.
    if (Buffer.byteLength(wanted) + 60 <= longestSocketPath) return `${wanted}.${process.pid}`;
    const directory = join(tmpdir(), `modhost-${process.pid}-${Date.now().toString(36)}`);
    mkdirSync(directory, { mode: 0o711 });
    this.#temporaryDirectory = directory;
    return join(directory, 'wsgi');
  }

  #takeSocketPath({ group, runtime }: PoolPlan): string {
    this.#socketCount += 1;
    const label = group.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 24);
    return `${this.#socketPrefix}.${label}.${runtime}.${this.#socketCount}.sock`;
  }
}

/** A key that tells whether two Listen lines mean the same socket. */
function keyOfListener({ host, port }: Listener): string {
  return `${host ?? '*'}:${port}`;
}

function bindListeners(listeners: readonly Listener[], old: readonly BoundListener[]): BoundListener[] {
  const bound: BoundListener[] = [];
  try {
    for (const listener of listeners) {
      const key = keyOfListener(listener);
      const kept = old.find((candidate) => candidate.key === key);
      bound.push(kept ?? { key, socket: bindListener(listener) });
    }
  } catch (error) {
    closeUnshared(bound, old);
    throw error;
  }
  return bound;
}

/** @throws Error naming the line of the site file */
function bindListener({ host, port, position }: Listener): BoundSocket {
  try {
    return bindTcp(host, port);
  } catch (error) {
    throw new Error(`${position.file}:${position.line}: Listen: ${(error as Error).message}`);
  }
}

function closeUnshared(listeners: readonly BoundListener[], kept: readonly BoundListener[]): void {
  const shared = new Set(kept.map(({ socket }) => socket));
  for (const { socket } of listeners) if (!shared.has(socket)) socket.close();
}

function writePidFile(path: string): void {
  makeFolder(dirname(path), 'the PidFile');
  try {
    writeFileSync(path, `${process.pid}\n`, { mode: 0o644 });
  } catch (error) {
    throw new Error(`could not write the PidFile: ${(error as Error).message}`);
  }
}

/** @throws Error worded for the user */
function makeFolder(path: string, purpose: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw new Error(`could not make the folder for ${purpose}: ${(error as Error).message}`);
  }
}
