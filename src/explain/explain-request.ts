import {
  type Attempt,
  type AuthPorts,
  createAuthorizer,
  createPasswordVerifier,
  createProviders,
  createRealmHashSources,
  createSchemes,
  findRealmHash,
  type PasswordVerifier,
  parseCredentials,
  realmOf,
  type Scheme,
  type Schemes,
  type Witness,
} from '../auth/index.js';
import { BalancerTable } from '../balancing/index.js';
import type { ParseHtaccess, ServerConfig } from '../config/model.js';
import { serveFile } from '../files/index.js';
import { isToldVariables, type PassedRequest } from '../gateway/index.js';
import { compileLogFormat, createErrorLog, hideSecretPairs } from '../log/index.js';
import type { ForwardRequest, Runtime } from '../proxy/index.js';
import {
  buildProcessGroupTable,
  createRouter,
  findChosenName,
  findServer,
  type ResolvedNames,
  urlOf,
} from '../routing/index.js';
import { type Exchange, isLogWanted, type Site, serveRequest, serverSoftware } from '../server/index.js';
import type { Step, Trace } from '../trace/index.js';
import { createAccessWitness } from './access-steps.js';
import { assumeTls } from './assume-tls.js';
import {
  describeSection,
  type FindOrigin,
  listAppliedSections,
  listEffectiveSettings,
} from './effective-settings.js';
import type { ExplainedApplication, Explanation } from './explanation.js';
import { hideInRecord, hideVariables } from './hide-in-record.js';
import { type AskedRequest, RecordedRequest } from './recorded-request.js';

/** What has to be taken for granted, since nobody is asked. */
export interface Assumptions {
  /** Whose password is right. */
  readonly user?: string;
  /** What groups_for_user() would say. */
  readonly groups: readonly string[];
}

interface Recording {
  forwarded?: { readonly group: string; readonly runtime: Runtime; readonly request: ForwardRequest };
  readonly steps: Step[];
  passed?: PassedRequest;
  readonly assumptions: string[];
  readonly errorLog: string[];
  readonly accessLog: string[];
}

/**
 * Sends a request through the lifecycle that serves real ones, with a site that records instead of asking daemon processes: there is no
 * second implementation that could disagree.
 */
export async function explainRequest(
  config: ServerConfig,
  resolvedNames: ResolvedNames,
  asked: AskedRequest,
  assumed: Assumptions,
  parseHtaccess: ParseHtaccess,
  findOrigin: FindOrigin = () => undefined,
): Promise<Explanation> {
  const recording: Recording = { steps: [], assumptions: [], errorLog: [], accessLog: [] };
  const site = createRecordingSite(config, resolvedNames, assumed, recording, parseHtaccess);
  const tls = assumeTls(asked, site.router, (assumption) => recording.assumptions.push(assumption));
  const record = new RecordedRequest(asked, tls);
  const exchange = await serveRequest(record, site);
  record.reply.close();
  return describe(exchange, asked, recording, findOrigin);
}

function createRecordingSite(
  config: ServerConfig,
  resolvedNames: ResolvedNames,
  assumed: Assumptions,
  recording: Recording,
  parseHtaccess: ParseHtaccess,
): Site {
  const trace: Trace = (step) => recording.steps.push(step);
  const ports = assumedAnswers(assumed, recording);
  const witness = createAccessWitness(trace);
  const providers = createProviders(ports, assumedVerifier(assumed, recording));
  return {
    config,
    trace,
    router: createRouter(
      config,
      resolvedNames,
      {
        parse: parseHtaccess,
        warn: (_, text) => recording.errorLog.push(text),
      },
      trace,
    ),
    processGroups: buildProcessGroupTable(config),
    authorizer: createAuthorizer(
      ports,
      assumedSchemes(ports, createSchemes({ ports, providers, witness }), recording, witness),
      undefined,
      witness,
    ),
    // The head tells enough.
    serveFile: (request) => serveFile({ ...request, method: 'HEAD' }),
    logs: {
      errorLog: ({ settings }) =>
        createErrorLog({
          write: (line) => recording.errorLog.push(line.trimEnd()),
          levels: settings.logLevel,
        }),
      logAccess: (host, makeRecord, holds) => {
        const access = makeRecord();
        const own = host.settings.customLogs;
        for (const log of own.length > 0 ? own : config.mainServer.settings.customLogs) {
          if (isLogWanted(log, access, holds))
            recording.accessLog.push(compileLogFormat(log.format)(hideInRecord(access)));
        }
      },
    },
    software: serverSoftware(config.global.serverTokens),
    gateway: {
      pass: (request) => {
        recording.passed = request;
        return { outcome: Promise.resolve({ kind: 'done' }), abandon: () => {}, sentBytes: () => 0 };
      },
    },
    dispatch: async ({ file }) => {
      recording.assumptions.push(
        `the functions of ${file} keep the groups and the callable (WSGIDispatchScript)`,
      );
      return {};
    },
    balancers: new BalancerTable(config),
    forward: (group, runtime, request) => {
      recording.forwarded = { group, runtime, request };
      return { outcome: Promise.resolve({ kind: 'done' }), abandon: () => {} };
    },
  };
}

