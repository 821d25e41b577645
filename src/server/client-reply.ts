import type { Socket } from 'node:net';
import { watchTaking } from './watch-taking.js';

/** A first piece of up to so many bytes is worth joining with the head, and any with the size of its chunk. */
export const joinBytes = 16_384;
/** For a reply that is cut off before anybody set a Timeout. */
const cutTimeoutMs = 5_000;

type Ending = 'complete' | 'aborted';

/** What replies to HTTP/1 share: what is known of the answer, the wait for a client that takes nothing of it, and its end, told once. */
export abstract class ClientReply {
  isStarted = false;
  status = 0;
  sentHeaders: readonly string[] = [];
  bodyBytes = 0;
  firstByteAt: number | undefined;
  stalledMs: number | undefined;
  #timeoutMs: number;
  #timer: NodeJS.Timeout | undefined;
  #closed: Ending | undefined;
  readonly #closedCallbacks: ((how: Ending) => void)[] = [];

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  protected abstract get socket(): Socket;
  /** Something of it has not been taken by the system yet. */
  protected abstract get hasUnsent(): boolean;

  setTimeout(timeoutMs: number): void {
    this.#timeoutMs = timeoutMs;
  }

  abstract write(piece: Buffer): boolean;

  writeText(text: string): boolean {
    return this.write(Buffer.from(text, 'latin1'));
  }

  onClosed(callback: (how: Ending) => void): void {
    if (this.#closed === undefined) this.#closedCallbacks.push(callback);
    else callback(this.#closed);
  }

  protected get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  protected noteStart(status: number, headers: readonly string[], now = Date.now()): void {
    this.isStarted = true;
    this.status = status;
    this.sentHeaders = headers;
    this.firstByteAt = now;
  }

  /** Timeout is "per wait on the client": whoever takes something in that time, however little, may go on. */
  protected watchTaking(): void {
    if (this.#timeoutMs === 0 || this.#timer !== undefined || this.#closed !== undefined) return;
    const { socket } = this;
    this.#timer = watchTaking(socket, this.#timeoutMs, {
      isWaiting: () => this.hasUnsent,
      stalled: () => {
        this.stalledMs = this.#timeoutMs;
        socket.resetAndDestroy();
      },
    });
  }

  protected stopWatching(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** A client that takes nothing more of a reply that was cut off must not keep the connection. */
  protected limitCut(): void {
    const { socket } = this;
    const timer = setTimeout(() => socket.destroy(), this.#timeoutMs || cutTimeoutMs);
    socket.once('close', () => clearTimeout(timer));
  }

  /** Tells how it has ended, unless that has been told. */
  protected tellClosed(how: Ending): void {
    if (this.#closed !== undefined) return;
    this.#closed = how;
    this.stopWatching();
    for (const callback of this.#closedCallbacks) callback(how);
  }
}
