#!/usr/bin/env node
/** The `modhost` command. */

import { spawn } from 'node:child_process';
import { mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type ControlAction,
  checkAddresses,
  checkFiles,
  checkFolders,
  checkNearMisses,
  checkProtection,
  type ExplainCommand,
  findSiteFile,
  formatDirectives,
  formatModules,
  formatMounts,
  formatSettings,
  formatVersion,
  formatVirtualHosts,
  packageFolder,
  parseCommandLine,
  runHtpasswd,
  type SiteOptions,
  signalServer,
  usage,
} from './cli/index.js';
import {
  createHtaccessParser,
  definitions,
  describeMistakes,
  explainMistake,
  type LoadOptions,
  type LoadResult,
  loadConfig,
  resolveSite,
  type ServerConfig,
  servedModules,
} from './config/index.js';
import { explainRequest, findAskedRequest, formatExplanation } from './explain/index.js';
import { hashPassword, verifyPassword } from './htpasswd-auth/index.js';
import { toByteString } from './http/index.js';
import { formatErrorLine, isLevelEnabled, type LogLevel } from './log/index.js';
import { type NeededPool, Supervisor } from './processes/index.js';
import {
  createRouter,
  listAuthScripts,
  listMountedScripts,
  placeAuthScript,
  resolveVirtualHostNames,
  runtimeOf,
} from './routing/index.js';
import { checkCertificates, readTlsMaterial, type TlsMaterial } from './tls/index.js';

/** Set for the process that `start` leaves behind; it reports over IPC and has the error log as standard error. */
const backgroundVariable = 'MODHOST_BACKGROUND';

// `modhost -L | head`: whoever read has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await run(process.argv.slice(2));

async function run(argv: readonly string[]): Promise<number> {
  const command = parseCommandLine(argv);
  switch (command.kind) {
    case 'usage-error':
      process.stderr.write(`modhost: ${command.message}\nmodhost -h lists options and commands.\n`);
      return 1;
    case 'help':
      process.stderr.write(usage);
      return 1;
    case 'show-version':
      process.stdout.write(formatVersion());
      return 0;
    case 'show-settings':
      process.stdout.write(formatSettings());
      return 0;
    case 'list-directives':
      process.stdout.write(formatDirectives(definitions));
      return 0;
    case 'list-modules':
      process.stdout.write(formatModules(servedModules));
      return 0;
    case 'explain':
      return explain(command);
    case 'htpasswd':
      return runHtpasswd(command.arguments, process, { hashPassword, verifyPassword });
    case 'check':
      return check(command.site, command.json);
    case 'show-resolved':
      return showResolved(command.site);
    case 'show-virtual-hosts':
      return showVirtualHosts(command.site);
    case 'control':
      return control(command.action, command.site, argv);
    case 'start':
      return start(command.site, command.foreground, argv);
  }
}

/** Reads the site file; prints every mistake and warning. */
function readSite(site: SiteOptions, foreground: boolean): ServerConfig | undefined {
  const { config, mistakes } = loadSite(site, foreground);
  for (const mistake of mistakes) process.stderr.write(`${explainMistake(mistake)}\n`);
  return config;
}

function loadSite(site: SiteOptions, foreground: boolean): LoadResult {
  return loadConfig(loadOptions(site, foreground));
}

function loadOptions(site: SiteOptions, foreground: boolean): LoadOptions {
  const location = findSiteFile(site, { working: process.cwd(), package: packageFolder });
  return {
    file: location.configFile,
    serverRoot: location.serverRoot,
    defines: site.defines,
    before: site.directivesBefore,
    after: site.directivesAfter,
    environment: process.env,
    foreground,
  };
}

function showResolved(site: SiteOptions): number {
  const { text, mistakes } = resolveSite(loadOptions(site, true));
  for (const mistake of mistakes) process.stderr.write(`${explainMistake(mistake)}\n`);
  if (text !== undefined) process.stdout.write(text);
  return mistakes.some(({ severity }) => severity === 'error') ? 1 : 0;
}

