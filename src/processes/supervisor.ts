import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { ServerConfig } from '../config/model.js';
import type { LogLevel } from '../log/index.js';
import type { TlsMaterial } from '../tls/index.js';
import { bindListeners, closeUnshared } from './bind-listeners.js';
import type { LoadedScript } from './control-channel.js';
import { DaemonPool, type PoolPlan, type PoolPorts, type Runtime } from './daemon-pool.js';
import { countFrontEnds } from './front-end-count.js';
import type { FrontEndProcess } from './front-end-process.js';
import { Generation } from './generation.js';
import { Guardian } from './guardian.js';
import { hearLastWords } from './last-words.js';
import { findProcessGroup, type PlanPorts, planPool } from './launch-plan.js';
import { closeLogs, keyOfLog, type OpenLog, openLogs } from './log-files.js';
import { LoginJournal, type SharedLogins } from './login-journal.js';
import {
  findUnfitPool,
  listArrivals,
  listMounted,
  listReloads,
  listUntried,
  type Mounts,
  type NeededPool,
  planPools,
} from './pool-succession.js';
import { type PlannedChange, planReload } from './reload-plan.js';
import { SocketPaths, writePidFile } from './run-files.js';
import { Scheduling } from './scheduling.js';
import { findStartTroubles } from './start-troubles.js';
import { readStatus, type SiteStatus } from './status.js';

export interface SupervisorPorts extends PlanPorts {
  readonly frontEndModule: string;
  /** Reads the site file again; undefined when it has mistakes, which have been reported then. */
  loadConfig(): ServerConfig | undefined;
  /** @throws Error when certificates or keys cannot be used, worded for the user */
  readTls(config: ServerConfig): TlsMaterial;
  neededPools(config: ServerConfig): readonly NeededPool[];
  /** `findTroubles` will be asked after the start. */
  readonly reportsTroubles: boolean;
  /** Puts the question of `health-path` to a new process. */
  readonly askHealth: PoolPorts['askHealth'];
  /** Writes to the main server's error log; `fd` changes when logs are opened anew. */
  log(level: LogLevel, message: string, pid?: number): void;
  logTo(fd: number, config: ServerConfig): void;
}

/** Hears what goes to the error log. */
export type LogWitness = (level: LogLevel, message: string) => void;

type ReloadWord = 'graceful restart' | 'restart';

export type StopMode = 'now' | 'graceful';

/** Starts, watches, reloads and ends everything. Signals only leave a note; `#work` acts on them one by one. */
export class Supervisor {
  readonly #ports: SupervisorPorts;
  #current: Generation | undefined;
  /** Between its first front end and its last one's word that it listens. */
  #starting: Generation | undefined;
  readonly #leaving = new Set<Generation>();
  /** As long as the supervisor lives, so that a reload forgets no guesses. */
  readonly #loginSecret = randomBytes(32);
  readonly #loginJournal = new LoginJournal();
  /** No generation needs them any more. */
  readonly #endingPools = new Set<DaemonPool>();
  #work: Promise<void> = Promise.resolve();
  readonly #waitingReloads = new Map<ReloadWord, Promise<boolean>>();
  #socketPaths: SocketPaths | undefined;
  readonly #guardian: Guardian;
  readonly #scheduling = new Scheduling();
  readonly #witnesses = new Set<LogWitness>();
  #isServing = false;
  #isStopping = false;
  #onStopping: () => void = () => {};
  readonly #stopping: Promise<void>;
  #onEnded: () => void = () => {};
  readonly ended: Promise<void>;

