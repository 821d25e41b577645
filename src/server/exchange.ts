import type { DirectorySettings, VirtualHost } from '../config/model.js';
import {
  type HeaderList,
  headerValue,
  hostOfTarget,
  isHeaderName,
  type RequestHost,
  serverNameAndPort,
} from '../http/index.js';
import type { AccessRecord, LogLevel } from '../log/index.js';
import { isNamedIn } from '../rewriting/index.js';
import type { Route } from '../routing/index.js';
import { readLogVariable } from '../tls/index.js';
import { askExchange } from './expression-subject.js';
import { RequestEnvironment } from './request-environment.js';
import type { RequestBody, RequestRecord } from './request-record.js';
import type { Site } from './site.js';
import { readVariable } from './tls-access.js';

/** What an exchange found out about a path, and about who asked for it. */
export type AskedFor = Pick<Exchange, 'path' | 'query' | 'route' | 'user' | 'authType'>;

interface SentHead {
  readonly method: string;
  readonly target: string;
  readonly host: string | undefined;
}

/** How the server calls itself. */
export interface SelfName {
  readonly name: string;
  readonly port: number;
}

/** With what it depends on. */
interface KnownSelfName {
  readonly self: SelfName;
  readonly host: RequestHost | undefined;
  readonly settings: DirectorySettings;
  readonly virtualHost: VirtualHost;
}

const nothingSaid = { always: [], onsuccess: [] };
const noNames: readonly string[] = [];

/** A request and what the lifecycle has found out about it so far. One access-log line comes of it, whatever happens. */
export class Exchange {
  readonly record: RequestRecord;
  readonly site: Site;
  readonly environment = new RequestEnvironment();
  /** What `Header … early` has said: fields for every answer, and for those that are no page of the server's own. */
  earlyAnswer: { readonly always: HeaderList; readonly onsuccess: HeaderList } = nothingSaid;
  /** Who asks: the other end of the connection, or for whom a proxy in front says that it asks. */
  clientAddress: string;
  virtualHost: VirtualHost;
  /** What the client asked for; undefined if it named no host. */
  host: RequestHost | undefined;
  /** Decoded and cleaned; undefined until it could be. */
  path: string | undefined;
  rawPath = '';
  query = '';
  route: Route | undefined;
  user: string | undefined;
  authType: string | undefined;
  /** Authentication-Info: goes out with what the client asked for, not with errors. */
  authInfo: string | undefined;
  filename: string | undefined;
  handler: string | undefined;
  /** As sent, until an internal redirect makes a GET of the request. */
  method: string;
  /** As sent, but with the host of a target in absolute-form as Host; without body and conditions once it has been redirected. */
  headers: HeaderList;
  /** Nobody can read the body a second time. */
  body: RequestBody | undefined;
  /** Of the error whose page is being looked for. */
  errorStatus: number | undefined;
  /** name, value, …: go out with whatever page is found. */
  errorHeaders: readonly string[] = [];
  /** The flag END: rules of directories are not asked any more. */
  rewritingEnded = false;
  /** What rules made of the path, or of the query, holds what nobody should read: messages do not name it. */
  rewriteHoldsSecret = false;
  /** Variables, in lower case, that rules put such a thing in. */
  secretVariables: readonly string[] = noNames;
  /** Of how many looks ahead of rules this is one. */
  lookAheadDepth = 0;
  /** Internal redirects so far. */
  redirects = 0;
  #headersRead: readonly string[] = [];
  #asked: AskedFor | undefined;
  #sent: SentHead | undefined;
  #notes: Map<string, string> | undefined;
  #selfName: KnownSelfName | undefined;

