import { join } from 'node:path';
import { predefinedLogFormats } from '../log/index.js';
import { inheritsRules, mergeRewriting } from '../rewriting/index.js';
import { buildTls } from './build-tls.js';
import type { BalancerDraft, ChildSection, ConfigDraft, SectionDraft, ServerDraft } from './draft.js';
import type {
  Balancer,
  CustomLog,
  DirectorySettings,
  GlobalSettings,
  LogDestination,
  LogLevels,
  ProxyingSettings,
  Requirement,
  Section,
  ServerSettings,
  VirtualHost,
} from './model.js';
import { keepOrigins } from './origins.js';
import { buildRewriting } from './rewrite-draft.js';
import { listKnownBalancers, settleBalancers } from './settle-balancers.js';
import { listProxyParameters } from './settle-proxies.js';

/** The parts of a ServerConfig that are made from what the directives said: defaults filled in, servers inheriting. */
export function buildServers(draft: ConfigDraft, foreground: boolean) {
  const { mainServer } = draft;
  const mainSettings = buildMainSettings(draft, foreground);
  const balancers = settleBalancers(draft);
  const { tls: _, ...inherited } = mainSettings;
  return {
    global: buildGlobal(draft),
    mainServer: buildServer(mainServer, mainSettings, undefined, balancers),
    virtualHosts: draft.virtualHosts.map((server) =>
      buildServer(
        server,
        {
          ...inherited,
          ...server.settings,
          ...tlsOf(draft, server),
          readTimeouts: { ...mainSettings.readTimeouts, ...server.settings.readTimeouts },
          proxying: { ...mainSettings.proxying, ...server.proxying },
          remoteIpProxies: [...mainSettings.remoteIpProxies, ...(server.settings.remoteIpProxies ?? [])],
          proxyProtocolExceptions: [
            ...mainSettings.proxyProtocolExceptions,
            ...(server.settings.proxyProtocolExceptions ?? []),
          ],
          logLevel: buildServerLevels(server, mainServer),
          customLogs: buildCustomLogs(server, mainServer),
        },
        mainServer,
        balancers,
      ),
    ),
  };
}

function buildGlobal(draft: ConfigDraft): GlobalSettings {
  const { serverRoot, global } = draft;
  const runtimeDirectory = global.runtimeDirectory ?? join(serverRoot, 'run');
  return {
    pidFile: join(runtimeDirectory, 'modhost.pid'),
    listenBacklog: 511,
    pythonPath: [],
    restrictEmbedded: false,
    serverTokens: 'full',
    gracefulShutdownTimeoutMs: 0,
    ...global,
    runtimeDirectory,
    proxyParameters: listProxyParameters(draft),
    upgradeProtocols: draft.upgradeProtocols,
  };
}

const defaultSettings = {
  timeoutMs: 60_000,
  readTimeouts: {
    header: { initialMs: 20_000, maximumMs: 40_000, bytesPerSecond: 500 },
    body: { initialMs: 20_000, bytesPerSecond: 500 },
  },
  keepAlive: true,
  keepAliveTimeoutMs: 5_000,
  maxKeepAliveRequests: 100,
  limitRequestLine: 8190,
  limitRequestFieldSize: 8190,
  limitRequestFields: 100,
  mergeSlashes: true,
  allowEncodedSlashes: 'off',
  traceEnable: 'on',
  strictHostCheck: false,
  accessFileNames: ['.htaccess'],
  internalRecursion: { redirects: 10, subrequests: 10 },
  remoteIpProxies: [],
  proxyProtocol: false,
  proxyProtocolExceptions: [],
} as const satisfies Partial<ServerSettings>;

const defaultProxying: ProxyingSettings = { via: 'off', inheritsPasses: true, inheritsBalancers: true };

function buildMainSettings(draft: ConfigDraft, foreground: boolean): ServerSettings {
  const { mainServer, serverRoot } = draft;
  const errorLog: LogDestination = foreground
    ? { kind: 'stderr' }
    : { kind: 'file', path: join(serverRoot, 'logs/error_log') };
  return {
    ...defaultSettings,
    errorLog,
    ...mainServer.settings,
    readTimeouts: { ...defaultSettings.readTimeouts, ...mainServer.settings.readTimeouts },
    ...tlsOf(draft, mainServer),
    proxying: { ...defaultProxying, ...mainServer.proxying },
    logLevel: buildServerLevels(mainServer, undefined),
    customLogs: buildCustomLogs(mainServer, undefined),
  };
}

/** A server that names no level for all keeps those of the main server and adds to them. */
function buildServerLevels({ body }: ServerDraft, main: ServerDraft | undefined): LogLevels {
  const own = body.logLevel;
  if (own.default !== undefined) return { default: own.default, modules: own.modules };
  const inherited: LogLevels =
    main === undefined ? { default: 'warn', modules: new Map() } : buildServerLevels(main, undefined);
  return { default: inherited.default, modules: new Map([...inherited.modules, ...own.modules]) };
}

