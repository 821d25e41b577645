import type { Socket } from 'node:net';
import type { ReadLimit } from '../config/model.js';
import type { PieceUse } from '../proxy/index.js';
import { ClientWait } from './client-wait.js';
import type { LeanReply } from './lean-reply.js';
import type { RequestBody } from './request-record.js';

type Listener = Parameters<RequestBody['start']>[0];

/** Bytes that are kept for whoever has not asked for them yet; then the client has to wait. */
const mostKept = 65_536;

/** A body with Content-Length: started when somebody wants it, limited in every wait. */
export class LeanBody implements RequestBody {
  readonly isPresent = true;
  readonly isChunked = false;
  readonly length: number;
  bytesReceived = 0;
  /** Bytes that have not arrived. */
  missing: number;
  readonly #socket: Socket;
  readonly #reply: LeanReply;
  readonly #wait: ClientWait;
  #limit = 0;
  #listener: Listener | undefined;
  /** What has arrived and was not handed on. */
  #kept: Buffer[] = [];
  #keptBytes = 0;
  /** Of the piece that was handed on last. */
  #lastUse: PieceUse = 'kept';
  /** What has just come, as long as it may be lent. */
  #lendable: Buffer | undefined;
  /** The client has to wait. */
  #isStopped = false;
  /** Nobody is told anything any more. */
  #isOver = false;
  /** What is thrown away has to come until then. */
  #discardTimer: NodeJS.Timeout | undefined;

  /** `length`: in bytes, above 0. */
  constructor(socket: Socket, reply: LeanReply, length: number, timeoutMs: number) {
    this.#socket = socket;
    this.#reply = reply;
    this.length = length;
    this.missing = length;
    this.#wait = new ClientWait(timeoutMs);
  }

  get isComplete(): boolean {
    return this.missing === 0;
  }

  setLimit(bytes: number): void {
    this.#limit = bytes;
  }

  setTimeout(timeoutMs: number): void {
    this.#wait.timeoutMs = timeoutMs;
  }

  setReadLimit(limit: ReadLimit | undefined): void {
    this.#wait.readLimit = limit;
  }

  start(listener: Listener): void {
    if (this.#isOver) return;
    this.#listener = listener;
    if (this.missing > 0)
      this.#wait.begin(
        () => this.bytesReceived,
        (reason) => this.#fail(408, reason),
      );
    this.#hand();
  }

  /** A piece of it, never more than is missing. `lends`: nothing else lies in its memory, which may be given back once nobody reads the piece. */
  take(piece: Buffer, lends: boolean): PieceUse {
    this.missing -= piece.length;
    if (this.#isOver) {
      if (this.missing === 0) clearTimeout(this.#discardTimer);
      return 'free';
    }
    this.#wait.goOn();
    this.#kept.push(piece);
    this.#keptBytes += piece.length;
    this.#lastUse = 'kept';
    this.#lendable = lends ? piece : undefined;
    this.#hand();
    this.#lendable = undefined;
    if (this.#keptBytes >= mostKept) this.#stop();
    return this.#keptBytes > 0 ? 'kept' : this.#lastUse;
  }

  pause(): void {
    this.#wait.pause();
    this.#stop();
  }

  resume(): void {
    this.#wait.resume();
    this.#hand();
  }

  /** The answer is out, but the client still sends: what is thrown away must come to an end, too. */
  discard(): void {
    this.abandon();
    this.#goOn();
    const { timeoutMs } = this.#wait;
    if (timeoutMs > 0) this.#discardTimer = setTimeout(() => this.#socket.destroy(), timeoutMs);
  }

  /** Nobody will want it any more. That the client left is told by the reply. */
  abandon(): void {
    this.#isOver = true;
    this.#kept = [];
    this.#listener = undefined;
    this.#wait.stop();
    clearTimeout(this.#discardTimer);
  }

  /** Hands on what there is, unless the listener has enough. */
  #hand(): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    while (!this.#wait.isPaused && !this.#isOver) {
      const piece = this.#kept.shift();
      if (piece === undefined) break;
      this.#keptBytes -= piece.length;
      this.bytesReceived += piece.length;
      if (this.#limit > 0 && this.bytesReceived > this.#limit) {
        this.#fail(413, `the request body is larger than ${this.#limit} bytes (LimitRequestBody)`);
        return;
      }
      if (piece === this.#lendable && listener.lend !== undefined) this.#lastUse = listener.lend(piece);
      else listener.piece(piece);
    }
    if (this.#wait.isPaused || this.#isOver) return;
    if (this.missing > 0) this.#goOn();
    else {
      this.abandon();
      listener.end();
    }
  }

  /** Only as long as what comes is of this body: the socket is the next request's behind it. */
  #stop(): void {
    if (this.missing === 0 || this.#isOver) return;
    this.#isStopped = true;
    this.#socket.pause();
  }

  #goOn(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    if (this.missing > 0) this.#socket.resume();
  }

  #fail(status: 408 | 413, reason: string): void {
    const listener = this.#listener;
    this.#reply.closeConnection();
    this.abandon();
    listener?.fail(status, reason);
  }
}
