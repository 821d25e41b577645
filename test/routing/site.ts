import type {
  Alias,
  DirectorySettings,
  Position,
  ProcessGroup,
  Requirement,
  ScriptAlias,
  Section,
  SectionKind,
  SectionMatch,
  ServerConfig,
  VirtualHost,
  VirtualHostAddress,
} from '../../src/config/model.js';
import { makeProcessGroup } from '../cli/sample-config.js';

/** Small pieces of configuration for the tests of this room. */

export const position: Position = { file: 'site.conf', line: 1 };

export function alias(path: string | RegExp, target: string): Alias {
  const match =
    typeof path === 'string' ? { kind: 'prefix' as const, path } : { kind: 'regex' as const, pattern: path };
  return { match, target, position };
}

export function scriptAlias(
  path: string | RegExp,
  target: string,
  options: Partial<ScriptAlias> = {},
): ScriptAlias {
  return { ...alias(path, target), ...options };
}

/** A literal, a wildcard if it holds one, a regular expression. */
export function section(
  kind: SectionKind,
  match: string | RegExp,
  settings: DirectorySettings = {},
  sections: readonly Section[] = [],
): Section {
  return { kind, position, argument: String(match), match: sectionMatch(match), settings, sections };
}

function sectionMatch(match: string | RegExp): SectionMatch {
  if (typeof match !== 'string') return { kind: 'regex', pattern: match };
  return { kind: /[*?[]/.test(match) ? 'wildcard' : 'literal', text: match };
}

/** Settings that leave a trace: sections that match give a list of their names in the order in which they merge. */
export function trace(name: string): DirectorySettings {
  return { require: user(name), authMerging: 'or' };
}

export function user(...names: string[]): Requirement {
  return { kind: 'user', names, position };
}

/** The names that `trace` left, in order. */
export function readTrace({ require }: DirectorySettings): string[] {
  if (require === undefined) return [];
  if (require.kind === 'user') return [...require.names];
  if (require.kind !== 'any') throw new Error(`a trace does not hold ${require.kind}`);
  return require.requirements.flatMap((requirement) => readTrace({ require: requirement }));
}

export function host(id: number, members: Partial<VirtualHost> = {}): VirtualHost {
  return {
    id,
    position,
    addresses: id === 0 ? [] : [{ host: '*', port: 80 }],
    serverAliases: [],
    directorySettings: {},
    redirects: [],
    aliases: [],
    scriptAliases: [],
    proxyPasses: [],
    balancers: new Map(),
    environmentRules: [],
    earlyHeaders: { request: [], response: [] },
    sections: [],
    ...members,
    settings: {
      errorLog: { kind: 'stderr' },
      logLevel: { default: 'warn', modules: new Map() },
      customLogs: [],
      timeoutMs: 60_000,
      readTimeouts: {},
      proxyProtocol: false,
      proxyProtocolExceptions: [],
      keepAlive: true,
      keepAliveTimeoutMs: 5_000,
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
      ...members.settings,
    },
  };
}

/** Virtual host `name` on the addresses, which are written `host:port`. */
export function namedHost(
  id: number,
  name: string,
  addresses: readonly string[] = ['*:80'],
  serverAliases: readonly string[] = [],
): VirtualHost {
  return host(id, { serverName: { host: name }, addresses: addresses.map(parseAddress), serverAliases });
}

function parseAddress(text: string): VirtualHostAddress {
  const colon = text.lastIndexOf(':');
  const port = text.slice(colon + 1);
  return { host: text.slice(0, colon), port: port === '*' ? '*' : Number(port) };
}

export function site(
  mainServer: VirtualHost,
  virtualHosts: readonly VirtualHost[] = [],
  members: { processGroups?: readonly ProcessGroup[]; restrictEmbedded?: boolean } = {},
): ServerConfig {
  return {
    serverRoot: '/srv',
    configFile: '/srv/conf/site.conf',
    filesRead: [],
    defines: new Map(),
    listeners: [],
    global: {
      pidFile: '/srv/run/pid',
      runtimeDirectory: '/srv/run',
      listenBacklog: 511,
      pythonPath: [],
      restrictEmbedded: members.restrictEmbedded ?? false,
      serverTokens: 'full',
      gracefulShutdownTimeoutMs: 0,
      proxyParameters: new Map(),
      upgradeProtocols: new Set<string>(),
    },
    mainServer,
    virtualHosts,
    processGroups: members.processGroups ?? [],
    embeddedGroup: makeProcessGroup(''),
    htaccess: { macros: [], authnAliases: new Map(), authzAliases: new Map(), handlerNames: new Set() },
    importScripts: [],
    warnings: [],
  };
}