function buildCustomLogs(server: ServerDraft, main: ServerDraft | undefined): CustomLog[] {
  const formats = new Map([...predefinedLogFormats, ...(main?.logFormats ?? []), ...server.logFormats]);
  const transferFormat = server.transferFormat ?? main?.transferFormat ?? 'common';
  return server.customLogs.map(({ format, ...log }) => {
    const text = format ?? transferFormat;
    // A word that nobody gave a meaning is a format like any other.
    return { ...log, format: formats.get(text) ?? text };
  });
}

function tlsOf(draft: ConfigDraft, server: ServerDraft): Pick<ServerSettings, 'tls'> {
  const tls = buildTls(draft, server);
  return tls === undefined ? {} : { tls };
}

function buildServer(
  draft: ServerDraft,
  settings: ServerSettings,
  main: ServerDraft | undefined,
  balancers: ReadonlyMap<BalancerDraft, Balancer>,
): VirtualHost {
  return {
    id: draft.id,
    position: draft.position,
    addresses: draft.addresses,
    ...(draft.serverName === undefined ? {} : { serverName: draft.serverName }),
    serverAliases: draft.serverAliases,
    settings,
    directorySettings: buildSettings(draft.body, settings.logLevel, undefined),
    redirects: draft.redirects,
    aliases: draft.aliases,
    scriptAliases: draft.scriptAliases,
    proxyPasses: draft.proxyPasses,
    balancers: listKnownBalancers(balancers, draft, main, settings.proxying),
    environmentRules: [...(main?.body.environmentRules ?? []), ...draft.body.environmentRules],
    earlyHeaders: {
      request: [...(main?.earlyHeaders.request ?? []), ...draft.earlyHeaders.request],
      response: [...(main?.earlyHeaders.response ?? []), ...draft.earlyHeaders.response],
    },
    ...buildServerRewriting(draft, main),
    sections: draft.body.sections.map((section) => buildSection(section, settings.logLevel)),
  };
}

/** A virtual host has the engine of the main server, but its rules and maps only if RewriteOptions inherits them (as httpd). */
function buildServerRewriting(
  draft: ServerDraft,
  main: ServerDraft | undefined,
): Pick<VirtualHost, 'rewriting' | 'rewriteMaps'> {
  const none = { directory: '', rules: [] };
  const own = draft.body.rewriting === undefined ? none : buildRewriting(draft.body.rewriting, undefined);
  if (main === undefined) return { rewriting: own, rewriteMaps: draft.rewriteMaps };
  const base = main.body.rewriting === undefined ? none : buildRewriting(main.body.rewriting, undefined);
  const isInherited = inheritsRules(base, own);
  return {
    rewriting: mergeRewriting(base, own),
    rewriteMaps: isInherited ? new Map([...main.rewriteMaps, ...draft.rewriteMaps]) : draft.rewriteMaps,
  };
}

/** What one section says, with those inside it. `levels`: what LogLevel adds to. */
export function buildSection({ head, draft }: ChildSection, levels: LogLevels): Section {
  return {
    ...head,
    settings: buildSettings(draft, levels, head),
    sections: draft.sections.map((section) => buildSection(section, levels)),
  };
}

/** `head`: of the section; undefined for a server. */
function buildSettings(
  draft: SectionDraft,
  levels: LogLevels,
  head: ChildSection['head'] | undefined,
): DirectorySettings {
  const isSection = head !== undefined;
  const { environment, environmentRules, headers, hostAccess, logLevel, requirements, rewriting } = draft;
  const hasEnvironment = environment.set.size + environment.pass.size + environment.unset.size > 0;
  const hasLevels = isSection && (logLevel.default !== undefined || logLevel.modules.size > 0);
  const settings: DirectorySettings = {
    ...draft.settings,
    ...(requirements.length === 0 ? {} : { require: combine(requirements) }),
    ...(hostAccess === undefined ? {} : { hostAccess }),
    ...(hasEnvironment ? { environment } : {}),
    // Those of a server are applied before there are sections.
    ...(isSection && environmentRules.length > 0 ? { environmentRules } : {}),
    ...(headers.request.length === 0 ? {} : { requestHeaders: headers.request }),
    ...(headers.response.length === 0 ? {} : { responseHeaders: headers.response }),
    ...(isSection && rewriting !== undefined ? { rewriting: buildRewriting(rewriting, head) } : {}),
    ...(hasLevels ? { logLevel: buildSectionLevels(draft, levels) } : {}),
  };
  return keepOrigins(settings, draft);
}

function combine(requirements: readonly Requirement[]): Requirement {
  const position = requirements[0]?.position ?? { file: '', line: 0 };
  return { kind: 'any', requirements, position };
}

function buildSectionLevels({ logLevel }: SectionDraft, levels: LogLevels): LogLevels {
  if (logLevel.default !== undefined) return { default: logLevel.default, modules: logLevel.modules };
  return { default: levels.default, modules: new Map([...levels.modules, ...logLevel.modules]) };
}
