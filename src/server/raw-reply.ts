import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { formatHttpDate, headerValue, reasonPhrase } from '../http/index.js';
import { closeLingering } from './lingering-close.js';
import type { Reply } from './request-record.js';

/** The answer to what node:http could not read: straight to the socket, which is closed behind it. */
export class RawReply implements Reply {
  isStarted = false;
  status = 0;
  sentHeaders: readonly string[] = [];
  bodyBytes = 0;
  firstByteAt: number | undefined;
  readonly willClose = true;
  readonly #socket: Socket;
  #closed: 'complete' | 'aborted' | undefined;
  readonly #callbacks: ((how: 'complete' | 'aborted') => void)[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.once('close', () => this.#close('aborted'));
  }

  start(status: number, reason: string, headers: readonly string[]): void {
    const lines = [
      `HTTP/1.1 ${status} ${reason || reasonPhrase(status)}`,
      `Date: ${formatHttpDate(Date.now())}`,
    ];
    for (let at = 0; at < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`);
    // Without Content-Length, the end of the connection is the end of the body.
    this.#socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`, 'latin1');
    this.isStarted = true;
    this.status = status;
    this.sentHeaders = headers;
    this.firstByteAt = Date.now();
  }

  inform(): void {}

  switchProtocol(): Duplex {
    throw new Error('nothing is left to be spoken on this connection');
  }

  write(piece: Buffer): boolean {
    this.bodyBytes += piece.length;
    return this.#socket.write(piece);
  }

  onDrain(callback: () => void): void {
    this.#socket.once('drain', callback);
  }

  end(): void {
    const length = headerValue(this.sentHeaders, 'content-length');
    if (length !== undefined && this.bodyBytes < Number(length)) return this.cut();
    closeLingering(this.#socket);
    this.#close('complete');
  }

  cut(): void {
    this.#socket.destroy();
  }

  closeConnection(): void {}

  setTimeout(): void {}

  onClosed(callback: (how: 'complete' | 'aborted') => void): void {
    if (this.#closed === undefined) this.#callbacks.push(callback);
    else callback(this.#closed);
  }

  #close(how: 'complete' | 'aborted'): void {
    if (this.#closed !== undefined) return;
    this.#closed = how;
    for (const callback of this.#callbacks) callback(how);
  }
}