/** No daemon process is asked: the user of --user has the right password, and nobody else is known. */
function assumedAnswers({ user, groups }: Assumptions, { assumptions }: Recording): AuthPorts {
  return {
    checkPassword: async (script, _environ, asked) => {
      if (asked !== user) {
        assumptions.push(`check_password() of ${script.file} does not know ${asked} (no --user)`);
        return null;
      }
      assumptions.push(
        `check_password() of ${script.file} takes the password of ${user} to be right (--user)`,
      );
      return true;
    },
    getRealmHash: async (script, _environ, asked) => {
      assumptions.push(
        `get_realm_hash() of ${script.file} ${asked === user ? 'knows' : 'does not know'} ${asked} (${asked === user ? '' : 'no '}--user)`,
      );
      return asked === user ? '0'.repeat(32) : null;
    },
    allowAccess: async (script) => {
      assumptions.push(`allow_access() of ${script.file} has no objection`);
      return true;
    },
    groupsForUser: async (script) => {
      assumptions.push(
        `groups_for_user() of ${script.file} answers ${groups.join(' ') || 'no group'} (--group)`,
      );
      return groups;
    },
  };
}

/** Nobody can answer the challenge of Digest: the user of --user comes as with Basic, and is taken to know the password. */
function assumedSchemes(
  ports: AuthPorts,
  schemes: Schemes,
  { assumptions }: Recording,
  witness: Witness,
): Schemes {
  const sources = createRealmHashSources(ports);
  const assume = (digest: Scheme): Scheme => ({
    ...digest,
    readAttempt(request, settings, authorization) {
      const offered = parseCredentials(authorization);
      if (offered === 'wrong-scheme') return digest.readAttempt(request, settings, authorization);
      const { user } = offered;
      const check: Attempt['check'] = async (place) => {
        const realm = realmOf(settings.authName ?? '') ?? '';
        const names = settings.authDigestProviders ?? ['file'];
        const answer = await findRealmHash(
          names,
          sources,
          { request, settings, user, realm, place },
          witness,
        );
        if (answer.kind === 'fault' || answer.kind === 'busy') return answer;
        if (answer.kind === 'user-not-found') {
          const describe = (path: string) => `AH01790: user ${user} in realm ${realm} not found: ${path}`;
          return { kind: 'refused', failure: 'user-not-found', describe };
        }
        assumptions.push(`the password of ${user} for ${realm} is right (--user)`);
        return { kind: 'granted', user };
      };
      return { kind: 'attempt', user, check };
    },
  });
  return new Map(
    [...schemes].map(([name, scheme]) => [name, scheme.authType === 'Digest' ? assume(scheme) : scheme]),
  );
}

/** Users have to be in the password file; the password of --user is taken to be right, one from --header is verified. */
function assumedVerifier({ user }: Assumptions, { assumptions }: Recording): PasswordVerifier {
  const real = createPasswordVerifier();
  return {
    spendTime: (claim, place) => real.spendTime(claim, place),
    verify: async (claim, place) => {
      if (claim.user !== user) return real.verify(claim, place);
      assumptions.push(`the password of ${user} in ${claim.file} is right (--user)`);
      return true;
    },
  };
}

function describe(
  exchange: Exchange,
  asked: AskedRequest,
  recording: Recording,
  findOrigin: FindOrigin,
): Explanation {
  const { record, site, virtualHost } = exchange;
  const { path, route } = exchange.asked;
  const { config } = site;
  const settings = route?.settings;
  const { reply } = record;
  return {
    request: {
      method: asked.method,
      target: asked.target,
      host: asked.host,
      client: asked.clientAddress,
      local: `${asked.localAddress}:${asked.localPort}`,
    },
    virtualHost: describeVirtualHost(exchange),
    ...(path === undefined ? {} : { path }),
    ...describeMapping(exchange),
    sections:
      settings === undefined
        ? []
        : listAppliedSections(config, settings).map((section) => ({
            text: describeSection(section),
            position: section.position,
          })),
    settings: settings === undefined ? [] : listEffectiveSettings(config, virtualHost, settings, findOrigin),
    steps: recording.steps,
    access: { outcome: describeAccess(exchange), assumptions: recording.assumptions },
    ...(recording.forwarded === undefined
      ? {}
      : { application: describeApplication(recording.forwarded, exchange) }),
    ...describeProxying(exchange, recording),
    answer: {
      ...(reply.isStarted ? { status: reply.status } : {}),
      headers: hideSecretPairs(reply.sentHeaders),
    },
    log: {
      error: recording.errorLog,
      // What the application answers is not known, and so neither is the line.
      access: reply.isStarted ? recording.accessLog : [],
    },
  };
}

