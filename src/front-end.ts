/** Entry of a front-end process: started by the supervisor, which hands over configuration, sockets and open logs. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  type Authorizer,
  type AuthPorts,
  type CredentialCache,
  createAuthorizer,
  createHashLine,
  createLoginGuard,
  createPasswordVerifier,
  createProviders,
  createSchemes,
  createSiteCache,
  gatherNews,
  type LoginGuard,
  type LoginNews,
} from './auth/index.js';
import { BalancerTable, type MemberNews, startHealthChecks } from './balancing/index.js';
import type { createHtaccessParser } from './config/index.js';
import type {
  AuthScript,
  HtaccessFile,
  LogDestination,
  ParseHtaccess,
  ProcessGroup,
  ServerConfig,
} from './config/model.js';
import { serveFile } from './files/index.js';
import { createGateway } from './gateway/index.js';
import { createLogWriter, type LogWriter } from './log/index.js';
import { boundMatching } from './matching/index.js';
import type {
  AnnouncedProcess,
  FromFrontEnd,
  FrontEndStart,
  SharedLogins,
  ToFrontEnd,
} from './processes/index.js';
import {
  CallFailure,
  type CallFunction,
  callFunction,
  forward,
  type GroupLimits,
  ProcessPool,
  type ReplyMessage,
  type Runtime,
} from './proxy/index.js';
import {
  buildProcessGroupTable,
  createRouter,
  listAuthScripts,
  listMountedScripts,
  type MountedScript,
  nameInside,
  placeAuthScript,
  type Router,
  readDispatched,
  resolveVirtualHostNames,
} from './routing/index.js';
import {
  type ConnectionFacts,
  ConnectionTally,
  checkMember,
  createDropReport,
  createListener,
  createSharing,
  createSiteLogs,
  type HttpListener,
  type ListenerHandlers,
  type ListenerLimits,
  type RequestRecord,
  readConnectionLimit,
  refuseUnreadable,
  type Site,
  serveRequest,
  serverSoftware,
  type UnreadableRequest,
  watchHandshake,
} from './server/index.js';
import { createTlsAcceptor, type TlsAcceptor, type TlsPorts } from './tls/index.js';

/** For `modhost status`. */
const requests = { active: 0, finished: 0 };

function tell(message: FromFrontEnd): void {
  process.send?.(message);
}

process.title = 'modhost: front end';
boundMatching();
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(0));
// Means nothing here; without a listener Node would open its debugger to this machine.
process.on('SIGUSR1', () => {});

process.once('message', (message: ToFrontEnd) => {
  if (message.type !== 'start') throw new Error(`the supervisor said ${message.type} before start`);
  start(message.start).catch((error: Error) => tell({ type: 'failed', reason: error.message }));
});

async function start(given: FrontEndStart): Promise<void> {
  const { config } = given;
  // The front ends' account need not be able to read it.
  const cacheSecret = readCacheSecret(given);
  takeIdentity(given);
  const pools = new Pools(config, given.logins.frontEnds === 1);
  const listeners: HttpListener[] = [];
  const guard = createLoginGuard({
    ...given.logins,
    tell: gatherNews((news) => tell({ type: 'logins', news })),
  });
  const balancers = new BalancerTable(config, (news) => tell({ type: 'members', news }));
  let stopChecks = () => {};
  // Before anything is waited for: what the supervisor says meanwhile must not get lost.
  process.on('message', (message: ToFrontEnd) => {
    if (message.type === 'processes') pools.announce(message.processes);
    else if (message.type === 'logins') guard.learn(newsOf(message.news));
    // Another front end has told it.
    else if (message.type === 'members') balancers.learn(message.news as MemberNews);
    else if (message.type === 'count') {
      const members = balancers.report(Date.now());
      tell({ type: 'counts', counts: { ...requests, logins: guard.counters, members } });
    } else if (message.type === 'drain') {
      stopChecks();
      void drain(listeners, message.timeoutMs);
    }
  });
  const router = createRouter(config, await resolveVirtualHostNames(config), {
    parse: createLateParser(config),
    warn: (virtualHost, text) => site.logs.errorLog(virtualHost).log('warn', 'core', text),
  });
  const site: Site = createSite(given, pools, router, balancers, guard, cacheSecret);
  if (given.checksHealth)
    stopChecks = startHealthChecks(config, balancers, {
      ask: checkMember,
      log: (host, level, text) => site.logs.errorLog(host).log(level, 'proxy_hcheck', text),
    });
  // A bug that no step of the lifecycle caught: it costs the request that met it (its time limits end it), not all the others.
  process.on('uncaughtException', (error) =>
    site.logs
      .errorLog(config.mainServer)
      .log('crit', 'core', `internal error outside of any request: ${error.stack ?? String(error)}`),
  );
  const acceptor = createTlsAcceptor(config, given.tls, tlsPortsOf(site));
  const tally = given.tally === undefined ? undefined : new ConnectionTally(given.tally);
  const accepted = tally === undefined ? undefined : createSharing(tally);
  for (const fd of given.listenerFds) {
    const listener = createSiteListener(site, acceptor, accepted);
    listeners.push(listener);
    await listener.listen(fd, config.global.listenBacklog);
  }
  tell({ type: 'listening' });
}

