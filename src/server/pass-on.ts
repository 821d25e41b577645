import type { ServerTarget } from '../config/model.js';
import {
  findObstacle,
  isOfServer,
  isToldVariables,
  joinSockets,
  makeRequestHead,
  makeResponseHead,
  type PassedRequest,
  type PassOutcome,
  type PassSink,
} from '../gateway/index.js';
import {
  decodePercent,
  decodePercentButSlash,
  encodeByte,
  encodePath,
  headerValue,
  headerValues,
  mergeSlashes,
  reasonPhrase,
  withoutHeader,
} from '../http/index.js';
import type { ProxiedMapping } from '../routing/index.js';
import { listReverses } from './balanced-reverses.js';
import { closesConnection } from './error-answer.js';
import type { Exchange } from './exchange.js';
import { listProxyVariables } from './proxy-variables.js';
import type { Resend } from './serve-application.js';
import { type Refusal, refuse } from './site.js';
import { startAnswer } from './start-answer.js';

const nothingSaid = Object.freeze({});

/** Where no Timeout limits the wait for a connection. */
const longestConnectMs = 60_000;

/** Whom a request is passed on to, and as what. */
export interface Destination {
  readonly mapping: ProxiedMapping;
  readonly server: ServerTarget;
  /** The path there, decoded; starts with `/`. */
  readonly path: string;
  /** In place of the body as it comes in, which nobody can read twice. */
  readonly body?: NonNullable<PassedRequest['body']>;
  /** The head of the answer has come: no other server will be asked. */
  onHead?(): void;
}

