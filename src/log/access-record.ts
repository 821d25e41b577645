/**
 * All that an access-log line can say about one request, filled in when the request has ended. Texts are byte
 * strings, as received and unescaped; an absent member is logged as `-`. The functions are called only by formats
 * that name a header, variable, note or cookie, so building a record stays cheap.
 */
export interface AccessRecord {
  /** When the request's first byte was read: milliseconds since the epoch, fractions allowed. */
  readonly startedAt: number;
  /** From `startedAt` to the last byte sent. */
  readonly durationUs: number;
  /** From `startedAt` to the first byte of the answer. */
  readonly timeToFirstByteUs?: number;

  /** The client's address, after trusted proxies were taken into account. */
  readonly clientAddress: string;
  /** The other end of the connection. */
  readonly peerAddress: string;
  readonly peerPort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** Requests already answered on this connection. */
  readonly keepAliveIndex: number;
  /** What became of the connection when the answer was complete. */
  readonly connection: 'aborted' | 'kept' | 'closed';

  /** As received; absent if the connection ended, or timed out, before there was one. */
  readonly requestLine?: string;
  readonly method?: string;
  /** Decoded path, without the query. */
  readonly path?: string;
  /** Without the question mark; absent if there is no question mark. */
  readonly query?: string;
  /** `HTTP/1.1` */
  readonly protocol?: string;

  /** Absent unless authentication ran; also the name that was refused. */
  readonly user?: string;
  readonly status: number;
  /** Before an error document or another internal redirect replaced it; absent: the same as `status`. */
  readonly originalStatus?: number;
  /** Body bytes sent, without the head. */
  readonly bodyBytesSent: number;
  /** Including the heads; what the socket carried for this request. */
  readonly bytesReceived: number;
  readonly bytesSent: number;

  readonly filename?: string;
  /** `wsgi-script`, … */
  readonly handler?: string;
  /** ServerName of the virtual host. */
  readonly serverName: string;
  /** The name by UseCanonicalName. */
  readonly canonicalName: string;
  readonly canonicalPort: number;
  readonly pid: number;
  /** The id under which the error log speaks of this request. */
  readonly logId?: string;

  /** Whether rules put something in the variable that nobody should read over a shoulder. */
  hidesVariable?(name: string): boolean;
  requestHeader(name: string): string | undefined;
  responseHeader(name: string): string | undefined;
  environment(name: string): string | undefined;
  note?(name: string): string | undefined;
  requestTrailer?(name: string): string | undefined;
  responseTrailer?(name: string): string | undefined;
  tlsVariable?(name: string): string | undefined;
}