/**
 * Reads .htaccess files with what reads the site file, a third of all that a front end can do. Where the site lets them say something it is
 * loaded at once, by the identity and from the installation that the front end was started with; elsewhere, where there is one after all.
 */
function createLateParser(config: ServerConfig): ParseHtaccess {
  let parse: ParseHtaccess | undefined;
  const load = (): ParseHtaccess => {
    const library = './config/htaccess.cjs';
    // Made by the build of all that reading needs: a request waits for it, so it is not `import()`.
    const loaded = createRequire(import.meta.url)(library) as {
      createHtaccessParser: typeof createHtaccessParser;
    };
    return loaded.createHtaccessParser(config, process.env);
  };
  if (letsFilesSpeak(config)) parse = load();
  return (file: HtaccessFile) => {
    parse ??= load();
    return parse(file);
  };
}

function letsFilesSpeak({ mainServer, virtualHosts }: ServerConfig): boolean {
  return [mainServer, ...virtualHosts].some(({ sections }) =>
    sections.some(
      ({ settings: { allowOverride, allowOverrideList } }) =>
        (allowOverride?.classes.size ?? 0) + (allowOverrideList?.size ?? 0) > 0,
    ),
  );
}

/** Without a file: what the front ends of this server share as long as it runs. */
function readCacheSecret({ config, logins }: FrontEndStart): Uint8Array {
  const file = config.global.authnCacheSecretFile;
  return file === undefined ? logins.secret : readFileSync(file);
}

/** Gives up root for User and Group before anything of a client is read. */
function takeIdentity({ identity }: FrontEndStart): void {
  if (identity === undefined) return;
  // Missing in the type definitions of Node 20.
  (process as { initgroups?: (user: string, gid: number) => void }).initgroups?.(identity.user, identity.gid);
  process.setgid?.(identity.gid);
  process.setuid?.(identity.uid);
}

/** All of it was told by front ends. */
function newsOf({ failures, successes }: SharedLogins): readonly LoginNews[] {
  return [...failures, ...successes] as LoginNews[];
}

function createSite(
  given: FrontEndStart,
  pools: Pools,
  router: Router,
  balancers: BalancerTable,
  guard: LoginGuard,
  cacheSecret: Uint8Array,
): Site {
  const { config } = given;
  const writers = new Map<string, LogWriter>();
  for (const { key, fd } of given.logFds) writers.set(key, createLogWriter(fd));
  const writerOf = (destination: LogDestination): LogWriter => {
    const writer = writers.get(keyOfLog(destination));
    if (writer === undefined) throw new Error('the supervisor did not hand over a log of the configuration');
    return writer;
  };
  const logs = createSiteLogs(config, writerOf);
  const mainLog = logs.errorLog(config.mainServer);
  pools.onOutput = (level, line, pid) => {
    const who = pid === undefined ? '' : `[daemon process ${pid}] `;
    mainLog.log(level === 'info' ? 'info' : 'error', 'wsgi', who + line.toString('latin1'));
  };
  const ask = createAsk(createPlaces(config, router), pools);
  return {
    config,
    router,
    processGroups: buildProcessGroupTable(config),
    authorizer: createSiteAuthorizer(
      given,
      createAuthPorts(ask),
      guard,
      createSiteCache(config.global.authnCacheStore, cacheSecret, (text) =>
        mainLog.log('warn', 'authn_socache', text),
      ),
    ),
    serveFile,
    logs,
    software: serverSoftware(config.global.serverTokens),
    gateway: createGateway(),
    dispatch: createDispatch(ask),
    balancers,
    forward: (group, runtime, request) => forward(pools.find(group, runtime), request),
  };
}

function createSiteAuthorizer(
  { logins }: FrontEndStart,
  ports: AuthPorts,
  guard: LoginGuard,
  cache: CredentialCache,
): Authorizer {
  const verifier = createPasswordVerifier(createHashLine(logins.frontEnds));
  const providers = createProviders(ports, verifier, cache);
  const schemes = createSchemes({ ports, providers, secret: logins.secret });
  return createAuthorizer(ports, schemes, undefined, undefined, guard);
}

function tlsPortsOf({ logs, router }: Site): TlsPorts {
  return {
    selectVirtualHost: (facts) => router.selectVirtualHost(facts),
    log: (host, client, level, message) => logs.errorLog(host).log(level, 'ssl', message, { client }),
    watchHandshake: ({ settings }, socket, expire) => watchHandshake(settings, socket, expire),
  };
}