  constructor(ports: SupervisorPorts) {
    this.#ports = { ...ports, log: (...line) => this.#log(ports, ...line) };
    this.#guardian = new Guardian((message) => this.#ports.log('warn', message));
    this.#stopping = new Promise((resolve) => {
      this.#onStopping = resolve;
    });
    this.ended = new Promise((resolve) => {
      this.#onEnded = resolve;
    });
  }

  /**
   * Resolves when every front end listens, with false if it was stopped before.
   * @throws Error (worded for the user) when something cannot be opened or bound
   */
  start(config: ServerConfig): Promise<boolean> {
    const started = this.#start(config);
    // What signals ask for meanwhile waits for its end.
    this.#work = started.then(
      () => {},
      () => {},
    );
    return started;
  }

  /** After the start: a line for each process group that does not serve, or still starts after `patienceMs`. */
  findTroubles(patienceMs: number): Promise<readonly string[]> {
    return findStartTroubles([...(this.#current?.pools.values() ?? [])], patienceMs, this.#stopping);
  }

  /** Reads the site file again and swaps it in; a bad one leaves the old one serving. Resolves with true if it serves. */
  graceful(): Promise<boolean> {
    return this.#reloadOnce('graceful restart');
  }

  /**
   * New processes for one group, which load the code that is there now. Resolves with what went wrong, if something did: then the
   * old ones go on serving.
   */
  renewGroup(name: string): Promise<string | undefined> {
    return this.#then(() => this.#renewGroup(name), 'something unforeseen happened; see the error log');
  }

  /** What `graceful` would do; undefined when the site file has mistakes. */
  plan(): readonly PlannedChange[] | undefined {
    const current = this.#current;
    const config = this.#ports.loadConfig();
    if (current === undefined || config === undefined) return undefined;
    const running = new Map([...current.pools].map(([key, { plan }]) => [key, plan]));
    const mounts = this.#findMounts(config, current);
    const wanted = planPools(config, mounts, current.pools, this.#ports);
    return planReload({ config: current.config, plans: running }, { config, plans: wanted });
  }

  status(): Promise<SiteStatus> {
    return readStatus([this.#current, this.#starting, ...this.#leaving].filter((one) => one !== undefined));
  }

  /** Hears every line for the error log until the function returned is called. */
  listen(witness: LogWitness): () => void {
    this.#witnesses.add(witness);
    return () => this.#witnesses.delete(witness);
  }

  /** As graceful, but every daemon process is new and open requests are not waited for. */
  restart(): void {
    void this.#reloadOnce('restart');
  }

  /** `cause` is worded for the log; absent where it has been reported. */
  stop(mode: StopMode, cause?: string): void {
    if (this.#isStopping && mode === 'graceful') return;
    const isSecond = this.#isStopping;
    this.#isStopping = true;
    this.#onStopping();
    this.#starting?.terminate();
    if (isSecond) this.#terminateAll();
    else void this.#then(() => this.#end(mode, cause), undefined);
  }

  /** Who asks while one waits for its turn gets that one: it will read what the site file says then. */
  #reloadOnce(word: ReloadWord): Promise<boolean> {
    const waiting = this.#waitingReloads.get(word);
    if (waiting !== undefined) return waiting;
    const reload = this.#then(() => {
      this.#waitingReloads.delete(word);
      return this.#reload(word);
    }, false);
    this.#waitingReloads.set(word, reload);
    return reload;
  }

  /** Steps are done one after the other; `failed` is what a step that throws comes to. */
  #then<Outcome>(step: () => Promise<Outcome>, failed: Outcome): Promise<Outcome> {
    const outcome = this.#work.then(step).catch((error: Error) => {
      this.#ports.log('crit', error.stack ?? error.message);
      return failed;
    });
    this.#work = outcome.then(() => {});
    return outcome;
  }

  #log(ports: SupervisorPorts, level: LogLevel, message: string, pid?: number): void {
    ports.log(level, message, pid);
    for (const witness of this.#witnesses) witness(level, message);
  }

  async #renewGroup(name: string): Promise<string | undefined> {
    const all = [...(this.#current?.pools.values() ?? [])];
    const pools = all.filter(({ plan }) => plan.group === name);
    if (pools.length === 0) return describeMissingGroup(name, this.#current?.config.processGroups ?? [], all);
    this.#ports.log('notice', `reload of the process group ${name === '' ? '%{GLOBAL}' : name} requested`);
    for (const pool of pools) {
      const failure = await Promise.race([
        pool.renew('reload requested', this.#mountsOf(pool)),
        this.#stopping.then(() => 'stopped'),
      ]);
      if (failure === undefined) continue;
      await hearLastWords();
      return `daemon process ${pool.name} ${failure}`;
    }
    return undefined;
  }

  /** Scripts that the site file shows to run there. */
  #mountsOf({ plan, isAsleep }: DaemonPool): readonly LoadedScript[] {
    const current = this.#current;
    if (current === undefined || !isAsleep) return [];
    return listMounted(plan, this.#ports.neededPools(current.config));
  }

  async #start(config: ServerConfig): Promise<boolean> {
    this.#socketPaths = new SocketPaths(config);
    const generation = this.#prepare(config, undefined, this.#findMounts(config, undefined), false);
    this.#current = generation;
    const failure = await this.#bringUp(generation);
    if (this.#isStopping) return false;
    if (failure !== undefined) throw new Error(failure);
    writePidFile(config.global.pidFile);
    this.#isServing = true;
    this.#ports.log('notice', `modhost configured -- resuming normal operations`);
    return true;
  }

  /** What went wrong, if the generation does not serve now. */
  async #bringUp(generation: Generation): Promise<string | undefined> {
    this.#starting = generation;
    try {
      return await generation.start();
    } finally {
      this.#starting = undefined;
    }
  }

  async #reload(word: ReloadWord): Promise<boolean> {
    const old = this.#current;
    if (old === undefined || !this.#isServing || this.#isStopping) return false;
    const isRestart = word === 'restart';
    this.#ports.log('notice', `${word} requested`);
    const config = this.#ports.loadConfig();
    if (config === undefined) {
      this.#ports.log('error', `the site file has mistakes: the configuration before it stays in force`);
      return false;
    }
    let next: Generation;
    let mounts: Mounts;
    try {
      mounts = this.#findMounts(config, isRestart ? undefined : old);
      next = this.#prepare(config, old, mounts, isRestart);
    } catch (error) {
      this.#scheduling.choose(old.isInBatches);
      this.#ports.log('error', `${(error as Error).message}: the configuration before it stays in force`);
      return false;
    }
    const trials = isRestart ? [] : this.#tryArrivals(next, old, mounts);
    const unfit = await findUnfitPool(old.pools, next.pools, trials, this.#stopping);
    for (const trial of trials) this.#endPool(trial, true);
    if (unfit !== undefined) this.#ports.log('error', unfit);
    const failure = this.#isStopping ? 'stopped' : (unfit ?? (await this.#bringUp(next)));
    if (failure !== undefined) {
      this.#abandon(next, old);
      if (this.#isStopping) return false;
      this.#scheduling.choose(old.isInBatches);
      this.#ports.log('error', 'the configuration before it stays in force');
      return false;
    }
    this.#current = next;
    this.#retire(old, next, isRestart);
    if (config.global.pidFile !== old.config.global.pidFile) {
      rmSync(old.config.global.pidFile, { force: true });
      writePidFile(config.global.pidFile);
    }
    this.#ports.log('notice', 'modhost configured -- resuming normal operations');
    return true;
  }

  /** Binds, opens and starts what `config` needs, taking over from `old` what has not changed. */
  #prepare(
    config: ServerConfig,
    old: Generation | undefined,
    mounts: Mounts,
    isRestart: boolean,
  ): Generation {
    const tls = this.#ports.readTls(config);
    const listeners = bindListeners(config.listeners, old?.listeners ?? []);
    let logs: OpenLog[] = [];
    let pools = new Map<string, DaemonPool>();
    try {
      logs = openLogs(config, this.#ports.log);
      const kept = isRestart ? undefined : old;
      const plans = planPools(config, mounts, kept?.pools, this.#ports);
      const room = countFrontEnds(sumProcesses(plans.values()));
      const { frontEnds = room } = config.global;
      const isInBatches = frontEnds <= room;
      // From here on, so for the first of its processes, too. What it takes over goes on as it is.
      const unscheduled = this.#scheduling.choose(isInBatches);
      pools = this.#preparePools(plans, kept, mounts);
      const generation = new Generation(config, listeners, logs, pools, {
        frontEndModule: this.#ports.frontEndModule,
        frontEnds,
        isInBatches,
        loginSecret: this.#loginSecret,
        loginJournal: this.#loginJournal,
        shareLogins: (news, from) => this.#shareLogins(news, from),
        tls,
        log: this.#ports.log,
        guardian: this.#guardian,
        requestProcesses: (generation, group, runtime) => this.#startOnDemand(generation, group, runtime),
      });
      this.#logTo(generation);
      if (unscheduled !== undefined) this.#ports.log('notice', unscheduled);
      return generation;
    } catch (error) {
      closeUnshared(listeners, old?.listeners ?? []);
      closeLogs(logs);
      const kept = new Set(old?.pools.values());
      for (const pool of pools.values()) if (!kept.has(pool)) pool.terminate();
      throw error;
    }
  }

  /** The supervisor's own lines go where this generation's main server has its error log. */
  #logTo({ config, logs }: Generation): void {
    const destination = config.mainServer.settings.errorLog;
    const errorLog = logs.find(({ key }) => key === keyOfLog(destination));
    this.#ports.logTo(errorLog?.fd ?? 2, config);
  }

  #preparePools(
    plans: ReadonlyMap<string, PoolPlan>,
    old: Generation | undefined,
    mounts: Mounts,
  ): Map<string, DaemonPool> {
    const pools = new Map<string, DaemonPool>();
    for (const [key, plan] of plans) {
      const before = old?.pools.get(key);
      const isSame = before !== undefined && isDeepStrictEqual(before.plan, plan);
      const arrivals = listArrivals(plan, old?.pools.values() ?? [], mounts);
      const kept = before === undefined || before.isAsleep ? undefined : listReloads(before, plan, mounts);
      const reloads = arrivals.length === 0 ? kept : [...(kept ?? []), ...arrivals];
      pools.set(key, isSame ? before : this.#createPool(plan, reloads));
    }
    return pools;
  }

  #findMounts(config: ServerConfig, old: Generation | undefined): Mounts {
    const before = old === undefined ? [] : this.#ports.neededPools(old.config);
    return { before, now: this.#ports.neededPools(config) };
  }

  /** For each group that goes on as it is, and gets scripts that others serve now: a process that shows whether it can load them. */
  #tryArrivals(next: Generation, old: Generation, mounts: Mounts): readonly DaemonPool[] {
    return [...next.pools].flatMap(([key, pool]) => {
      if (old.pools.get(key) !== pool) return [];
      const scripts = listUntried(pool, old.pools.values(), mounts);
      if (scripts.length === 0) return [];
      const names = scripts.map(({ script }) => script).join(', ');
      this.#ports.log(
        'info',
        `one more process of ${pool.name} is started, to see whether it loads ${names}`,
      );
      return [this.#createPool({ ...pool.plan, processes: 1, isOnDemand: false }, scripts)];
    });
  }

  #createPool(plan: PoolPlan, reloads?: readonly LoadedScript[]): DaemonPool {
    const paths = this.#socketPaths;
    if (paths === undefined) throw new Error('a pool before the start');
    const ports = {
      takeSocketPath: () => paths.take(plan),
      askHealth: this.#ports.askHealth,
      log: this.#ports.log,
      changed: () => this.#announce(),
      keepsFirstWords: this.#ports.reportsTroubles && !this.#isServing,
      guardian: this.#guardian,
    };
    return new DaemonPool(plan, ports, reloads);
  }

  #startOnDemand(generation: Generation, group: string, runtime: Runtime): void {
    const key = `${group}/${runtime}`;
    generation.pools.get(key)?.wake();
    const definition = findProcessGroup(generation.config, group);
    if (generation.pools.has(key) || definition === undefined || this.#isStopping) return;
    try {
      const plan = planPool(generation.config, definition, runtime, this.#ports);
      const pool = this.#createPool(plan);
      generation.pools.set(key, pool);
      pool.wake();
    } catch (error) {
      this.#ports.log('error', `cannot start daemon processes of ${key}: ${(error as Error).message}`);
    }
  }

  #announce(): void {
    this.#current?.announce();
    this.#starting?.announce();
    for (const generation of this.#leaving) generation.announce();
  }

  #shareLogins(news: SharedLogins, from: FrontEndProcess): void {
    this.#loginJournal.add(news);
    for (const generation of [this.#current, this.#starting, ...this.#leaving])
      generation?.shareLogins(news, from);
  }

  /**
   * The old front ends finish; pools that nobody shares with them follow when they have, or when graceful-timeout is over: a WebSocket
   * of another group may keep a front end for days.
   */
  #retire(old: Generation, next: Generation, isRestart: boolean): void {
    this.#leaving.add(old);
    if (isRestart) for (const generation of this.#leaving) generation.terminate();
    else old.drain(next.config.global.gracefulShutdownTimeoutMs);
    closeUnshared(old.listeners, next.listeners);
    const kept = new Set(next.pools.values());
    const limits = [...old.pools.values()]
      .filter((pool) => !isRestart && !kept.has(pool))
      .map((pool) =>
        setTimeout(() => this.#endPool(pool, false, pool.requestDrainMs), pool.requestDrainMs).unref(),
      );
    void old.ended().then(() => {
      for (const timer of limits) clearTimeout(timer);
      this.#leaving.delete(old);
      closeLogs(old.logs);
      const used = new Set(
        [this.#current, ...this.#leaving].flatMap((user) => [...(user?.pools.values() ?? [])]),
      );
      for (const pool of old.pools.values()) if (!used.has(pool)) this.#endPool(pool, isRestart);
    });
    const before = new Set(old.pools.values());
    for (const pool of next.pools.values()) if (before.has(pool)) pool.retry();
  }

  /** `elapsedMs`: for so long its requests have had time to end already. */
  #endPool(pool: DaemonPool, isRestart: boolean, elapsedMs = 0): void {
    if (isRestart) pool.terminate();
    else if (this.#endingPools.has(pool)) return;
    else pool.drain(elapsedMs);
    this.#endingPools.add(pool);
    void pool.ended().then(() => this.#endingPools.delete(pool));
  }

  /** A generation that could not start: only what it alone had goes. */
  #abandon(next: Generation, old: Generation): void {
    next.terminate();
    closeUnshared(next.listeners, old.listeners);
    const kept = new Set(old.pools.values());
    for (const pool of next.pools.values()) if (!kept.has(pool)) this.#endPool(pool, true);
    void next.ended().then(() => closeLogs(next.logs));
    this.#logTo(old);
  }

  async #end(mode: StopMode, cause: string | undefined): Promise<void> {
    const current = this.#current;
    const how = mode === 'now' ? 'shutting down' : 'shutting down gracefully';
    if (cause !== undefined) this.#ports.log('notice', `${cause}, ${how}`);
    if (current !== undefined) {
      // Before that it may be another server's.
      if (this.#isServing) rmSync(current.config.global.pidFile, { force: true });
      const all = [current, ...this.#leaving];
      if (mode === 'graceful') current.drain(current.config.global.gracefulShutdownTimeoutMs);
      else for (const generation of all) generation.terminate();
      for (const { socket } of current.listeners) socket.close();
      await Promise.all(all.map((generation) => generation.ended()));
      const pools = new Set([...all.flatMap(({ pools }) => [...pools.values()]), ...this.#endingPools]);
      for (const pool of pools) pool.terminate();
      await Promise.all([...pools].map((pool) => pool.ended()));
    }
    this.#socketPaths?.remove();
    this.#guardian.end();
    this.#onEnded();
  }

  /** A second request to stop: no more waiting. */
  #terminateAll(): void {
    for (const generation of [this.#current, ...this.#leaving]) generation?.terminate();
  }
}

function sumProcesses(plans: Iterable<PoolPlan>): number {
  return [...plans].reduce((sum, { processes }) => sum + processes, 0);
}

/** Why no group of that name has processes to replace. */
function describeMissingGroup(
  name: string,
  declared: readonly { readonly name: string }[],
  pools: readonly DaemonPool[],
): string {
  if (declared.some((group) => group.name === name))
    return `the process group ${name} has no processes: no request has needed it yet`;
  const names = [...new Set(pools.map(({ plan }) => (plan.group === '' ? '%{GLOBAL}' : plan.group)))];
  const known = names.length === 0 ? 'there is none' : `processes run for ${names.join(', ')}`;
  return `there is no process group ${name === '' ? '%{GLOBAL}' : name}: ${known}`;
}
