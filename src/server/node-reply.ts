import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { Socket } from 'node:net';
import { headerValue } from '../http/index.js';
import { ClientReply, joinBytes } from './client-reply.js';
import type { Reply } from './request-record.js';

/** The answer to one request of node:http: framing, keep-alive, slow clients, and endings that look like what they are. */
export class NodeReply extends ClientReply implements Reply {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #length: number | undefined;
  #hasBody = true;
  /** The first piece of the body, for a moment: mostly the end is right behind it. */
  #held: Buffer | undefined;
  #isLast = false;
  #isUncontinued = false;
  readonly #clientKeeps: boolean;

  constructor(request: IncomingMessage, response: ServerResponse, timeoutMs: number) {
    super(timeoutMs);
    this.#request = request;
    this.#response = response;
    this.#clientKeeps = response.shouldKeepAlive;
    // A connection that breaks is reported by `close`.
    response.on('error', () => {});
    response.once('finish', () => this.tellClosed('complete'));
    response.once('close', () => this.tellClosed('aborted'));
  }

  get willClose(): boolean {
    return !this.#response.shouldKeepAlive;
  }

  protected override get socket(): Socket {
    return this.#request.socket;
  }

  protected override get hasUnsent(): boolean {
    return this.#response.writableLength > 0;
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
    this.noteStart(status, headers);
  }

  /** HTTP/1.0 knows no interim answers. */
  inform(status: number, headers: readonly string[]): void {
    if (this.isStarted || this.isClosed || this.#request.httpVersionMinor === 0) return;
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
    const { socket } = this;
    const lines = pairs(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.noteStart(101, headers);
    this.#response.detachSocket(socket);
    socket.once('close', () => this.tellClosed('complete'));
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
    if (!isTaken) this.watchTaking();
    return isTaken;
  }

  /** Nothing came right behind the first piece: it goes out by itself. */
  #release(): void {
    if (this.#held === undefined) return;
    const held = this.#held;
    this.#held = undefined;
    if (!this.#response.write(held)) this.watchTaking();
  }

  onDrain(callback: () => void): void {
    this.#response.once('drain', () => {
      this.stopWatching();
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
    this.watchTaking();
  }

  cut(): void {
    this.#release();
    this.limitCut();
    const { socket } = this;
    // What was written still goes out. Without Content-Length or chunks the end of the connection is the end of the body,
    // so there only a reset tells that something is missing.
    if (this.#length !== undefined || this.#response.chunkedEncoding || !this.isStarted)
      Socket.prototype.destroySoon.call(socket);
    else socket.write('', () => socket.resetAndDestroy());
  }
}

function pairs(headers: readonly string[]): [name: string, value: string][] {
  const found: [string, string][] = [];
  for (let at = 0; at < headers.length; at += 2) found.push([headers[at] ?? '', headers[at + 1] ?? '']);
  return found;
}