function createSiteListener(
  site: Site,
  acceptor: TlsAcceptor | undefined,
  accepted: ListenerHandlers['accepted'],
): HttpListener {
  const { mainServer, virtualHosts } = site.config;
  const settings = [mainServer, ...virtualHosts].map((host) => host.settings);
  const most = (pick: (at: (typeof settings)[number]) => number) => Math.max(...settings.map(pick));
  const fields = settings.some(({ limitRequestFields }) => limitRequestFields === 0)
    ? 0
    : most(({ limitRequestFields }) => limitRequestFields);
  const ceiling = readConnectionLimit(site.config.listeners.length);
  const limits: ListenerLimits = {
    keepAliveTimeoutMs: mainServer.settings.keepAliveTimeoutMs,
    // What the limits of lines and fields allow together, so that it is they who answer.
    headBytes: Math.min(
      maxHeadBytes,
      most(({ limitRequestLine }) => limitRequestLine) +
        (fields || 100) * most(({ limitRequestFieldSize }) => limitRequestFieldSize),
    ),
    headerLines: fields,
    hasProxyProtocol: settings.some(({ proxyProtocol }) => proxyProtocol),
    ofConnection: (local) => {
      const { settings } = site.router.selectVirtualHost({ ...local, hostName: '' });
      const { keepAliveTimeoutMs, proxyProtocol, proxyProtocolExceptions, readTimeouts, timeoutMs } =
        settings;
      const { header: head = { initialMs: 0 } } = readTimeouts;
      const limit = head.initialMs === 0 ? { initialMs: timeoutMs } : head;
      return {
        head,
        keepAliveTimeoutMs,
        ...(proxyProtocol ? { proxyProtocol: { exceptions: proxyProtocolExceptions, limit } } : {}),
      };
    },
    timeoutMs: mainServer.settings.timeoutMs,
    upgradeProtocols: site.config.global.upgradeProtocols,
    isNodeOnly: process.env.MODHOST_LISTENER === 'node',
    ...(ceiling === undefined ? {} : { connections: ceiling.connections }),
  };
  const warn = (text: string): void => site.logs.errorLog(mainServer).log('warn', 'core', text);
  const handlers = {
    ...(accepted === undefined ? {} : { accepted }),
    request: (record: RequestRecord) => {
      requests.active += 1;
      record.reply.onClosed(countClosed);
      void serveRequest(record, site);
    },
    unreadable: (request: UnreadableRequest) => void refuseUnreadable(request, site),
    lost: (connection: ConnectionFacts, reason: string) => {
      const host = site.router.selectVirtualHost({ ...connection, hostName: '' });
      const client = `${connection.clientAddress}:${connection.clientPort}`;
      site.logs.errorLog(host).log('error', 'remoteip', reason, { client });
    },
    ...(ceiling === undefined ? {} : { dropped: createDropReport(ceiling, warn) }),
  };
  return createListener(limits, handlers, acceptor);
}

function countClosed(): void {
  requests.active -= 1;
  requests.finished += 1;
}

/** Bytes that one head may take in memory, whatever the limits multiply to. */
const maxHeadBytes = 1_048_576;

async function drain(listeners: readonly HttpListener[], timeoutMs: number): Promise<void> {
  if (timeoutMs > 0) setTimeout(() => process.exit(0), timeoutMs).unref();
  await Promise.all(listeners.map((listener) => listener.drain()));
  process.exit(0);
}

