import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ImportScript, ProcessGroup, ServerConfig } from '../config/model.js';
import { findAccount } from './accounts.js';
import { nameInside, planConfinement } from './chroot.js';
import type { HealthTarget, PoolPlan, Runtime } from './daemon-pool.js';
import type { LaunchPlan } from './daemon-process.js';

/** mod_wsgi's default number of threads. */
const defaultPythonThreads = 15;

const launcher = fileURLToPath(new URL('./launch.py', import.meta.url));
const pythonRuntime = fileURLToPath(new URL('../daemon/python/modhost_daemon/__main__.py', import.meta.url));
const nodeRuntime = fileURLToPath(new URL('../daemon/node/main.js', import.meta.url));

/** The group as declared; undefined for a name that nobody declared. */
export function findProcessGroup(config: ServerConfig, name: string): ProcessGroup | undefined {
  return name === '' ? config.embeddedGroup : config.processGroups.find((group) => group.name === name);
}

/** Which runtime hosts a script file. */
export type RuntimeOf = (scriptFile: string) => Runtime;

/** What planning has to ask of those who know how requests are routed. */
export interface PlanPorts {
  readonly runtimeOf: RuntimeOf;
  /** What `health-path` leads to; undefined for groups without one. */
  healthTargetOf(config: ServerConfig, group: ProcessGroup): HealthTarget | undefined;
}

/** How the processes of one group and runtime are started. */
export function planPool(
  config: ServerConfig,
  group: ProcessGroup,
  runtime: Runtime,
  { runtimeOf, healthTargetOf }: PlanPorts,
): PoolPlan {
  // Without threads nobody could answer.
  const health = group.threads === 0 ? undefined : healthTargetOf(config, group);
  const isAsked = health !== undefined && (health.script?.runtime ?? runtime) === runtime;
  return {
    group: group.name,
    runtime,
    processes: group.processes,
    gracefulTimeoutMs: drainTimeoutOf(group, runtime),
    evictionTimeoutMs: group.evictionTimeoutMs || drainTimeoutOf(group, runtime),
    restartIntervalMs: group.restartIntervalMs,
    memoryRecycle: group.memoryRecycle,
    isOnDemand: group.minProcesses === 0,
    idleTimeoutMs: group.minProcesses === 0 ? group.inactivityTimeoutMs : 0,
    ...(isAsked ? { health } : {}),
    ...(group.chroot === undefined ? {} : { chroot: group.chroot }),
    launch: planLaunch(config, group, runtime, runtimeOf),
  };
}

/** WebSockets, which only JavaScript has, may outlive requests. */
function drainTimeoutOf(
  { gracefulTimeoutMs, webSocketDrainTimeoutMs = 0 }: ProcessGroup,
  runtime: Runtime,
): number {
  return runtime === 'node' ? Math.max(gracefulTimeoutMs, webSocketDrainTimeoutMs) : gracefulTimeoutMs;
}

function planLaunch(
  config: ServerConfig,
  group: ProcessGroup,
  runtime: Runtime,
  runtimeOf: RuntimeOf,
): LaunchPlan {
  const identity = planIdentity(config, group);
  const confinement = planConfinement(
    group,
    runtime,
    commandOf(config, group, runtime),
    'user' in identity.spec,
  );
  const spec = {
    ...identity.spec,
    ...confinement?.spec,
    ...(group.umask === undefined ? {} : { umask: group.umask }),
    ...(identity.homeDirectory === undefined ? {} : { directory: identity.homeDirectory }),
    ...limitsOf(group),
  };
  const runtimeCommand = confinement?.command ?? commandOf(config, group, runtime);
  const needsLauncher = Object.keys(spec).length > 0;
  return {
    command: needsLauncher
      ? ['python3', '-I', '-S', launcher, JSON.stringify(spec), ...runtimeCommand]
      : runtimeCommand,
    environment: environmentOf(group),
    workingDirectory: needsLauncher ? '/' : config.serverRoot,
    start: {
      type: 'start',
      group: group.name,
      processes: group.processes,
      threads: group.threads ?? (runtime === 'python' ? defaultPythonThreads : null),
      multiprocess: group.multiprocess,
      home: group.home ?? null,
      pythonPath: group.pythonPath,
      pythonModules: group.pythonModules ?? {},
      displayName: displayNameOf(group),
      queueTimeoutMs: group.queueTimeoutMs,
      shutdownTimeoutMs: group.shutdownTimeoutMs,
      requestTimeoutMs: group.requestTimeoutMs,
      interruptTimeoutMs: group.interruptTimeoutMs,
      startupTimeoutMs: group.startupTimeoutMs,
      // Of those that are started on demand, the supervisor ends all together.
      inactivityTimeoutMs: group.minProcesses === 0 ? 0 : group.inactivityTimeoutMs,
      maximumRequests: group.maximumRequests,
      maximumRequestsJitter: group.maximumRequestsJitter,
      ...(drainTimeoutOf(group, runtime) > group.gracefulTimeoutMs
        ? { requestDrainTimeoutMs: group.gracefulTimeoutMs }
        : {}),
      locale: group.locale ?? null,
      switchInterval: group.switchInterval ?? null,
      stackSize: group.stackSize ?? null,
      preload: preloadsOf(config, group)
        .filter(({ file }) => runtimeOf(file) === runtime)
        .map(({ file, applicationGroup }) => ({ script: preloadName(group, file), applicationGroup })),
    },
    ...(identity.socketOwner === undefined ? {} : { socketOwner: identity.socketOwner }),
    startupTimeoutMs: group.startupTimeoutMs,
    shutdownTimeoutMs: group.shutdownTimeoutMs,
    deadlockTimeoutMs: group.deadlockTimeoutMs,
    ...(group.cpuTimeLimit === undefined ? {} : { cpuTimeLimit: group.cpuTimeLimit }),
    dumpsOnAbort: runtime === 'python',
  };
}

