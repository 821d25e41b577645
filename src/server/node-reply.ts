import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { Socket } from 'node:net';
import { headerValue } from '../http/index.js';
import type { Reply } from './request-record.js';
import { watchTaking } from './watch-taking.js';

/** A first piece of up to so many bytes is worth joining with the head. */
const joinBytes = 16_384;
/** For a reply that is cut off before anybody set a Timeout. */
const cutTimeoutMs = 5_000;

/** The answer to one request of node:http: framing, keep-alive, slow clients, and endings that look like what they are. */
export class NodeReply implements Reply {
  isStarted = false;
  status = 0;
  sentHeaders: readonly string[] = [];
  bodyBytes = 0;
  firstByteAt: number | undefined;
  stalledMs: number | undefined;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #length: number | undefined;
  #hasBody = true;
  /** The first piece of the body, for a moment: mostly the end is right behind it. */
  #held: Buffer | undefined;
  #timeoutMs: number;
  #timer: NodeJS.Timeout | undefined;
  #isLast = false;
  #isUncontinued = false;
  readonly #clientKeeps: boolean;
  #closed: 'complete' | 'aborted' | undefined;
  readonly #closedCallbacks: ((how: 'complete' | 'aborted') => void)[] = [];

  constructor(request: IncomingMessage, response: ServerResponse, timeoutMs: number) {
    this.#request = request;
    this.#response = response;
    this.#timeoutMs = timeoutMs;
    this.#clientKeeps = response.shouldKeepAlive;
    // A connection that breaks is reported by `close`.
    response.on('error', () => {});
    response.once('finish', () => this.#close('complete'));
    response.once('close', () => this.#close('aborted'));
  }

  get willClose(): boolean {
    return !this.#response.shouldKeepAlive;
  }

  setTimeout(timeoutMs: number): void {
    this.#timeoutMs = timeoutMs;
  }

  closeConnection(): void {
    this.#isLast = true;
    this.#settleKeepAlive();
  }

  /** Until `noteContinued`. */
  closeUnlessContinued(): void {
    this.#isUncontinued = true;
    this.#settleKeepAlive();
  }

  noteContinued(): void {
    this.#isUncontinued = false;
    this.#settleKeepAlive();
  }

  #settleKeepAlive(): void {
    this.#response.shouldKeepAlive = this.#clientKeeps && !this.#isLast && !this.#isUncontinued;
  }

  start(status: number, reason: string, headers: readonly string[]): void {
    this.#hasBody = this.#request.method !== 'HEAD' && status !== 204 && status !== 304;
    const length = headerValue(headers, 'content-length');
    this.#length = length === undefined ? undefined : Number(length);
    // There the end of the connection is the end of the body.
    if (this.#length === undefined && this.#hasBody && this.#request.httpVersionMinor === 0)
      this.closeConnection();
    // HTTP/1.1 keeps connections unless told otherwise, and then no header says so (as httpd).
    if (this.#response.shouldKeepAlive && this.#request.httpVersionMinor > 0)
      this.#response.removeHeader('Connection');
    this.#response.writeHead(status, reason === '' ? STATUS_CODES[status] : reason, headers as string[]);
    this.isStarted = true;
    this.status = status;
    this.sentHeaders = headers;
    this.firstByteAt = Date.now();
  }

  /** HTTP/1.0 knows no interim answers. */
  inform(status: number, headers: readonly string[]): void {
    if (this.isStarted || this.#closed !== undefined || this.#request.httpVersionMinor === 0) return;
    if (status === 102) this.#response.writeProcessing();
    if (status !== 103) return;
    const hints: Record<string, string[]> = {};
    for (let at = 0; at < headers.length; at += 2) {
      const name = (headers[at] as string).toLowerCase();
      hints[name] = [...(hints[name] ?? []), headers[at + 1] as string];
    }
    try {
      this.#response.writeEarlyHints(hints);
    } catch {
      // Hints that are no links: the answer itself says what counts.
    }
  }

  switchProtocol(headers: readonly string[]): Socket {
    const { socket } = this.#request;
    const lines = pairs(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.isStarted = true;
    this.status = 101;
    this.sentHeaders = headers;
    this.firstByteAt = Date.now();
    this.#response.detachSocket(socket);
    socket.once('close', () => this.#close('complete'));
    socket.write(`HTTP/1.1 101 ${STATUS_CODES[101]}\r\n${lines.join('')}\r\n`, 'latin1');
    return socket;
  }

  write(piece: Buffer): boolean {
    let bytes = piece;
    if (this.#length !== undefined) bytes = piece.subarray(0, Math.max(0, this.#length - this.bodyBytes));
    if (bytes.length === 0) return true;
    const isFirst = this.bodyBytes === 0;
    this.bodyBytes += bytes.length;
    if (!this.#hasBody) return true;
    if (isFirst && bytes.length <= joinBytes) {
      this.#held = bytes;
      queueMicrotask(() => this.#release());
      return true;
    }
    this.#release();
    const isTaken = this.#response.write(bytes);
    if (!isTaken) this.#watchTaking();
    return isTaken;
  }

  /** Nothing came right behind the first piece: it goes out by itself. */
  #release(): void {
    if (this.#held === undefined) return;
    const held = this.#held;
    this.#held = undefined;
    if (!this.#response.write(held)) this.#watchTaking();
  }

  /** Timeout is "per wait on the client": whoever takes something in that time, however little, may go on. */
  #watchTaking(): void {
    if (this.#timeoutMs === 0 || this.#timer !== undefined || this.#closed !== undefined) return;
    const { socket } = this.#request;
    this.#timer = watchTaking(socket, this.#timeoutMs, {
      isWaiting: () => this.#response.writableLength > 0,
      stalled: () => {
        this.stalledMs = this.#timeoutMs;
        socket.resetAndDestroy();
      },
    });
  }

  onDrain(callback: () => void): void {
    this.#response.once('drain', () => {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      callback();
    });
  }

  end(): void {
    const isShort = this.#length !== undefined && this.#hasBody && this.bodyBytes < this.#length;
    if (isShort) return this.cut();
    const held = this.#held;
    this.#held = undefined;
    // As text, node:http joins head and body: one small write instead of a gathering one.
    if (held === undefined) this.#response.end();
    else this.#response.end(held.toString('latin1'), 'latin1');
    this.#watchTaking();
  }

  cut(): void {
    this.#release();
    const { socket } = this.#request;
    // A client that takes nothing more must not keep the connection.
    const timer = setTimeout(() => socket.destroy(), this.#timeoutMs || cutTimeoutMs);
    socket.once('close', () => clearTimeout(timer));
    // What was written still goes out. Without Content-Length or chunks the end of the connection is the end of the body,
    // so there only a reset tells that something is missing.
    if (this.#length !== undefined || this.#response.chunkedEncoding || !this.isStarted)
      Socket.prototype.destroySoon.call(socket);
    else socket.write('', () => socket.resetAndDestroy());
  }

  onClosed(callback: (how: 'complete' | 'aborted') => void): void {
    if (this.#closed === undefined) this.#closedCallbacks.push(callback);
    else callback(this.#closed);
  }

  #close(how: 'complete' | 'aborted'): void {
    if (this.#closed !== undefined) return;
    this.#closed = how;
    clearTimeout(this.#timer);
    for (const callback of this.#closedCallbacks) callback(how);
  }
}

function pairs(headers: readonly string[]): [name: string, value: string][] {
  const found: [string, string][] = [];
  for (let at = 0; at < headers.length; at += 2) found.push([headers[at] ?? '', headers[at + 1] ?? '']);
  return found;
}
