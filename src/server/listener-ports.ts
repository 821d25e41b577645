/** What a listener is given: limits, and whom it hands to what came. */

import type { Socket } from 'node:net';
import type { LocalEnd } from './connection-facts.js';
import type { ConnectionLimits } from './connection-watch.js';
import type { ConnectionFacts, RequestRecord } from './request-record.js';

/** Limits that hold before it is known which virtual host a request is for: the main server's. */
export interface ListenerLimits {
  /** Told to clients of HTTP/1.0. */
  readonly keepAliveTimeoutMs: number;
  /** Bytes of request line and headers together. */
  readonly headBytes: number;
  /** Header lines; 0: no limit. */
  readonly headerLines: number;
  ofConnection(local: LocalEnd): ConnectionLimits;
  /** Some connections begin with a PROXY header. */
  readonly hasProxyProtocol: boolean;
  /** One wait for the client, to send or to take, until a virtual host says otherwise. */
  readonly timeoutMs: number;
  /** Of `upgrade=` in the site file: what connections may become besides WebSocket. */
  readonly upgradeProtocols?: ReadonlySet<string>;
  /** At once; absent: no limit. */
  readonly connections?: number;
  /** For tests: everything is read by node:http. */
  readonly isNodeOnly?: boolean;
}

/** A request that could not be understood. */
export interface UnreadableRequest {
  /** Nothing of it is known but the connection; its reply closes that. */
  readonly record: RequestRecord;
  readonly status: 400 | 405 | 408 | 501;
  readonly reason: string;
  /** What the page says besides. */
  readonly hint?: 'https-expected';
}

export interface ListenerHandlers {
  request(record: RequestRecord): void;
  unreadable(request: UnreadableRequest): void;
  /** A connection ended before anything could be asked. */
  lost(connection: ConnectionFacts, reason: string): void;
  /** A connection has been accepted. */
  accepted?(socket: Socket): void;
  /** A connection was closed because there are too many. */
  dropped?(): void;
}

/** What everything about one listener shares. */
export interface ListenerState {
  readonly limits: ListenerLimits;
  readonly handlers: ListenerHandlers;
  /** It accepts no further connections, and every answer is the last one of its connection. */
  isDraining: boolean;
}

/** A connection on its way from one reader to another. */
export interface HandedConnection {
  /** Requests that it carried before. */
  readonly served: number;
  /** When what it is about to say began, by performance.now(). */
  readonly begun: number;
  /** What it has said of that so far. */
  readonly bytes: Buffer;
}
