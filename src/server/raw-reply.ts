import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { formatHttpDate, headerValue, reasonPhrase } from '../http/index.js';
import { ClientReply } from './client-reply.js';
import { closeLingering } from './lingering-close.js';
import type { Reply } from './request-record.js';

/** The answer to what node:http could not read: straight to the socket, which is closed behind it. */
export class RawReply extends ClientReply implements Reply {
  readonly willClose = true;
  protected override readonly socket: Socket;

  constructor(socket: Socket, timeoutMs: number) {
    super(timeoutMs);
    this.socket = socket;
    socket.once('close', () => this.tellClosed('aborted'));
  }

  protected override get hasUnsent(): boolean {
    return this.socket.writableLength > 0;
  }

  start(status: number, reason: string, headers: readonly string[]): void {
    const lines = [
      `HTTP/1.1 ${status} ${reason || reasonPhrase(status)}`,
      `Date: ${formatHttpDate(Date.now())}`,
    ];
    for (let at = 0; at < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`);
    // Without Content-Length, the end of the connection is the end of the body.
    this.socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`, 'latin1');
    this.noteStart(status, headers);
  }

  inform(): void {}

  switchProtocol(): Duplex {
    throw new Error('nothing is left to be spoken on this connection');
  }

  write(piece: Buffer): boolean {
    this.bodyBytes += piece.length;
    const isTaken = this.socket.write(piece);
    if (!isTaken) this.watchTaking();
    return isTaken;
  }

  onDrain(callback: () => void): void {
    this.socket.once('drain', () => {
      this.stopWatching();
      callback();
    });
  }

  end(): void {
    const length = this.#length;
    if (length !== undefined && this.bodyBytes < Number(length)) return this.cut();
    // Which has limits of its own for a client that takes nothing.
    closeLingering(this.socket);
    this.tellClosed('complete');
  }

  /** Without a length the end of the connection is the end of the body: there only a reset tells that something is missing. */
  cut(): void {
    if (this.isStarted && this.#length === undefined) this.socket.resetAndDestroy();
    else this.socket.destroy();
  }

  get #length(): string | undefined {
    return headerValue(this.sentHeaders, 'content-length');
  }

  closeConnection(): void {}
}
