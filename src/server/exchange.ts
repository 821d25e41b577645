import type { VirtualHost } from '../config/model.js';
import { type HeaderList, headerValue, type RequestHost, serverNameAndPort } from '../http/index.js';
import type { AccessRecord, LogLevel } from '../log/index.js';
import type { Route } from '../routing/index.js';
import { RequestEnvironment } from './request-environment.js';
import type { RequestRecord } from './request-record.js';
import type { Site } from './site.js';

/** A request and what the lifecycle has found out about it so far. One access-log line comes of it, whatever happens. */
export class Exchange {
  readonly record: RequestRecord;
  readonly site: Site;
  /** As sent, but with the host of a target in absolute-form as Host. */
  headers: HeaderList;
  readonly environment = new RequestEnvironment();
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
  filename: string | undefined;
  handler: string | undefined;

  constructor(record: RequestRecord, site: Site) {
    this.record = record;
    this.site = site;
    this.headers = record.headers;
    // Until the Host header has been understood: the first host of the address, as httpd does.
    this.virtualHost = site.router.selectVirtualHost({ ...record.connection, hostName: '' });
    record.reply.onClosed((how) => this.#logAccess(how));
  }

  get client(): string {
    const { clientAddress, clientPort } = this.record.connection;
    return `${clientAddress}:${clientPort}`;
  }

  /** SERVER_NAME and SERVER_PORT by UseCanonicalName. */
  get selfName(): { readonly name: string; readonly port: number } {
    const { serverName, settings } = this.virtualHost;
    return serverNameAndPort({
      useCanonicalName: settings.useCanonicalName,
      ...(serverName === undefined ? {} : { serverName }),
      ...(this.host === undefined ? {} : { requestHost: this.host }),
      scheme: 'http',
      localAddress: this.record.connection.localAddress,
    });
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

  #logAccess(how: 'complete' | 'aborted'): void {
    const { record } = this;
    const { reply, connection } = record;
    const access: AccessRecord = {
      startedAt: record.startedAt,
      durationUs: Math.round((Date.now() - record.startedAt) * 1000),
      ...(reply.firstByteAt === undefined
        ? {}
        : { timeToFirstByteUs: (reply.firstByteAt - record.startedAt) * 1000 }),
      clientAddress: connection.clientAddress,
      peerAddress: connection.clientAddress,
      peerPort: connection.clientPort,
      localAddress: connection.localAddress,
      localPort: connection.localPort,
      keepAliveIndex: record.keepAliveIndex,
      connection: how === 'aborted' ? 'aborted' : reply.willClose ? 'closed' : 'kept',
      requestLine: `${record.method} ${record.target} HTTP/${record.httpVersion}`,
      method: record.method,
      ...(this.path === undefined ? {} : { path: this.path }),
      ...(record.target.includes('?') ? { query: this.query } : {}),
      protocol: `HTTP/${record.httpVersion}`,
      ...(this.user === undefined ? {} : { user: this.user }),
      // The client left before there was an answer.
      status: reply.status === 0 ? 499 : reply.status,
      bodyBytesSent: record.method === 'HEAD' ? 0 : reply.bodyBytes,
      bytesReceived: headBytes(record.headers) + record.body.bytesReceived,
      bytesSent: headBytes(reply.sentHeaders) + reply.bodyBytes,
      ...(this.filename === undefined ? {} : { filename: this.filename }),
      ...(this.handler === undefined ? {} : { handler: this.handler }),
      serverName: this.virtualHost.serverName?.host ?? connection.localAddress,
      canonicalName: this.selfName.name,
      canonicalPort: this.selfName.port,
      pid: process.pid,
      requestHeader: (name) => headerValue(this.headers, name),
      responseHeader: (name) => headerValue(reply.sentHeaders, name),
      environment: (name) => this.environment.get(name),
    };
    this.site.logs.logAccess(this.virtualHost, access);
  }
}

/** Bytes of a head with these fields; the first line is not known any more and counts as none. */
function headBytes(headers: readonly string[]): number {
  let bytes = 2;
  for (let at = 0; at < headers.length; at += 2)
    bytes += (headers[at] as string).length + (headers[at + 1] as string).length + 4;
  return bytes;
}
