import type { Duplex } from 'node:stream';
import type { ReadLimit } from '../config/model.js';
import type { HeaderList } from '../http/index.js';
import type { BodySource } from '../proxy/index.js';
import type { TlsConnection } from '../tls/index.js';

/** The two ends of a connection; IPv4 in dotted form, also when it came in on an IPv6 socket. */
export interface ConnectionFacts {
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** For whom the other end asks, by its PROXY header; absent: for itself. */
  readonly proxiedAddress?: string;
  /** Absent: plain HTTP. */
  readonly tls?: TlsConnection;
}

/** What the Expect header asks for. */
export type Expectation = 'none' | 'continue' | 'unknown';

/** One request as the listener hands it over. All texts are byte strings. */
export interface RequestRecord {
  readonly connection: ConnectionFacts;
  readonly method: string;
  /** The request target as sent. */
  readonly target: string;
  readonly httpVersion: '1.0' | '1.1';
  readonly headers: HeaderList;
  /** Milliseconds since the epoch, fractions allowed. */
  readonly startedAt: number;
  /** Requests that this connection carried before. */
  readonly keepAliveIndex: number;
  readonly expectation: Expectation;
  /** The protocol that the client wants this connection to become, in lower case; `reply.switchProtocol` does it. */
  readonly upgrade?: string;
  readonly body: RequestBody;
  readonly reply: Reply;
}

export interface RequestBody extends BodySource {
  /** The request announces a body (Content-Length above 0, or chunked). */
  readonly isPresent: boolean;
  /** Content-Length in bytes; undefined when chunked or absent. */
  readonly length: number | undefined;
  readonly isChunked: boolean;
  /** Bytes after which `fail(413)` is called; 0: no limit. Before `start`. */
  setLimit(bytes: number): void;
  /** How long one wait for the client may last. Before `start`. */
  setTimeout(timeoutMs: number): void;
  /** How slow the client may be. Before `start`. */
  setReadLimit(limit: ReadLimit | undefined): void;
  /** All of it has arrived. */
  readonly isComplete: boolean;
  /** Body bytes that have arrived. */
  readonly bytesReceived: number;
}

/** The answer to one request. Framing, HEAD, and keep-alive are the listener's; so is telling the client of a cut. */
export interface Reply {
  /** Once. `headers` are checked: no CR, LF or NUL; no Connection, Transfer-Encoding, Date or Keep-Alive. */
  start(status: number, reason: string, headers: readonly string[]): void;
  /** An interim answer (102, 103) before `start`; what the client cannot understand is left out. */
  inform(status: number, headers: readonly string[]): void;
  /** In place of `start`, where the record says `upgrade`: answers 101 and hands over the connection. */
  switchProtocol(headers: readonly string[]): Duplex;
  /** False: wait for `onDrain`. Bytes beyond Content-Length are dropped. */
  write(piece: Buffer): boolean;
  /** The same for a short text of which each character is one byte. */
  writeText(text: string): boolean;
  /** True: the system has copied all that was written, so that its memory may be used for something else. Absent: nobody knows. */
  readonly isFlushed?: boolean;
  onDrain(callback: () => void): void;
  /** Sends what is left. A body shorter than its Content-Length is cut instead. */
  end(): void;
  /** Destroys the connection, so that an incomplete answer looks incomplete. */
  cut(): void;
  /** Answers after this one are not wanted on this connection. Before `start`. */
  closeConnection(): void;
  /** How long the client may take nothing of what is sent. */
  setTimeout(timeoutMs: number): void;
  readonly isStarted: boolean;
  readonly status: number;
  readonly sentHeaders: HeaderList;
  /** Body bytes handed to the connection. */
  readonly bodyBytes: number;
  readonly firstByteAt: number | undefined;
  /** The client took nothing for so long, and was cut off for it. */
  readonly stalledMs?: number | undefined;
  /** Once, when the answer is complete or the connection is gone, whichever comes first. */
  onClosed(callback: (how: 'complete' | 'aborted') => void): void;
  readonly willClose: boolean;
}

/** Of a request that brings none. */
export const noBody: RequestBody = {
  isPresent: false,
  length: undefined,
  isChunked: false,
  isComplete: true,
  bytesReceived: 0,
  setLimit: () => {},
  setTimeout: () => {},
  setReadLimit: () => {},
  start: (listener) => listener.end(),
  pause: () => {},
  resume: () => {},
};