/** -t: what is written, and what it refers to. */
async function check(site: SiteOptions, json: boolean): Promise<number> {
  const loaded = loadSite(site, true);
  const { config } = loaded;
  const mistakes = config === undefined ? loaded.mistakes : await checkWorld(config, loaded);
  const isGood = config !== undefined && mistakes.every(({ severity }) => severity === 'warning');
  if (json) {
    process.stdout.write(`${JSON.stringify(describeMistakes(mistakes), null, 2)}\n`);
  } else {
    for (const mistake of mistakes) process.stderr.write(`${explainMistake(mistake)}\n`);
    if (isGood) process.stderr.write('Syntax OK\n');
  }
  return isGood ? 0 : 1;
}

async function checkWorld(config: ServerConfig, { fileReferences, addFindings }: LoadResult) {
  return addFindings([
    ...readTlsMaterial(config).faults,
    ...checkCertificates(config),
    ...checkFiles(config, fileReferences),
    ...checkFolders(config),
    ...checkNearMisses(config),
    ...checkProtection(config, mountPorts(config)),
    ...(await checkAddresses(config)),
  ]);
}

function showVirtualHosts(site: SiteOptions): number {
  const config = readSite(site, false);
  if (config === undefined) return 1;
  process.stdout.write(formatVirtualHosts(config, mountPorts(config)));
  return 0;
}

async function explain(command: ExplainCommand): Promise<number> {
  const config = readSite(command.site, true);
  if (config === undefined) return 1;
  const asked = findAskedRequest(config, command);
  if (typeof asked === 'string') {
    process.stderr.write(`modhost: ${asked}\n`);
    return 1;
  }
  const { user, groups } = command;
  const assumed = {
    ...(user === undefined ? {} : { user: toByteString(user) }),
    groups: groups.map(toByteString),
  };
  const explanation = await explainRequest(
    config,
    await resolveVirtualHostNames(config),
    asked,
    assumed,
    createHtaccessParser(config, process.env),
  );
  process.stdout.write(
    command.json ? `${JSON.stringify(explanation, null, 2)}\n` : formatExplanation(explanation),
  );
  return 0;
}

function mountPorts(config: ServerConfig) {
  const router = createRouter(config);
  return { route: router.route.bind(router), runtimeOf: (scriptFile: string) => runtimeOf(scriptFile) };
}

async function control(action: ControlAction, site: SiteOptions, argv: readonly string[]): Promise<number> {
  // As httpd: a broken site file leaves the running server untouched.
  const config = readSite(site, false);
  if (config === undefined) return 1;
  const outcome = signalServer(config.global.pidFile, action);
  if (outcome.message !== undefined) say(outcome.message, outcome.kind === 'done' && outcome.exitCode === 1);
  if (outcome.kind === 'done') return outcome.exitCode;
  // Without the word that only speaks to a running server; -k may have it attached.
  const isAction = (word: string) => word === action || word === '-k' || word === `-k${action}`;
  return startInBackground(
    config,
    argv.filter((word) => !isAction(word)),
  );
}

async function start(site: SiteOptions, foreground: boolean, argv: readonly string[]): Promise<number> {
  const isLeftBehind = process.env[backgroundVariable] !== undefined;
  const config = readSite(site, foreground);
  if (config === undefined) return 1;
  if (!isLeftBehind) {
    const outcome = signalServer(config.global.pidFile, 'start');
    if (outcome.message !== undefined)
      say(outcome.message, outcome.kind === 'done' && outcome.exitCode === 1);
    if (outcome.kind === 'done') return outcome.exitCode;
    if (!foreground) return startInBackground(config, argv);
  }
  return supervise(site, config, foreground);
}

function say(message: string, isError: boolean): void {
  (isError ? process.stderr : process.stdout).write(`${message}\n`);
}

