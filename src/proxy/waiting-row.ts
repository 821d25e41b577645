import type { LeaseCallback, Waiting } from './process-pool.js';

/** Somebody who waits, in one row at a time. */
export class Waiter implements Waiting {
  /** On `performance.now()`'s clock, ms. */
  readonly since = performance.now();
  readonly callback: LeaseCallback;
  readonly #left: () => void;
  row: WaitingRow | undefined;
  ahead: Waiter | undefined;
  behind: Waiter | undefined;

  /** `left`: called when it has been cancelled. */
  constructor(callback: LeaseCallback, left: () => void) {
    this.callback = callback;
    this.#left = left;
  }

  cancel(): void {
    if (this.row === undefined) return;
    this.row.remove(this);
    this.#left();
  }
}

/**
 * Who waits at most so long, first come first: they are added in the order of their `since`. One timer for all of them, and links
 * rather than a Set, for the reason that `wire/stream-table.ts` gives.
 */
export class WaitingRow {
  readonly #limitMs: number;
  readonly #expire: (waiter: Waiter) => void;
  #first: Waiter | undefined;
  #last: Waiter | undefined;
  #size = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `limitMs`: 0 for no limit. `expire`: called for each who has waited so long, after it has left. */
  constructor(limitMs: number, expire: (waiter: Waiter) => void) {
    this.#limitMs = limitMs;
    this.#expire = expire;
  }

  get size(): number {
    return this.#size;
  }

  get first(): Waiter | undefined {
    return this.#first;
  }

  add(waiter: Waiter): void {
    waiter.row = this;
    waiter.ahead = this.#last;
    if (this.#last === undefined) this.#first = waiter;
    else this.#last.behind = waiter;
    this.#last = waiter;
    this.#size += 1;
    if (this.#timer === undefined && this.#limitMs > 0) this.#setTimer(waiter);
  }

  /** Of a waiter that is here. */
  remove(waiter: Waiter): void {
    const { ahead, behind } = waiter;
    if (ahead === undefined) this.#first = behind;
    else ahead.behind = behind;
    if (behind === undefined) this.#last = ahead;
    else behind.ahead = ahead;
    waiter.row = undefined;
    waiter.ahead = undefined;
    waiter.behind = undefined;
    this.#size -= 1;
  }

  /** Takes everybody out, in order. */
  clear(): Waiter[] {
    const everyone: Waiter[] = [];
    for (let first = this.#first; first !== undefined; first = this.#first) {
      this.remove(first);
      everyone.push(first);
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return everyone;
  }

  /** It is not stopped when that waiter leaves, as nearly all do in time, but set again when it fires too early.
   * It need not keep the process alive: whoever waits has a connection. */
  #setTimer({ since }: Waiter): void {
    const leftMs = Math.max(0, since + this.#limitMs - performance.now());
    this.#timer = setTimeout(() => this.#expireDue(), Math.ceil(leftMs)).unref();
  }

  #expireDue(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (let first = this.#first; first !== undefined; first = this.#first) {
      if (first.since + this.#limitMs > now) break;
      this.remove(first);
      this.#expire(first);
    }
    if (this.#first !== undefined && this.#timer === undefined) this.#setTimer(this.#first);
  }
}
