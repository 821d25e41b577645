import { defaultProcessGroup } from '../../src/config/directives/daemon-options.js';
import type {
  DirectorySettings,
  ProcessGroup,
  Requirement,
  ScriptAlias,
  Section,
  ServerConfig,
  ServerSettings,
  VirtualHost,
} from '../../src/config/model.js';

/** Hand-made configurations: only what a test is about is written there. */

export const at = (line: number) => ({ file: '/site/conf/site.conf', line });

export const validUser: Requirement = { kind: 'valid-user', position: at(1) };
export const granted: Requirement = { kind: 'granted', position: at(1) };
export const denied: Requirement = { kind: 'denied', position: at(1) };

export function makeServer(
  changes: Partial<VirtualHost> = {},
  settings: Partial<ServerSettings> = {},
): VirtualHost {
  return {
    id: 0,
    position: at(1),
    addresses: [],
    serverAliases: [],
    settings: {
      errorLog: { kind: 'file', path: '/site/logs/error_log' },
      logLevel: { default: 'warn', modules: new Map() },
      customLogs: [],
      timeoutMs: 60_000,
      readTimeouts: {},
      proxyProtocol: false,
      proxyProtocolExceptions: [],
      keepAlive: true,
      keepAliveTimeoutMs: 5000,
      maxKeepAliveRequests: 100,
      limitRequestLine: 8190,
      limitRequestFieldSize: 8190,
      limitRequestFields: 100,
      mergeSlashes: true,
      allowEncodedSlashes: 'off',
      traceEnable: 'on',
      accessFileNames: ['.htaccess'],
      strictHostCheck: false,
      internalRecursion: { redirects: 10, subrequests: 10 },
      proxying: { via: 'off', inheritsPasses: true, inheritsBalancers: true },
      remoteIpProxies: [],
      ...settings,
    },
    directorySettings: {},
    redirects: [],
    aliases: [],
    scriptAliases: [],
    proxyPasses: [],
    balancers: new Map(),
    environmentRules: [],
    earlyHeaders: { request: [], response: [] },
    sections: [],
    ...changes,
  };
}

export function makeConfig(changes: Partial<ServerConfig> = {}): ServerConfig {
  return {
    serverRoot: '/site',
    configFile: '/site/conf/site.conf',
    filesRead: ['/site/conf/site.conf'],
    defines: new Map(),
    listeners: [{ host: '127.0.0.1', port: 8080, position: at(1) }],
    global: {
      pidFile: '/site/logs/httpd.pid',
      runtimeDirectory: '/site/run',
      listenBacklog: 511,
      pythonPath: [],
      restrictEmbedded: false,
      serverTokens: 'full',
      gracefulShutdownTimeoutMs: 0,
      proxyParameters: new Map(),
      upgradeProtocols: new Set<string>(),
    },
    mainServer: makeServer(),
    virtualHosts: [],
    processGroups: [],
    embeddedGroup: makeProcessGroup(''),
    htaccess: { macros: [], authnAliases: new Map(), authzAliases: new Map(), handlerNames: new Set() },
    importScripts: [],
    warnings: [],
    ...changes,
  };
}

export function makeScriptAlias(
  path: string,
  target: string,
  changes: Partial<ScriptAlias> = {},
): ScriptAlias {
  return { match: { kind: 'prefix', path }, target, position: at(2), ...changes };
}

export function makeSection(kind: Section['kind'], text: string, settings: DirectorySettings): Section {
  return { kind, position: at(3), argument: text, match: { kind: 'literal', text }, settings, sections: [] };
}

export function makeProcessGroup(name: string, changes: Partial<ProcessGroup> = {}): ProcessGroup {
  return {
    name,
    position: at(4),
    virtualHostId: 0,
    ...defaultProcessGroup,
    ...changes,
  };
}