/** Returns when the server listens, or has said why it cannot. */
async function startInBackground(config: ServerConfig, argv: readonly string[]): Promise<number> {
  let fd: number;
  try {
    fd = openErrorLog(config);
  } catch (error) {
    process.stderr.write(`modhost: could not open error log: ${(error as Error).message}\n`);
    return 1;
  }
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), ...argv], {
    detached: true,
    stdio: ['ignore', 'ignore', fd, 'ipc'],
    env: { ...process.env, [backgroundVariable]: '1' },
  });
  return new Promise((resolve) => {
    const finish = (exitCode: number) => {
      if (child.connected) child.disconnect();
      child.unref();
      resolve(exitCode);
    };
    child.once('error', (error) => {
      process.stderr.write(`modhost: ${error.message}\n`);
      finish(1);
    });
    child.once('exit', () => finish(1));
    child.once('message', (message: { readonly failure?: string }) => {
      if (message.failure !== undefined) process.stderr.write(`modhost: ${message.failure}\n`);
      finish(message.failure === undefined ? 0 : 1);
    });
  });
}

/** A file descriptor. The folder of the default log is made; that of an ErrorLog must be there, as for httpd. */
function openErrorLog(config: ServerConfig): number {
  const { errorLog } = config.mainServer.settings;
  if (errorLog.kind === 'stdout') return 1;
  if (errorLog.kind === 'stderr') return 2;
  if (errorLog.path === `${config.serverRoot}/logs/error_log`)
    mkdirSync(dirname(errorLog.path), { recursive: true });
  return openSync(errorLog.path, 'a', 0o640);
}

/** Everything from here on is one server, until a signal ends it. */
async function supervise(site: SiteOptions, config: ServerConfig, foreground: boolean): Promise<number> {
  const log = createSupervisorLog(site.startupLogLevel);
  const oddIdentity = describeOddIdentity(config);
  if (oddIdentity !== undefined) log.log('warn', oddIdentity);
  const supervisor = new Supervisor({
    frontEndModule: fileURLToPath(new URL('./front-end.js', import.meta.url)),
    loadConfig: () => readSite(site, foreground),
    readTls,
    neededPools,
    runtimeOf: (scriptFile) => runtimeOf(scriptFile),
    log: log.log,
    logTo: log.setTarget,
  });
  process.on('SIGTERM', () => supervisor.stop('now', 'caught SIGTERM'));
  process.on('SIGINT', () => supervisor.stop('now', 'caught SIGINT'));
  process.on('SIGHUP', () => supervisor.restart());
  process.on('SIGUSR1', () => supervisor.graceful());
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
  if (process.env[backgroundVariable] !== undefined) {
    process.send?.({});
    process.disconnect?.();
  } else {
    process.stdout.write(`${formatMounts(config, mountPorts(config))}\nmodhost serves; Ctrl-C ends it.\n`);
  }
  log.endStartup();
  await supervisor.ended;
  return 0;
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

/** Process groups and runtimes that the site file shows to be needed; what it does not show is started on demand. */
function neededPools(config: ServerConfig): readonly NeededPool[] {
  const mounted = listMountedScripts(config, createRouter(config));
  const authScripts = listAuthScripts(config).map((script) => placeAuthScript(script, mounted));
  return [...mounted, ...authScripts]
    .filter(({ processGroup }) => processGroup !== '')
    .map(({ processGroup, runtime, scriptFile, applicationGroup }) => ({
      group: processGroup,
      runtime,
      script: Buffer.from(scriptFile, 'latin1').toString('utf8'),
      applicationGroup,
    }));
}

/** The supervisor's own lines: few, so each is written at once. `startupLevel` (-e) holds until the server has started. */
function createSupervisorLog(startupLevel: LogLevel | undefined) {
  let fd = 2;
  let level: LogLevel = 'warn';
  let override = startupLevel;
  return {
    endStartup: () => {
      override = undefined;
    },
    setTarget: (target: number, config: ServerConfig) => {
      const { logLevel } = config.mainServer.settings;
      fd = target;
      level = logLevel.modules.get('core') ?? logLevel.default;
    },
    log: (lineLevel: LogLevel, message: string, pid = process.pid) => {
      // As in httpd, notices about the server's own life are always written.
      if (lineLevel !== 'notice' && !isLevelEnabled(lineLevel, override ?? level)) return;
      const line = formatErrorLine({ time: new Date(), module: 'core', level: lineLevel, pid, message });
      try {
        writeSync(fd, line, null, 'latin1');
      } catch {
        // A full disk or a closed terminal must not end the server.
      }
    },
  };
}
