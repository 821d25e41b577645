/** Wires one supervisor: the signals and the control socket on one side, the site file and the log on the other. */

import { fileURLToPath } from 'node:url';
import type { Finding, ServerConfig } from './config/index.js';
import { type ControlOutcome, type ControlRequest, controlSocketOf, serveControl } from './control/index.js';
import { askHealth, findHealthTarget } from './health/index.js';
import { createLogWriter, formatErrorLine, isLevelEnabled, type LogLevel } from './log/index.js';
import { findPlanFaults, type LogWitness, type NeededPool, Supervisor } from './processes/index.js';
import {
  createRouter,
  listAuthScripts,
  listHandlerScripts,
  listMountedScripts,
  nameInside,
  placeAuthScript,
  runtimeOf,
} from './routing/index.js';
import { readTlsMaterial, type TlsMaterial } from './tls/index.js';

/** What planning process groups has to ask of those who know how requests are routed. */
const planPorts = {
  runtimeOf: (scriptFile: string) => runtimeOf(scriptFile),
  healthTargetOf: findHealthTarget,
};

export interface SuperviseOptions {
  readonly foreground: boolean;
  /** Another process waits for word over IPC that the server listens. */
  readonly isInBackground: boolean;
  /** Until the server has started. */
  readonly startupLogLevel?: LogLevel;
  /** Reads the site file again; undefined when it has mistakes, which have been reported then. */
  loadConfig(): ServerConfig | undefined;
  /** Printed in the foreground when it serves. */
  describeMounts(config: ServerConfig): string;
}

/** Runs one server until a signal ends it; resolves with the exit code. */
export async function supervise(config: ServerConfig, options: SuperviseOptions): Promise<number> {
  const { foreground } = options;
  const log = createSupervisorLog(options.startupLogLevel);
  const oddIdentity = describeOddIdentity(config);
  if (oddIdentity !== undefined) log.log('warn', oddIdentity);
  const supervisor = new Supervisor({
    frontEndModule: fileURLToPath(new URL('./front-end.js', import.meta.url)),
    loadConfig: () => options.loadConfig(),
    readTls,
    neededPools,
    reportsTroubles: options.isInBackground,
    ...planPorts,
    askHealth,
    log: log.log,
    logTo: log.setTarget,
  });
  process.on('SIGTERM', () => supervisor.stop('now', 'caught SIGTERM'));
  process.on('SIGINT', () => supervisor.stop('now', 'caught SIGINT'));
  process.on('SIGHUP', () => supervisor.restart());
  process.on('SIGUSR1', () => void supervisor.graceful());
  // Foreground servers get WINCH from every resized terminal; only a server without one means it.
  process.on('SIGWINCH', () => {
    if (!(foreground && process.stdout.isTTY)) supervisor.stop('graceful', 'caught SIGWINCH');
  });
  try {
    if (!(await supervisor.start(config))) {
      await supervisor.ended;
      return 0;
    }
  } catch (error) {
    const failure = (error as Error).message;
    if (process.send !== undefined) {
      process.send({ failure });
      log.log('crit', failure);
    } else process.stderr.write(`modhost: ${failure}\n`);
    supervisor.stop('now');
    await supervisor.ended;
    return 1;
  }
  const controlSocket = await openControl(supervisor, config, log.log);
  if (options.isInBackground) {
    await reportStart(supervisor);
  } else {
    process.stdout.write(`${options.describeMounts(config)}\nmodhost serves; Ctrl-C ends it.\n`);
  }
  log.endStartup();
  await supervisor.ended;
  controlSocket?.close();
  return 0;
}

/** So long a start in the background waits for process groups to show whether they serve; the server serves meanwhile. */
const groupPatienceMs = 5_000;

/** Tells whoever has started this process that the server serves, and which groups do not. It may have gone meanwhile. */
async function reportStart(supervisor: Supervisor): Promise<void> {
  const troubles = await supervisor.findTroubles(groupPatienceMs);
  if (!process.connected) return;
  process.send?.({ troubles }, undefined, undefined, () => {});
  process.disconnect?.();
}

/** What `-t` says about process groups with which a start would be refused: for root, who could start them, an error. */
export function checkGroups(config: ServerConfig): Finding[] {
  return findPlanFaults(config, neededPools(config), planPorts).map(({ group, message }) => ({
    kind: 'group-refused',
    severity: process.getuid?.() === 0 ? 'error' : 'warning',
    position: group.position,
    directive: 'WSGIDaemonProcess',
    message: `modhost would not start: ${message}`,
    at: 'arguments',
  }));
}