/** What came of it. */
export interface PassedOn {
  /** To be answered in place of what the other server said. */
  readonly instead?: Refusal | Resend;
  readonly outcome: PassOutcome;
  /** What the other server answered, or what is answered for it where it is at fault; undefined: neither. */
  readonly status: number | undefined;
  /** Of the request as it went out, and of the first line and the body that came back. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** Passes the request on to another server, and its answer back. */
export async function passOn(exchange: Exchange, destination: Destination): Promise<PassedOn> {
  const { record, site, settings } = exchange;
  const { scheme } = destination.server;
  const where = describeDestination(destination);
  const obstacle = findObstacle(destination.server, settings.proxyTls);
  if (obstacle !== undefined) return neverPassed(where, obstacle);
  const answer = new Answer(exchange, destination);
  const path = pathAndQuery(exchange, destination);
  const variables = isToldVariables(scheme) ? listProxyVariables(exchange, destination, path) : [];
  if (typeof variables === 'string') return neverPassed(where, variables);
  const request = makeRequest(exchange, destination, { path, variables, sink: answer });
  const passing = site.gateway.pass(request);
  record.reply.onClosed((how) => {
    if (how === 'aborted') passing.abandon();
  });
  const outcome = await passing.outcome;
  if (outcome.kind === 'upgraded') destination.onHead?.();
  const refusal = await finish(exchange, where, request, outcome);
  const instead = answer.instead ?? refusal;
  return {
    ...(instead === undefined ? {} : { instead }),
    outcome,
    status:
      outcome.kind !== 'refused' ? answer.status : isOfServer(outcome.fault) ? outcome.status : undefined,
    sentBytes: passing.sentBytes(),
    receivedBytes: answer.bytes,
  };
}

function neverPassed(where: string, reason: string): PassedOn {
  return {
    instead: refuse(500, 'proxy', `${where}: ${reason}`),
    outcome: { kind: 'refused', status: 500, reason, fault: 'own' },
    status: undefined,
    sentBytes: 0,
    receivedBytes: 0,
  };
}

function makeRequest(
  exchange: Exchange,
  destination: Destination,
  made: Pick<PassedRequest, 'path' | 'variables' | 'sink'>,
): PassedRequest {
  const { record, settings, virtualHost, host } = exchange;
  const { server: target, body = exchange.body } = destination;
  const { proxying, timeoutMs: ownTimeoutMs } = virtualHost.settings;
  const { parameters } = target;
  const timeoutMs = parameters.timeoutMs ?? proxying.timeoutMs ?? ownTimeoutMs;
  const preserved = settings.proxyPreserveHost === true ? headerValue(exchange.headers, 'host') : undefined;
  const upgrade = exchange.redirects === 0 ? findUpgrade(record.upgrade, target) : undefined;
  const expectsContinue =
    record.expectation === 'continue' && body !== undefined && settings.proxyContinue !== false;
  return {
    ...made,
    target,
    method: exchange.method,
    headers: requestHeaders(exchange, preserved ?? target.authority, expectsContinue, upgrade),
    tlsName: preserved === undefined ? target.host : (host?.host ?? target.host),
    ...(body === undefined ? {} : { body }),
    hasEmptyBody: body === undefined && headerValue(exchange.headers, 'content-length') !== undefined,
    expectsContinue,
    ...(upgrade === undefined ? {} : { upgrade }),
    timeoutMs,
    connectTimeoutMs: parameters.connectTimeoutMs ?? (timeoutMs || longestConnectMs),
    tls: settings.proxyTls ?? nothingSaid,
    ...(proxying.sourceAddress === undefined ? {} : { sourceAddress: proxying.sourceAddress }),
    isLast: parameters.disableReuse === true || exchange.environment.get('proxy-nokeepalive') !== undefined,
  };
}

/** The protocol that the client asks for, if the site file lets a tunnel come of it. */
function findUpgrade(asked: string | undefined, { scheme, parameters }: ServerTarget): string | undefined {
  const allowed = scheme === 'ws' || scheme === 'wss' ? 'websocket' : parameters.upgrade;
  return allowed === 'any' || allowed === asked ? asked : undefined;
}

/** Encoded anew from what was decided on; as it was sent only where the site file says nocanon, and that is the same path. */
export function pathAndQuery(
  { rawPath, query, record, redirects }: Exchange,
  { mapping, path }: Pick<Destination, 'mapping' | 'path'>,
): string {
  const { target, prefix, rest = '', isEncoded = false } = mapping;
  const isRaw =
    target.isRaw &&
    prefix !== undefined &&
    rawPath.startsWith(prefix) &&
    isSamePath(rawPath.slice(prefix.length), rest);
  const made = isRaw
    ? encodePath(path.slice(0, path.length - rest.length)) + rawPath.slice(prefix.length)
    : isEncoded
      ? path.replace(/[^\x21-\x7e]|#/g, encodeByte)
      : encodePath(path);
  const hasQuery = query !== '' || (redirects === 0 && record.target.endsWith('?'));
  // A rule of the site file can make one of anything.
  const sendable = query.replace(/[^\x21-\xff]/g, encodeByte);
  return !hasQuery || target.dropsQuery ? made : `${made}?${sendable}`;
}

/** But for escapes and empty segments: rules or dots may have led elsewhere, and the other server would follow the dots once more. */
function isSamePath(raw: string, decided: string): boolean {
  const wanted = mergeSlashes(decided);
  return mergeSlashes(decodePercent(raw)) === wanted || mergeSlashes(decodePercentButSlash(raw)) === wanted;
}

function requestHeaders(
  exchange: Exchange,
  host: string,
  expectsContinue: boolean,
  upgrade: string | undefined,
): readonly string[] {
  const { record, settings, virtualHost } = exchange;
  const asked = headerValue(exchange.headers, 'host');
  return makeRequestHead({
    headers: exchange.headers,
    sentHeaders: record.headers,
    ownFields: listOwnFields(exchange),
    host,
    ...(settings.proxyAddHeaders === false
      ? {}
      : {
          forwardedFor: {
            clientAddress: exchange.clientAddress,
            ...(asked === undefined ? {} : { host: asked }),
            serverName: ownName(exchange),
          },
        }),
    via: virtualHost.settings.proxying.via,
    viaEntry: viaEntryOf(exchange, record.httpVersion),
    expectsContinue,
    ...(upgrade === undefined ? {} : { upgrade }),
  });
}

/** What RequestHeader, AuthBasicFake and RemoteIPProxiesHeader say. */
function listOwnFields({ settings, virtualHost }: Exchange): ReadonlySet<string> {
  const { earlyHeaders, settings: ofHost } = virtualHost;
  const rules = [...earlyHeaders.request, ...(settings.requestHeaders ?? [])];
  const names = rules.flatMap(({ change }) => ('name' in change ? [change.name.toLowerCase()] : []));
  const { authBasicFake: fake } = settings;
  if (fake !== undefined && fake !== 'off') names.push('authorization');
  if (ofHost.remoteIpProxiesHeader !== undefined) names.push(ofHost.remoteIpProxiesHeader.toLowerCase());
  return new Set(names);
}

/** As the site file calls this server, whatever the client does. */
function ownName({ virtualHost, selfName }: Exchange): string {
  return virtualHost.serverName?.host ?? selfName.name;
}

function viaEntryOf(exchange: Exchange, protocol: string) {
  const { port } = exchange.selfName;
  const name = ownName(exchange);
  const [software = ''] = exchange.site.software.split(' ');
  return {
    protocol,
    name: port === (exchange.scheme === 'https' ? 443 : 80) ? name : `${name}:${port}`,
    software,
  };
}

/** Where the answer of the other server goes. */
class Answer implements PassSink {
  /** Nothing of it is sent, another answer takes its place. */
  instead: Refusal | Resend | undefined;
  /** As the other server said it. */
  status: number | undefined;
  /** Of its first line and its body: what httpd counts. */
  bytes = 0;
  readonly #exchange: Exchange;
  readonly #where: string;
  readonly #mayResend: boolean;
  readonly #destination: Destination;

  constructor(exchange: Exchange, destination: Destination) {
    this.#exchange = exchange;
    this.#destination = destination;
    this.#where = describeDestination(destination);
    this.#mayResend =
      destination.server.scheme === 'scgi' && exchange.settings.scgiInternalRedirect !== false;
  }

  inform(status: number, headers: readonly string[]): void {
    this.#exchange.record.reply.inform(status, makeResponseHead(headers, reverseFacts(this.#exchange)));
  }

  head(said: number | undefined, reason: string, raw: readonly string[]): boolean {
    const { record, settings, errorStatus } = this.#exchange;
    this.#destination.onHead?.();
    const location = said === undefined ? headerValue(raw, 'location') : undefined;
    if (location?.startsWith('/') && this.#mayResend) {
      this.instead = { kind: 'resend', target: location };
      return false;
    }
    // RFC 3875 section 6.2.3. What stands for an error keeps its status.
    const status = said ?? (location === undefined ? (errorStatus ?? 200) : 302);
    this.status = said ?? (location === undefined ? 200 : 302);
    this.bytes = `HTTP/1.1 ${status} ${reason}`.length;
    // What stands for an error is not replaced in turn.
    if (errorStatus === undefined && isOverridden(settings.proxyErrorOverride, status)) {
      // A challenge belongs to a 401 (RFC 9110 section 15.5.2), whoever writes its page.
      const challenges = status === 401 ? headerValues(raw, 'www-authenticate') : [];
      this.instead = {
        kind: 'refusal',
        // A status that nobody knows has no page.
        ...(reasonPhrase(status) === '' ? { status: 500 } : { status, reason }),
        headers: challenges.flatMap((challenge) => ['WWW-Authenticate', challenge]),
      };
      return false;
    }
    if (closesConnection(errorStatus ?? 200)) record.reply.closeConnection();
    const refuseHead = (why: string) => {
      this.instead = refuse(500, 'proxy', `the head cannot be sent on: ${why}`);
      return false;
    };
    try {
      const headers = responseHeaders(this.#exchange, raw);
      const server = headerValue(headers, 'server');
      const started = startAnswer(this.#exchange, {
        status,
        reason,
        headers: withoutHeader(headers, 'server'),
        ...(server === undefined ? {} : { server }),
      });
      return started.kind === 'started' || refuseHead(started.reason);
    } catch (error) {
      return refuseHead((error as Error).message);
    }
  }

  write(piece: Buffer): boolean {
    this.bytes += piece.length;
    return this.#exchange.record.reply.write(piece);
  }

  onDrain(callback: () => void): void {
    this.#exchange.record.reply.onDrain(callback);
  }

  end(): void {
    this.#exchange.record.reply.end();
  }

  logError(line: string): void {
    this.#exchange.log('error', 'proxy', `${this.#where}: ${line}`);
  }

  cut(): void {
    this.#exchange.record.reply.cut();
  }
}

function isOverridden(override: Exchange['settings']['proxyErrorOverride'], status: number): boolean {
  if (override === undefined || override === 'none' || status < 400) return false;
  return override === 'all' || override.includes(status);
}

/** Date and Server of the other server stay. */
function responseHeaders(exchange: Exchange, raw: readonly string[]): string[] {
  const headers = makeResponseHead(raw, reverseFacts(exchange));
  const { via } = exchange.virtualHost.settings.proxying;
  if (via === 'on' || via === 'full') {
    const { protocol, name, software } = viaEntryOf(exchange, '1.1');
    headers.push('Via', `${protocol} ${name}${via === 'full' ? ` (${software})` : ''}`);
  }
  return headers;
}

function reverseFacts(exchange: Exchange) {
  return {
    reverses: listReverses(exchange.virtualHost, exchange.settings.proxyReverses),
    origin: exchange.origin,
  };
}

async function finish(
  exchange: Exchange,
  where: string,
  { timeoutMs, upgrade = '' }: PassedRequest,
  outcome: PassOutcome,
): Promise<Refusal | undefined> {
  switch (outcome.kind) {
    case 'refused':
      if (isClients(outcome)) return refuse(outcome.status, 'core', outcome.reason);
      return refuse(outcome.status, 'proxy', `${where} answered ${outcome.status}: ${outcome.reason}`);
    case 'cut':
      if (isClients(outcome)) exchange.log('error', 'core', `the answer was cut off: ${outcome.reason}`);
      else exchange.log('error', 'proxy', `${where}: the answer was cut off: ${outcome.reason}`);
      return undefined;
    case 'gone':
      exchange.log('info', 'proxy', `${where}: the client left before the answer was complete`);
      return undefined;
    case 'upgraded': {
      const { reply } = exchange.record;
      const headers = makeResponseHead(outcome.headers, reverseFacts(exchange));
      const client = reply.switchProtocol([...headers, 'Upgrade', upgrade, 'Connection', 'Upgrade']);
      if (outcome.early.length > 0) client.write(outcome.early);
      const reason = await new Promise<string>((resolve) =>
        joinSockets(client, outcome.socket, timeoutMs, resolve),
      );
      exchange.log('debug', 'proxy', `${where}: the tunnel is closed: ${reason}`);
      return undefined;
    }
    default:
      return undefined;
  }
}

/** The other server has no part in it. */
function isClients({ fault }: Extract<PassOutcome, { kind: 'refused' | 'cut' }>): boolean {
  return fault === 'client';
}

/** For the log: which server, and who said so. */
function describeDestination({ mapping, server }: Destination): string {
  const { target } = mapping;
  const balancer = target === server ? '' : ` of ${target.url}`;
  return `[${server.url}${balancer}, ${describeOrigin(mapping)}]`;
}

/** The directive that passes the request on, and its line. */
export function describeOrigin({ pass, by }: ProxiedMapping): string {
  return `${by} of ${pass.position.file}:${pass.position.line}`;
}
