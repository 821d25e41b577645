#!/usr/bin/env node

/** The `modhost` command. */

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type ControlAction,
  checkAddresses,
  checkFiles,
  checkFolders,
  checkHtaccess,
  checkNearMisses,
  checkProtection,
  type ExplainCommand,
  findRunningServer,
  findSiteFile,
  formatDirectives,
  formatModules,
  formatMounts,
  formatSettings,
  formatVersion,
  formatVirtualHosts,
  packageFolder,
  parseCommandLine,
  type Question,
  runHtdigest,
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
  findOrigin,
  type LoadOptions,
  type LoadResult,
  loadConfig,
  resolveSite,
  type ServerConfig,
  servedModules,
} from './config/index.js';
import {
  askControl,
  type ControlOutcome,
  type ControlRequest,
  controlSocketOf,
  formatPlan,
  formatStatus,
  type NoOutcome,
} from './control/index.js';
import { toByteString } from './http/index.js';
import { createHtaccessLookup, createRouter, resolveVirtualHostNames, runtimeOf } from './routing/index.js';
import { checkGroups, supervise } from './supervise.js';
import { checkCertificates, readTlsMaterial } from './tls/index.js';

/** Set for the process that `start` leaves behind; it reports over IPC and has the error log as standard error. */
const backgroundVariable = 'MODHOST_BACKGROUND';

// `modhost -L | head`: whoever read has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await run(process.argv.slice(2));

// Rooms that only one command needs are loaded by that command: the supervisor does without them.
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
      return runHtpasswd(command.arguments, process, await import('./htpasswd-auth/index.js'));
    case 'htdigest':
      return runHtdigest(command.arguments, process, (await import('./auth/index.js')).digest);
    case 'check':
      return check(command.site, command.json);
    case 'show-resolved':
      return showResolved(command.site);
    case 'show-virtual-hosts':
      return showVirtualHosts(command.site);
    case 'ask':
      return ask(command.question, command.site, command.json);
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
    ...checkGroups(config),
    ...checkNearMisses(config),
    ...checkProtection(config, mountPorts(config)),
    ...checkHtaccess(config, createHtaccessLookup(config)),
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
  const { explainRequest, findAskedRequest, formatExplanation } = await import('./explain/index.js');
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
    findOrigin,
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
  if (action === 'graceful' && existsSync(controlSocketOf(config.global.pidFile))) {
    const graceful = await askServer(config, { command: 'graceful' });
    if (graceful !== undefined && !('isUnheard' in graceful)) return graceful.isDone ? 0 : 1;
    // A server without a control socket is told by a signal.
    if (graceful?.isUnheard === false) return explainSilence(graceful);
  }
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

/** What only a running server knows or does. */
async function ask(question: Question, site: SiteOptions, json: boolean): Promise<number> {
  const config = readSite(site, false);
  if (config === undefined) return 1;
  const outcome = await askServer(config, question);
  if (outcome === undefined) {
    process.stderr.write('modhost: no server of this site file runs\n');
    return 1;
  }
  if ('isUnheard' in outcome) return explainSilence(outcome);
  const { isDone, status, plan } = outcome;
  if (json) process.stdout.write(`${JSON.stringify(status ?? plan ?? { isDone }, null, 2)}\n`);
  else if (status !== undefined) process.stdout.write(formatStatus(status, Date.now()));
  else if (plan !== undefined) process.stdout.write(formatPlan(plan));
  return isDone ? 0 : 1;
}

/** Undefined where no server runs. What it says meanwhile goes to standard error. */
async function askServer(
  config: ServerConfig,
  request: ControlRequest,
): Promise<ControlOutcome | NoOutcome | undefined> {
  const { pidFile } = config.global;
  if (findRunningServer(pidFile).kind !== 'running') return undefined;
  return await askControl(controlSocketOf(pidFile), request, (text) => process.stderr.write(`${text}\n`));
}

function explainSilence({ problem }: NoOutcome): number {
  process.stderr.write(`modhost: cannot ask the server: ${problem}\n`);
  return 1;
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
  return supervise(config, {
    foreground,
    isInBackground: isLeftBehind,
    ...(site.startupLogLevel === undefined ? {} : { startupLogLevel: site.startupLogLevel }),
    loadConfig: () => readSite(site, foreground),
    describeMounts: (served) => formatMounts(served, mountPorts(served)),
  });
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
    child.once('message', ({ failure, troubles = [] }: StartReport) => {
      const log = `see ${describeErrorLog(config)}`;
      const lines =
        failure === undefined ? [...troubles, ...(troubles.length === 0 ? [] : [log])] : [failure];
      for (const line of lines) process.stderr.write(`modhost: ${line}\n`);
      // Who can be served is served, as by Apache: groups that cannot serve are told of and tried again.
      finish(failure === undefined ? 0 : 1);
    });
  });
}

/** What the process that is left behind says once. */
interface StartReport {
  /** Why there is no server. */
  readonly failure?: string;
  /** There is one; which process groups do not serve, and why. */
  readonly troubles?: readonly string[];
}

function describeErrorLog({ mainServer }: ServerConfig): string {
  const { errorLog } = mainServer.settings;
  return errorLog.kind === 'file' ? errorLog.path : 'the error log';
}

/** A file descriptor. The folder of the default log is made; that of an ErrorLog must be there, as for httpd. */
function openErrorLog(config: ServerConfig): number {
  const { errorLog } = config.mainServer.settings;
  if (errorLog.kind === 'stdout') return 1;
  if (errorLog.kind === 'stderr') return 2;
  const usual = join(config.serverRoot, 'logs/error_log');
  // What Node itself says at a crash cannot wait for a program to be started.
  const path = errorLog.kind === 'program' ? usual : errorLog.path;
  if (path === usual) mkdirSync(dirname(path), { recursive: true });
  return openSync(path, 'a', 0o640);
}