/** A server without it serves, and is controlled by signals. */
async function openControl(supervisor: Supervisor, config: ServerConfig, log: LogWitness) {
  try {
    return await serveControl(controlSocketOf(config.global.pidFile), (request, say) =>
      carryOut(supervisor, request, say),
    );
  } catch (error) {
    log('warn', `no control socket: ${(error as Error).message}`);
    return undefined;
  }
}

/** What an operator asks for; what goes wrong meanwhile is told as it is logged. */
async function carryOut(
  supervisor: Supervisor,
  request: ControlRequest,
  say: (text: string) => void,
): Promise<ControlOutcome> {
  const stopListening = supervisor.listen((level, message) => {
    if (isLevelEnabled(level, 'error')) say(message);
  });
  try {
    switch (request.command) {
      case 'status':
        return { isDone: true, status: await supervisor.status() };
      case 'plan': {
        const plan = supervisor.plan();
        return plan === undefined ? { isDone: false } : { isDone: true, plan };
      }
      case 'graceful':
        return { isDone: await supervisor.graceful() };
      case 'reload': {
        const failure = await supervisor.renewGroup(request.group);
        if (failure !== undefined) say(`modhost: ${failure}`);
        return { isDone: failure === undefined };
      }
    }
  } finally {
    stopListening();
  }
}

/** What somebody may not expect of the accounts that processes run as. */
function describeOddIdentity({ global, processGroups }: ServerConfig): string | undefined {
  if (process.getuid?.() === 0) {
    if (global.user !== undefined) return undefined;
    return 'front ends and daemon processes run as root, since no User says otherwise';
  }
  const asksForOthers = [global, ...processGroups].some(({ user, group }) => (user ?? group) !== undefined);
  if (!asksForOthers) return undefined;
  return `only root can change accounts: everything runs as uid ${process.getuid?.()}, whatever User, Group, user= and group= say`;
}

/** @throws Error for the files of certificates and keys that cannot be used, worded for the user */
function readTls(config: ServerConfig): TlsMaterial {
  const { material, faults } = readTlsMaterial(config);
  const errors = faults.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return material;
  const lines = errors.map(
    ({ position, directive, message }) => `${position.file}:${position.line}: ${directive}: ${message}`,
  );
  throw new Error(lines.join('\n'));
}

/** As the processes of the group know the file; one that they cannot see keeps its name, and none of them loads it. */
function insideName({ processGroups }: ServerConfig, name: string, file: string): string {
  const group = processGroups.find((one) => one.name === name);
  return (group === undefined ? undefined : nameInside(group, file)) ?? file;
}

/** Process groups and runtimes that the site file shows to be needed; what it does not show, and %{GLOBAL}, is started on demand. */
function neededPools(config: ServerConfig): readonly NeededPool[] {
  const mounted = listMountedScripts(config, createRouter(config));
  const authScripts = listAuthScripts(config).map((script) => placeAuthScript(script, mounted));
  const asked = [...mounted, ...authScripts, ...listHandlerScripts(config)].map(
    ({ processGroup, runtime, scriptFile, applicationGroup }) => ({
      group: processGroup,
      runtime,
      script: toText(insideName(config, processGroup, scriptFile)),
      file: toText(scriptFile),
      applicationGroup,
      isOnDemand: processGroup === '',
    }),
  );
  const imported = config.importScripts.map(({ file, processGroup, applicationGroup }) => ({
    group: processGroup,
    runtime: runtimeOf(file),
    script: insideName(config, processGroup, file),
    file,
    applicationGroup,
    isOnDemand: false,
  }));
  return [...asked, ...imported];
}

/** What is a byte string for front ends. */
function toText(name: string): string {
  return Buffer.from(name, 'latin1').toString('utf8');
}

/** The supervisor's own lines, and what daemon processes print. `startupLevel` (-e) holds until the server has started. */
function createSupervisorLog(startupLevel: LogLevel | undefined) {
  let fd = 2;
  let writer = createLogWriter(fd);
  let level: LogLevel = 'warn';
  let override = startupLevel;
  return {
    endStartup: () => {
      override = undefined;
    },
    setTarget: (target: number, config: ServerConfig) => {
      const { logLevel } = config.mainServer.settings;
      if (fd !== target) {
        // Its descriptor is closed when nobody uses it any more.
        writer.flushSync();
        void writer.close();
        writer = createLogWriter(target);
      }
      fd = target;
      level = logLevel.modules.get('core') ?? logLevel.default;
    },
    log: (lineLevel: LogLevel, message: string, pid = process.pid) => {
      // As in httpd, notices about the server's own life are always written.
      if (lineLevel !== 'notice' && !isLevelEnabled(lineLevel, override ?? level)) return;
      writer.write(formatErrorLine({ time: new Date(), module: 'core', level: lineLevel, pid, message }));
    },
  };
}
