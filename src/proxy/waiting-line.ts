import type { GroupLimits, LeaseCallback, PoolRefusal, Waiting } from './process-pool.js';
import { Waiter, WaitingRow } from './waiting-row.js';

interface WaitLimit {
  /** 0: none. */
  readonly ms: number;
  readonly refusal: PoolRefusal;
}

/**
 * Those who wait for a place in a daemon process. As with the backlog of a socket, `listen-backlog` of them stand in line;
 * whoever finds it full waits before it, as long as mod_wsgi tries to connect.
 */
export class WaitingLine {
  readonly #places: number;
  readonly #inLine: WaitingRow;
  readonly #before: WaitingRow;

  /** Nobody overtakes: whoever stands before the line has waited less than all in it. */
  readonly #moveUp = () => {
    const { first } = this.#before;
    if (first === undefined || this.#inLine.size >= this.#places) return;
    this.#before.remove(first);
    this.#inLine.add(first);
  };

  constructor(limits: GroupLimits) {
    this.#places = limits.listenBacklog;
    const inside = insideLimit(limits);
    const outside = outsideLimit(limits);
    const expiresInside = inside.ms > 0 && inside.ms < outside.ms;
    this.#inLine = this.#createRow(inside);
    this.#before = this.#createRow(expiresInside ? inside : outside);
  }

  get isEmpty(): boolean {
    return this.#inLine.size === 0;
  }

  join(callback: LeaseCallback): Waiting {
    const waiter = new Waiter(callback, this.#moveUp);
    (this.#inLine.size < this.#places ? this.#inLine : this.#before).add(waiter);
    return waiter;
  }

  /** Takes the first out of the line. */
  shift(): LeaseCallback | undefined {
    const { first } = this.#inLine;
    first?.cancel();
    return first?.callback;
  }

  refuseAll(refusal: PoolRefusal): void {
    const everyone = [...this.#inLine.clear(), ...this.#before.clear()];
    for (const { callback } of everyone) callback(refusal);
  }

  #createRow({ ms, refusal }: WaitLimit): WaitingRow {
    return new WaitingRow(ms, ({ callback }) => {
      this.#moveUp();
      callback(refusal);
    });
  }
}

/** Without queue-timeout, whoever waits hears nothing for as long as from a silent daemon process. */
function insideLimit({ queueTimeoutMs, socketTimeoutMs }: GroupLimits): WaitLimit {
  const ms = queueTimeoutMs > 0 ? queueTimeoutMs : socketTimeoutMs;
  const name = queueTimeoutMs > 0 ? 'queue-timeout' : 'socket-timeout';
  const reason = `no daemon process was free for ${ms / 1000} s (${name})`;
  return { ms, refusal: { kind: 'refusal', status: 504, reason } };
}

function outsideLimit({ connectTimeoutMs, listenBacklog }: GroupLimits): WaitLimit {
  const reason = `${listenBacklog} requests wait for this process group already (listen-backlog), for ${connectTimeoutMs / 1000} s (connect-timeout)`;
  return { ms: connectTimeoutMs, refusal: { kind: 'refusal', status: 503, reason } };
}