/** What launch.py asks of the system. */
function limitsOf(group: ProcessGroup): Readonly<Record<string, number>> {
  const { cpuPriority, cpuTimeLimit, memoryLimit, virtualMemoryLimit, shutdownTimeoutMs } = group;
  return {
    ...(cpuPriority === undefined ? {} : { cpuPriority }),
    // The grace between SIGXCPU and SIGKILL is what ending may take.
    ...(cpuTimeLimit === undefined ? {} : { cpuTimeLimit, cpuTimeGrace: 1 + shutdownTimeoutMs / 1000 }),
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
    ...(virtualMemoryLimit === undefined ? {} : { virtualMemoryLimit }),
  };
}

interface DaemonIdentity {
  readonly spec: Readonly<Record<string, unknown>>;
  /** Of the account, when it is not the front ends' own. */
  readonly homeDirectory?: string;
  readonly socketOwner?: { readonly uid: number; readonly gid: number };
}

/** Only root can give a process another identity; everybody else keeps the one there is, as httpd does. */
function planIdentity(config: ServerConfig, group: ProcessGroup): DaemonIdentity {
  if (process.getuid?.() !== 0) return { spec: {} };
  const frontEndUser = config.global.user;
  const frontEnd = frontEndUser === undefined ? undefined : findAccount(frontEndUser);
  const user = group.user ?? frontEndUser;
  const unixGroup = group.group ?? (group.user === undefined ? config.global.group : undefined);
  if (user === undefined && unixGroup === undefined) return { spec: {} };
  const account = user === undefined ? undefined : findAccount(user);
  const changesUser = group.user !== undefined && account?.uid !== frontEnd?.uid;
  return {
    spec: {
      ...(user === undefined ? {} : { user }),
      ...(unixGroup === undefined ? {} : { group: unixGroup }),
      ...(group.supplementaryGroups === undefined ? {} : { supplementaryGroups: group.supplementaryGroups }),
    },
    ...(changesUser && account !== undefined ? { homeDirectory: account.homeDirectory } : {}),
    ...(frontEnd === undefined ? {} : { socketOwner: { uid: frontEnd.uid, gid: frontEnd.gid } }),
  };
}

function commandOf(config: ServerConfig, group: ProcessGroup, runtime: Runtime): readonly string[] {
  if (runtime === 'node')
    return [group.node ?? process.execPath, ...addressSpaceOptions(group), ...group.nodeOptions, nodeRuntime];
  const home = group.pythonHome ?? config.global.pythonHome;
  return [home === undefined ? 'python3' : interpreterOf(home, group.chroot), pythonRuntime];
}

/** WebAssembly, with which Node's own fetch parses, takes 10 GB of address space for each memory otherwise. */
function addressSpaceOptions({ virtualMemoryLimit }: ProcessGroup): readonly string[] {
  return virtualMemoryLimit === undefined ? [] : ['--disable-wasm-trap-handler'];
}

/** A virtual environment's own interpreter, so that its site-packages are found. */
function interpreterOf(pythonHome: string, root = '/'): string {
  const candidates = ['bin/python3', 'bin/python'].map((name) => join(pythonHome, name));
  return candidates.find((path) => existsSync(join(root, path))) ?? (candidates[0] as string);
}

function environmentOf(group: ProcessGroup): NodeJS.ProcessEnv {
  // What npm and our own start tell their children is nothing that applications should see.
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm|MODHOST)_/.test(name));
  const eggs = group.pythonEggs;
  return {
    ...Object.fromEntries(inherited),
    ...(group.lang === undefined ? {} : { LANG: group.lang }),
    ...(group.locale === undefined ? {} : { LC_ALL: group.locale }),
    ...(eggs === undefined ? {} : { PYTHON_EGG_CACHE: eggs }),
    ...group.environment,
  };
}

function displayNameOf(group: ProcessGroup): string | null {
  if (group.displayName === undefined) return null;
  return group.displayName === '%{GROUP}' ? `(wsgi:${group.name})` : group.displayName;
}

/** @throws Error worded for the user for a file that the processes cannot see */
function preloadName(group: ProcessGroup, file: string): string {
  const inside = nameInside(group, file);
  if (inside !== undefined) return inside;
  throw new Error(
    `the process group '${group.name}' has chroot=${group.chroot}, and ${file} lies outside of it`,
  );
}

/** WSGIImportScript of this group. */
function preloadsOf(config: ServerConfig, group: ProcessGroup): readonly ImportScript[] {
  return config.importScripts.filter(({ processGroup }) => processGroup === group.name);
}
