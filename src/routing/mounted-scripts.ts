import type { AuthScript, Section, ServerConfig, VirtualHost } from '../config/model.js';
import { toByteString } from '../http/index.js';
import { buildProcessGroupTable, type ProcessGroupTable, selectApplication } from './groups.js';
import type { Router } from './index.js';
import { type Runtime, runtimeOf } from './runtime.js';

/** A script that the site file names, and where it runs: known before any request comes. */
export interface MountedScript {
  /** Byte string. */
  readonly scriptFile: string;
  /** '' is %{GLOBAL}. */
  readonly processGroup: string;
  readonly applicationGroup: string;
  readonly runtime: Runtime;
}

/** Of every WSGIScriptAlias whose target and groups do not depend on the request, in the order of the file. */
export function listMountedScripts(config: ServerConfig, router: Router): readonly MountedScript[] {
  const table = buildProcessGroupTable(config);
  const hosts = [config.mainServer, ...config.virtualHosts];
  return hosts.flatMap((host) => listOfHost(host, router, table));
}

function listOfHost(host: VirtualHost, router: Router, table: ProcessGroupTable): MountedScript[] {
  return host.scriptAliases.flatMap((alias) => {
    if (alias.match.kind !== 'prefix') return [];
    const path = toByteString(alias.match.path);
    const { settings } = router.route(host, path);
    const scriptFile = toByteString(alias.target);
    const scriptName = path.replace(/\/$/, '');
    const route = {
      virtualHost: host,
      settings,
      mapping: { kind: 'script' as const, scriptFile, scriptName, pathInfo: '', alias },
    };
    if ([alias.processGroup, settings.processGroup].some((group) => group?.includes('%{ENV:'))) return [];
    const selection = selectApplication(route, factsOf(host, scriptName), table);
    if (selection.kind === 'refusal') return [];
    const { processGroup, applicationGroup } = selection;
    return [{ scriptFile, processGroup, applicationGroup, runtime: runtimeOf(scriptFile) }];
  });
}

function factsOf(host: VirtualHost, scriptName: string) {
  const { serverName } = host;
  return {
    serverName: serverName?.host ?? '',
    serverPort: serverName?.port ?? (serverName?.scheme === 'https' ? 443 : 80),
    hostName: serverName?.host ?? '',
    scriptName,
    requestEnvironment: () => undefined,
  };
}

/** Where an auth script runs: as its directive says, else with the application that is the same file, else %{GLOBAL}. */
export function placeAuthScript(script: AuthScript, mounted: readonly MountedScript[]): MountedScript {
  const scriptFile = toByteString(script.file);
  const host = mounted.find(
    (candidate) =>
      candidate.scriptFile === scriptFile &&
      (script.processGroup === undefined || candidate.processGroup === script.processGroup),
  );
  return {
    scriptFile,
    processGroup: script.processGroup ?? host?.processGroup ?? '',
    applicationGroup: script.applicationGroup ?? host?.applicationGroup ?? '',
    runtime: runtimeOf(scriptFile),
  };
}

/** Every script of the configuration that is asked for something before a request is served. */
export function listAuthScripts(config: ServerConfig): readonly AuthScript[] {
  return [config.mainServer, ...config.virtualHosts].flatMap(({ directorySettings, sections }) => [
    ...authScriptsOf(directorySettings),
    ...sections.flatMap(authScriptsBelow),
  ]);
}

/** Of every WSGIHandlerScript whose process group is written down beside it or on it: so many are started with the server. */
export function listHandlerScripts(config: ServerConfig): readonly MountedScript[] {
  return [config.mainServer, ...config.virtualHosts].flatMap(({ directorySettings, sections }) => [
    ...handlerScriptsOf(directorySettings),
    ...sections.flatMap(handlerScriptsBelow),
  ]);
}

function handlerScriptsBelow({ settings, sections }: Section): readonly MountedScript[] {
  return [...handlerScriptsOf(settings), ...sections.flatMap(handlerScriptsBelow)];
}

function handlerScriptsOf(settings: Section['settings']): readonly MountedScript[] {
  return [...(settings.handlerScripts?.values() ?? [])].flatMap((script) => {
    const { processGroup = settings.processGroup ?? '', applicationGroup = '' } = script;
    if (processGroup.startsWith('%{')) return [];
    const scriptFile = toByteString(script.file);
    return [{ scriptFile, processGroup, applicationGroup, runtime: runtimeOf(scriptFile) }];
  });
}

function authScriptsBelow({ settings, sections }: Section): readonly AuthScript[] {
  return [...authScriptsOf(settings), ...sections.flatMap(authScriptsBelow)];
}

function authScriptsOf(settings: Section['settings']): readonly AuthScript[] {
  const { authUserScript, authGroupScript, accessScript, dispatchScript } = settings;
  return [authUserScript, authGroupScript, accessScript, dispatchScript].filter(
    (script) => script !== undefined,
  );
}