  constructor(record: RequestRecord, site: Site) {
    this.record = record;
    this.site = site;
    this.clientAddress = record.connection.proxiedAddress ?? record.connection.clientAddress;
    this.method = record.method;
    this.headers = record.headers;
    this.body = record.body.isPresent ? record.body : undefined;
    // Until the Host header has been understood: the first host of the address, as httpd does.
    this.virtualHost = hostOfConnection(record, site);
    record.reply.onClosed((how) => this.#logAccess(how));
  }

  get client(): string {
    return `${this.clientAddress}:${this.record.connection.clientPort}`;
  }

  /** What the client signs with AuthType Digest: the same object for as long as the request is served. */
  get sent(): SentHead {
    const { method, target, headers } = this.record;
    this.#sent ??= { method, target, host: hostOfTarget(target) ?? headerValue(headers, 'host') };
    return this.#sent;
  }

  /** Whether rules put something in the variable that nobody should read. */
  hidesVariable(name: string): boolean {
    return isNamedIn(this.secretVariables, name);
  }

  /** `Header note`, by name in lower case. */
  get notes(): Map<string, string> {
    this.#notes ??= new Map();
    return this.#notes;
  }

  /** Headers of the request, as conditions name them, that had a say in what the answer will be: its Vary. */
  get headersRead(): readonly string[] {
    return this.#headersRead;
  }

  /** A condition has read this header. Its name may have come from the client, and goes out only if it is one. */
  noteRead(name: string): void {
    const wanted = name.toLowerCase();
    if (!isHeaderName(name) || this.#headersRead.some((known) => known.toLowerCase() === wanted)) return;
    this.#headersRead = [...this.#headersRead, name];
  }

  /** What the client asked for, also where an internal redirect led elsewhere. */
  get asked(): AskedFor {
    return this.#asked ?? this;
  }

  /** What the sections say, as far as the path is known. */
  get settings(): DirectorySettings {
    return this.route?.settings ?? this.site.router.serverSettings(this.virtualHost);
  }

  /** Of the connection. */
  get scheme(): 'http' | 'https' {
    return this.record.connection.tls === undefined ? 'http' : 'https';
  }

  /** `SSL_…` of the connection; undefined: plain HTTP, or nothing of that name. */
  tlsVariable(name: string): string | undefined {
    return readVariable(this, name);
  }

  /** `http://name[:port]` as the server calls itself. */
  get origin(): string {
    const { scheme } = this;
    const { name, port } = this.selfName;
    return `${scheme}://${port === (scheme === 'https' ? 443 : 80) ? name : `${name}:${port}`}`;
  }

  /** Goes on as the same request for another path, as rules of a directory have it. */
  beginRewrite(): void {
    const { path, query, route, user, authType } = this;
    this.#asked ??= { path, query, route, user, authType };
    this.environment.beginRedirect(this.#describeRedirected(200));
    this.user = undefined;
    this.authType = undefined;
    this.redirects += 1;
  }

  /** Goes on as a GET for another path. What was known becomes REDIRECT_*; an error keeps its status and headers. */
  beginRedirect(status: number, errorHeaders?: readonly string[]): void {
    const { path, query, route, user, authType } = this;
    this.#asked ??= { path, query, route, user, authType };
    this.environment.beginRedirect([
      ...this.#describeRedirected(status),
      ...['REDIRECT_REQUEST_METHOD', this.method],
    ]);
    if (errorHeaders !== undefined) {
      this.errorStatus = status;
      this.errorHeaders = errorHeaders;
      // What led to an error is not told, whatever page is shown (as httpd).
      this.#headersRead = [];
    }
    this.method = 'GET';
    this.headers = withoutBodyAndConditions(this.headers);
    this.body = undefined;
    this.user = undefined;
    this.authType = undefined;
    this.redirects += 1;
  }

  /** SERVER_NAME and SERVER_PORT by UseCanonicalName. */
  get selfName(): SelfName {
    const { host, settings, virtualHost } = this;
    const known = this.#selfName;
    if (
      known !== undefined &&
      known.host === host &&
      known.settings === settings &&
      known.virtualHost === virtualHost
    )
      return known.self;
    const { connection } = this.record;
    const { useCanonicalName = 'off', useCanonicalPhysicalPort = false } = settings;
    const self = serverNameAndPort({
      useCanonicalName,
      physicalPort: useCanonicalPhysicalPort ? connection.localPort : undefined,
      serverName: virtualHost.serverName,
      requestHost: host,
      scheme: this.scheme,
      localAddress: connection.localAddress,
    });
    this.#selfName = { self, host, settings, virtualHost };
    return self;
  }

  log(level: LogLevel, module: string, message: string): void {
    const errorLog = this.site.logs.errorLog(this.virtualHost);
    if (!errorLog.isEnabled(level, module)) return;
    const referer = headerValue(this.record.headers, 'referer');
    errorLog.log(level, module, message, {
      client: this.client,
      ...(referer === undefined ? {} : { referer }),
    });
  }

  /** name, value, … */
  #describeRedirected(status: number): string[] {
    return [
      ...['REDIRECT_STATUS', String(status)],
      ...['REDIRECT_URL', this.path ?? ''],
      ...(this.query === '' ? [] : ['REDIRECT_QUERY_STRING', this.query]),
      ...(this.user === undefined ? [] : ['REDIRECT_REMOTE_USER', this.user]),
    ];
  }

  #logAccess(how: 'complete' | 'aborted'): void {
    // What cannot be told is logged rather than not.
    this.site.logs.logAccess(
      this.virtualHost,
      () => this.#makeAccessRecord(how),
      (condition, position) => askExchange(this, condition, {}, 'log_config', position) !== false,
    );
  }

  /** `%{…}x` and `%{…}c`. */
  #readLogged(name: string): string | undefined {
    const { tls } = this.record.connection;
    if (name.toUpperCase() === 'HTTPS') return tls === undefined ? 'off' : 'on';
    return tls === undefined ? undefined : (readVariable(this, name) ?? readLogVariable(tls, name));
  }

