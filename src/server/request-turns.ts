import type { Socket } from 'node:net';

/** A request's body, as far as the order of requests is concerned. */
interface Arriving {
  readonly isComplete: boolean;
}

/** Requests of one connection that may wait for their turn. What comes behind them is not served. */
const mostWaiting = 100;

/**
 * The requests of one connection, one at a time: a pipelined request is not looked at before the one in front of it is answered, so that
 * no client gets more work done at once than it has connections, and nothing is done behind an answer that closes the connection.
 */
export class RequestTurns {
  /** Requests whose turn has come before. */
  served: number;
  readonly #socket: Socket;
  readonly #turned: (isBusy: boolean) => void;
  #waiting: { readonly begin: () => void; readonly isLast: boolean }[] = [];
  #newest: Arriving | undefined;
  #isBusy = false;
  #isFull = false;
  #isOver = false;
  #isPaused = false;

  /** `turned`: whether a request is being served is about to change. `served`: requests that the connection carried before. */
  constructor(socket: Socket, turned: (isBusy: boolean) => void, served = 0) {
    this.#socket = socket;
    this.#turned = turned;
    this.served = served;
  }

  /** No further request will be served. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** A request is being served. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** What arrives belongs to the body of a request whose turn has come. */
  get readsBody(): boolean {
    return this.#newest?.isComplete === false;
  }

  /** The body that is being read from the connection now. */
  get unfinishedBody(): Arriving | undefined {
    return this.#isBusy && this.readsBody ? this.#newest : undefined;
  }

  /** `begin` is called when the turn comes; `next` must follow it once. */
  add(body: Arriving, begin: () => void): void {
    this.#newest = body;
    this.#enqueue(begin, false);
  }

  /** For a request that comes once more when `begin` is called. */
  addAgain(begin: () => void): void {
    this.#newest = undefined;
    this.#enqueue(() => {
      this.served -= 1;
      this.next(false);
      begin();
    }, false);
  }

  /** As `add`, for something behind which nothing can be read any more. */
  addLast(begin: () => void): void {
    this.#newest = undefined;
    this.#enqueue(begin, true);
  }

  /** The request whose turn it was is answered. */
  next(isLast: boolean): void {
    this.#isBusy = false;
    if (isLast) this.#end();
    if (this.#isOver) return;
    const turn = this.#waiting.shift();
    if (turn !== undefined) this.#take(turn);
    else if (this.#isFull) this.#socket.destroySoon();
    if (this.#waiting.length === 0 && this.#isPaused) {
      this.#isPaused = false;
      this.#socket.resume();
    }
    if (!this.#isBusy) this.#turned(false);
  }

  #enqueue(begin: () => void, isLast: boolean): void {
    if (this.#isOver || this.#isFull) return;
    if (!this.#isBusy) {
      this.#take({ begin, isLast });
      return;
    }
    this.#waiting.push({ begin, isLast });
    this.#isFull = this.#waiting.length >= mostWaiting;
    this.#isPaused = true;
    this.#socket.pause();
  }

  #take({ begin, isLast }: { readonly begin: () => void; readonly isLast: boolean }): void {
    if (!this.#isBusy) this.#turned(true);
    this.#isBusy = true;
    if (isLast) this.#end();
    begin();
    this.served += 1;
  }

  #end(): void {
    this.#isOver = true;
    this.#waiting = [];
    this.#newest = undefined;
  }
}