function describeVirtualHost({ virtualHost, host, site }: Exchange): Explanation['virtualHost'] {
  const name = virtualHost.serverName?.host ?? (virtualHost.id === 0 ? 'main server' : 'without ServerName');
  if (virtualHost.id === 0) return { name, why: whyMainServer(site.config) };
  const chosen = host === undefined ? undefined : findChosenName(virtualHost, host.host);
  const why =
    chosen === undefined
      ? `no virtual host of this address is called ${host?.host ?? '(no Host)'}: the first one serves`
      : chosen;
  return { name, position: virtualHost.position, why };
}

function whyMainServer({ virtualHosts }: ServerConfig): string {
  return virtualHosts.length === 0
    ? 'there are no virtual hosts'
    : 'no <VirtualHost> has this address and port';
}

function describeMapping({ asked }: Exchange): Pick<Explanation, 'mapping'> {
  const { route } = asked;
  if (route === undefined) return {};
  const { mapping } = route;
  if (mapping.kind === 'redirect') {
    const { status, location } = mapping;
    return { mapping: { kind: 'redirect', filename: location ?? `status ${status}` } };
  }
  if (mapping.kind === 'proxied') {
    return { mapping: { kind: 'proxied', filename: urlOf(mapping) } };
  }
  return {
    mapping: {
      kind: mapping.kind,
      filename: mapping.kind === 'script' ? mapping.scriptFile : mapping.filename,
      ...(mapping.kind === 'script' ? { scriptName: mapping.scriptName } : {}),
      ...('pathInfo' in mapping ? { pathInfo: mapping.pathInfo } : {}),
    },
  };
}

function describeAccess({ asked, record }: Exchange): string {
  const { user, authType, route } = asked;
  const { status } = record.reply;
  if (route === undefined || route.refusal !== undefined) return 'refused before anybody asked';
  if (authType !== undefined) return `granted to ${user ?? ''} (${authType})`;
  if (status === 401) return user === undefined ? 'a user has to log in' : `${user} may not enter`;
  if (status === 403) return 'denied';
  return 'granted without a user';
}

function describeProxying(exchange: Exchange, { passed }: Recording): Pick<Explanation, 'proxied'> {
  const mapping = findServer(exchange.asked.route?.mapping);
  if (passed === undefined || mapping === undefined) return {};
  const { target, method, path, headers, timeoutMs, connectTimeoutMs, upgrade } = passed;
  return {
    proxied: {
      url: target.url,
      position: mapping.pass.position,
      method,
      path,
      headers: isToldVariables(target.scheme)
        ? hideVariables(passed.variables, (name) => exchange.hidesVariable(name))
        : hideSecretPairs(headers),
      timeLimits: { timeout: timeoutMs / 1000, connectiontimeout: connectTimeoutMs / 1000 },
      isTunnel: upgrade !== undefined,
    },
  };
}

function describeApplication(
  { group, runtime, request }: NonNullable<Recording['forwarded']>,
  exchange: Exchange,
): ExplainedApplication {
  const { message } = request;
  const { config } = exchange.site;
  const definition = config.processGroups.find(({ name }) => name === group) ?? config.embeddedGroup;
  const socketTimeoutMs = definition.socketTimeoutMs ?? config.mainServer.settings.timeoutMs;
  return {
    scriptFile: message.scriptFile,
    runtime,
    processGroup: group === '' ? '%{GLOBAL}' : group,
    applicationGroup: message.applicationGroup === '' ? '%{GLOBAL}' : message.applicationGroup,
    callable: message.callableName,
    callInterface: message.callInterface,
    environ: hideVariables(listEnviron(message), (name) => exchange.hidesVariable(name)),
    timeLimits: {
      'connect-timeout': definition.connectTimeoutMs / 1000,
      'queue-timeout': definition.queueTimeoutMs / 1000,
      'socket-timeout': socketTimeoutMs / 1000,
      'request-timeout': definition.requestTimeoutMs / 1000,
      'interrupt-timeout': definition.interruptTimeoutMs / 1000,
      'response-socket-timeout': (definition.responseSocketTimeoutMs ?? socketTimeoutMs) / 1000,
      'startup-timeout': definition.startupTimeoutMs / 1000,
    },
  };
}

/** name, value, …: all parts, in their order. */
function listEnviron({ environ, facts, shared = [] }: ForwardRequest['message']): readonly string[] {
  const named = facts?.names.names.flatMap((name, at) => [name, facts.values[at] ?? '']) ?? [];
  return [...environ, ...named, ...shared.flatMap(({ pairs }) => pairs)];
}