  #makeAccessRecord(how: 'complete' | 'aborted'): AccessRecord {
    const { record } = this;
    const { reply, connection } = record;
    const self = this.selfName;
    const { path, query } = this.asked;
    return {
      startedAt: record.startedAt,
      durationUs: Math.round((Date.now() - record.startedAt) * 1000),
      ...(reply.firstByteAt === undefined
        ? {}
        : { timeToFirstByteUs: (reply.firstByteAt - record.startedAt) * 1000 }),
      clientAddress: this.clientAddress,
      peerAddress: connection.clientAddress,
      peerPort: connection.clientPort,
      localAddress: connection.localAddress,
      localPort: connection.localPort,
      keepAliveIndex: record.keepAliveIndex,
      connection: how === 'aborted' ? 'aborted' : reply.willClose ? 'closed' : 'kept',
      ...(record.method === '' ? {} : describeLine(record)),
      ...(path === undefined ? {} : { path }),
      ...(record.target.includes('?') ? { query } : {}),
      ...(this.user === undefined ? {} : { user: this.user }),
      // The client left before there was an answer.
      status: reply.status === 0 ? 499 : reply.status,
      bodyBytesSent: record.method === 'HEAD' ? 0 : reply.bodyBytes,
      bytesReceived: headBytes(record.headers) + record.body.bytesReceived,
      bytesSent: headBytes(reply.sentHeaders) + reply.bodyBytes,
      ...(this.filename === undefined ? {} : { filename: this.filename }),
      ...(this.handler === undefined ? {} : { handler: this.handler }),
      serverName: this.virtualHost.serverName?.host ?? connection.localAddress,
      canonicalName: self.name,
      canonicalPort: self.port,
      pid: process.pid,
      requestHeader: (name) => headerValue(this.headers, name),
      responseHeader: (name) => headerValue(reply.sentHeaders, name),
      environment: (name) => this.environment.get(name),
      hidesVariable: (name) => this.hidesVariable(name),
      note: (name) => this.notes.get(name.toLowerCase()),
      tlsVariable: (name) => this.#readLogged(name),
    };
  }
}

/** The one that the client asked for in the handshake; of plain HTTP, the first of the address. */
function hostOfConnection({ connection }: RequestRecord, { config, router }: Site): VirtualHost {
  const { localAddress, localPort, tls } = connection;
  if (tls !== undefined) {
    const asked = [config.mainServer, ...config.virtualHosts].find(({ id }) => id === tls.hostId);
    if (asked !== undefined) return asked;
  }
  return router.selectVirtualHost({ localAddress, localPort, hostName: '' });
}

/** Of a request that could be read. */
function describeLine({ method, target, httpVersion }: RequestRecord) {
  const protocol = `HTTP/${httpVersion}`;
  return { requestLine: `${method} ${target} ${protocol}`, method, protocol };
}

/** Bytes of a head with these fields; the first line is not known any more and counts as none. */
function headBytes(headers: readonly string[]): number {
  let bytes = 2;
  for (let at = 0; at < headers.length; at += 2)
    bytes += (headers[at] as string).length + (headers[at + 1] as string).length + 4;
  return bytes;
}

/** A body that is gone has no length; conditions and ranges are about what the client asked for. */
function withoutBodyAndConditions(headers: HeaderList): HeaderList {
  const kept: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string;
    if (!/^(content-length|transfer-encoding|expect|range|if-.*)$/i.test(name))
      kept.push(name, headers[at + 1] as string);
  }
  return kept;
}