/** The pools of this front end, by group and runtime, made when first asked for or announced. */
class Pools {
  onOutput: (level: string, line: Buffer, pid: number | undefined) => void = () => {};
  readonly #config: ServerConfig;
  readonly #isAlone: boolean;
  readonly #pools: Readonly<Record<Runtime, Map<string, ProcessPool>>> = {
    node: new Map(),
    python: new Map(),
  };
  readonly #limits = new Map<string, GroupLimits>();

  /** `isAlone`: there is no other front end. */
  constructor(config: ServerConfig, isAlone: boolean) {
    this.#config = config;
    this.#isAlone = isAlone;
  }

  announce(processes: readonly AnnouncedProcess[]): void {
    const byPool = new Map<ProcessPool, AnnouncedProcess[]>();
    for (const process of processes) {
      const pool = this.find(process.group, process.runtime);
      const list = byPool.get(pool);
      if (list === undefined) byPool.set(pool, [process]);
      else list.push(process);
    }
    for (const pools of Object.values(this.#pools))
      for (const pool of pools.values()) pool.announce(byPool.get(pool) ?? []);
  }

  find(group: string, runtime: Runtime): ProcessPool {
    const known = this.#pools[runtime].get(group);
    if (known !== undefined) return known;
    const pool = new ProcessPool({
      limits: this.limitsOf(group),
      isAlone: this.#isAlone,
      requestProcesses: () => tell({ type: 'request-processes', group, runtime }),
      log: (level, line, pid) => this.onOutput(level, line, pid),
    });
    this.#pools[runtime].set(group, pool);
    return pool;
  }

  groupOf(group: string): ProcessGroup {
    const { embeddedGroup, processGroups } = this.#config;
    return processGroups.find(({ name }) => name === group) ?? embeddedGroup;
  }

  limitsOf(group: string): GroupLimits {
    const known = this.#limits.get(group);
    if (known !== undefined) return known;
    const { mainServer } = this.#config;
    const definition = this.groupOf(group);
    const socketTimeoutMs = definition.socketTimeoutMs ?? mainServer.settings.timeoutMs;
    const limits: GroupLimits = { ...definition, socketTimeoutMs };
    this.#limits.set(group, limits);
    return limits;
  }
}

/** Asks a function of a script, in the process group where the script belongs. @throws CallFailure */
type Ask = (
  functionName: CallFunction,
  script: AuthScript,
  environ: readonly string[],
  given: readonly string[],
) => Promise<ReplyMessage>;

/** Where auth scripts run. To know the mounts takes a third of a second for ten thousand of them: only where there is such a script. */
function createPlaces(config: ServerConfig, router: Router): (script: AuthScript) => MountedScript {
  let mounted: readonly MountedScript[] | undefined;
  const known = new WeakMap<AuthScript, MountedScript>();
  const find = (script: AuthScript): MountedScript => {
    // Of those that only a .htaccess file names, nobody knew at the start.
    mounted ??= listMountedScripts(config, router);
    const place = known.get(script) ?? placeAuthScript(script, mounted);
    known.set(script, place);
    return place;
  };
  listAuthScripts(config).forEach(find);
  return find;
}

function createAsk(placeOf: (script: AuthScript) => MountedScript, pools: Pools): Ask {
  return async (functionName, script, environ, given) => {
    const { processGroup, applicationGroup, scriptFile, runtime } = placeOf(script);
    const inside = nameInside(pools.groupOf(processGroup), scriptFile);
    if (inside === undefined)
      throw new CallFailure(`${script.file} lies outside of the chroot= of its process group`);
    const message = {
      functionName,
      scriptFile: inside,
      applicationGroup,
      checkScript: true,
      arguments: given,
      environ,
    };
    const limits = pools.limitsOf(processGroup);
    const reply = await callFunction(pools.find(processGroup, runtime), limits, message, (level, line) =>
      pools.onOutput(
        level,
        Buffer.concat([Buffer.from(`[script ${scriptFile}] `, 'latin1'), line]),
        undefined,
      ),
    );
    if (reply.kind === 'missing' || reply.kind === 'error') throw new CallFailure(reply.sentence);
    return reply;
  };
}

function createDispatch(ask: Ask): Site['dispatch'] {
  return async (script, environ) => {
    try {
      const reply = await ask('dispatch', script, environ, []);
      return reply.kind === 'list' ? readDispatched(reply.texts) : `${script.file} gave no usable answer`;
    } catch (error) {
      if (error instanceof CallFailure) return error.message;
      throw error;
    }
  };
}

function createAuthPorts(ask: Ask): AuthPorts {
  return {
    checkPassword: async (script, environ, user, password) => {
      const reply = await ask('check_password', script, environ, [user, password]);
      switch (reply.kind) {
        case 'true':
          return true;
        case 'false':
          return false;
        case 'none':
          return null;
        case 'text':
          if (reply.text !== '') return reply.text;
          break;
        default:
      }
      throw new CallFailure(`check_password of ${script.file} gave no usable answer`);
    },
    getRealmHash: async (script, environ, user, realm) => {
      const reply = await ask('get_realm_hash', script, environ, [user, realm]);
      if (reply.kind === 'text') return reply.text;
      if (reply.kind === 'none') return null;
      throw new CallFailure(`get_realm_hash of ${script.file} gave no usable answer`);
    },
    allowAccess: async (script, environ, host) => {
      const reply = await ask('allow_access', script, environ, [host]);
      if (reply.kind === 'none') return null;
      if (reply.kind === 'true' || reply.kind === 'false') return reply.kind === 'true';
      throw new CallFailure(`allow_access of ${script.file} gave no usable answer`);
    },
    groupsForUser: async (script, environ, user) => {
      const reply = await ask('groups_for_user', script, environ, [user]);
      if (reply.kind === 'list') return reply.texts;
      throw new CallFailure(`groups_for_user of ${script.file} gave no usable answer`);
    },
  };
}

/** As the supervisor names them. */
function keyOfLog(destination: LogDestination): string {
  if (destination.kind === 'program') return destination.text;
  return destination.kind === 'file' ? destination.path : `<${destination.kind}>`;
}
