import { basename, dirname, resolve } from 'node:path';
import { buildServers } from './build-config.js';
import { checkDraft } from './cross-checks.js';
import { deepFreeze } from './deep-freeze.js';
import { defaultProcessGroup } from './directives/daemon-options.js';
import { definitionTable, knownModules, knownNames } from './directives/index.js';
import { type ConfigDraft, createConfigDraft } from './draft.js';
import type { FileReference } from './file-references.js';
import { formatResolved } from './format-resolved.js';
import type { MistakeKind } from './mistake-codes.js';
import { afterName, beforeName, type MistakeDetails, MistakeList, sortMistakes } from './mistakes.js';
import type { Mistake, Position, ServerConfig } from './model.js';
import type { ReadPhase } from './read-phase.js';
import { readFileTree, readTextTree } from './read-tree.js';
import { checkBalancers } from './settle-balancers.js';
import { settleProxyParameters } from './settle-proxies.js';
import { settleProxyProtocol } from './settle-proxy-protocol.js';
import type { Node } from './tree.js';
import { settleUwsgiApplications } from './uwsgi-ini/settle-applications.js';
import { Variables } from './variables.js';
import { walkNodes } from './walk.js';

/** What the command line says about the configuration. */
export interface LoadOptions {
  /** The site file (-f); relative to `serverRoot`. */
  readonly file: string;
  /** -d; absent: the folder above a `conf` folder that holds the file, else the file's own. */
  readonly serverRoot?: string;
  /** -D NAME. */
  readonly defines?: readonly string[];
  /** -C "directive", read before the file. */
  readonly before?: readonly string[];
  /** -c "directive", read after the file. */
  readonly after?: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Decides where the error log goes when nothing is said; absent: a server in the background. */
  readonly foreground?: boolean;
}

/** `config` is absent exactly if one of the mistakes is an error. Mistakes come in reading order. */
export interface LoadResult {
  readonly config?: ServerConfig;
  readonly mistakes: readonly Mistake[];
  /** Files that are opened later, in the order of the directives. */
  readonly fileReferences: readonly FileReference[];
  /** Adds what was found after reading; answers all mistakes. */
  readonly addFindings: (findings: readonly Finding[]) => readonly Mistake[];
}

/** Something that shows when the complete configuration is looked at. */
export interface Finding {
  readonly kind: MistakeKind;
  /** Absent: a warning. */
  readonly severity?: Mistake['severity'];
  /** One that the configuration holds: it leads back to the line. */
  readonly position: Position;
  readonly directive: string;
  readonly message: string;
  readonly at?: MistakeDetails['at'];
}

/** Reads a site file and everything it includes. Never throws for what a file can hold. */
export function loadConfig(options: LoadOptions): LoadResult {
  const mistakes = new MistakeList();
  const file = resolve(options.serverRoot ?? '.', options.file);
  const phase = startReadPhase(options, file, mistakes);
  const draft = readDraft(options, file, phase);
  if (draft !== undefined) {
    settleProxyParameters(draft);
    checkBalancers(draft);
    settleProxyProtocol(draft);
    settleUwsgiApplications(draft);
    checkDraft(draft);
  }
  const sorted = sortMistakes(mistakes.all, phase.filesRead);
  const result = {
    mistakes: sorted,
    fileReferences: draft?.fileReferences ?? [],
    addFindings: (findings: readonly Finding[]) => {
      for (const { kind, severity = 'warning', position, directive, message, at } of findings)
        mistakes[severity]({ position }, directive, message, { kind, ...(at === undefined ? {} : { at }) });
      return sortMistakes(mistakes.all, phase.filesRead);
    },
  };
  if (draft === undefined || sorted.some(({ severity }) => severity === 'error')) return result;
  return { ...result, config: buildConfig(draft, phase, options.foreground ?? false, sorted) };
}

/** The text of `modhost config --resolved`, absent if reading had to stop, and the mistakes of reading alone. */
export function resolveSite(options: LoadOptions): {
  readonly text?: string;
  readonly mistakes: readonly Mistake[];
} {
  const mistakes = new MistakeList();
  const file = resolve(options.serverRoot ?? '.', options.file);
  const phase = startReadPhase(options, file, mistakes);
  const tree = readTree(options, file, phase);
  const sorted = sortMistakes(mistakes.all, phase.filesRead);
  if (tree === undefined || !phase.filesRead.includes(file)) return { mistakes: sorted };
  return { text: formatResolved(tree, phase.serverRoot), mistakes: sorted };
}

function startReadPhase(options: LoadOptions, file: string, mistakes: MistakeList): ReadPhase {
  const variables = new Variables(options.environment);
  for (const name of options.defines ?? []) variables.define(name);
  const serverRoot = options.serverRoot === undefined ? guessServerRoot(file) : resolve(options.serverRoot);
  return { serverRoot, variables, macros: new Map(), known: knownNames, mistakes, filesRead: [] };
}

function guessServerRoot(file: string): string {
  const folder = dirname(file);
  return basename(folder) === 'conf' ? dirname(folder) : folder;
}

/** Reads everything first: `ServerRoot` and the macros of a later line must be known before the first directive is carried out. */
function readDraft(options: LoadOptions, file: string, phase: ReadPhase): ConfigDraft | undefined {
  const tree = readTree(options, file, phase);
  if (tree === undefined || !phase.filesRead.includes(file)) return undefined;
  const draft = createConfigDraft({
    serverRoot: phase.serverRoot,
    configFile: file,
    environment: options.environment,
    mistakes: phase.mistakes,
    knowsModule: (name) => knownModules.has(name),
  });
  const server = draft.mainServer;
  walkNodes(tree, { draft, server, section: server.body, enclosing: [] }, definitionTable);
  return draft;
}

function readTree(options: LoadOptions, file: string, phase: ReadPhase): Node[] | undefined {
  const before = readTextTree(phase, beforeName, options.before ?? []);
  const tree = readFileTree(phase, file);
  const after = readTextTree(phase, afterName, options.after ?? []);
  if (before === undefined || tree === undefined || after === undefined) return undefined;
  return [...before, ...tree, ...after];
}

function buildConfig(
  draft: ConfigDraft,
  phase: ReadPhase,
  foreground: boolean,
  warnings: readonly Mistake[],
): ServerConfig {
  const servers = buildServers(draft, foreground);
  return deepFreeze({
    serverRoot: draft.serverRoot,
    configFile: draft.configFile,
    filesRead: phase.filesRead,
    defines: phase.variables.list(),
    listeners: draft.listeners,
    ...servers,
    processGroups: draft.processGroups,
    embeddedGroup: {
      ...defaultProcessGroup,
      name: '',
      position: servers.mainServer.position,
      virtualHostId: 0,
      pythonPath: servers.global.pythonPath,
    },
    importScripts: [...draft.importScripts.values()],
    htaccess: {
      macros: [...phase.macros.values()],
      authnAliases: draft.authnAliases,
      authzAliases: draft.authzAliases,
      handlerNames: draft.handlerNames,
    },
    warnings: [...warnings],
  });
}
