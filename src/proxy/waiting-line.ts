import type { GroupLimits, LeaseCallback, PoolRefusal, Waiting } from './process-pool.js';

interface Waiter {
  readonly callback: LeaseCallback;
  readonly since: number;
  timer: NodeJS.Timeout | undefined;
}

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
  readonly #inside: WaitLimit;
  readonly #outside: WaitLimit;
  readonly #inLine = new Set<Waiter>();
  readonly #before = new Set<Waiter>();

  constructor(limits: GroupLimits) {
    this.#places = limits.listenBacklog;
    this.#inside = insideLimit(limits);
    const outside = outsideLimit(limits);
    const expiresInside = this.#inside.ms > 0 && this.#inside.ms < outside.ms;
    this.#outside = expiresInside ? this.#inside : outside;
  }

  get isEmpty(): boolean {
    return this.#inLine.size === 0;
  }

  join(callback: LeaseCallback): Waiting {
    const waiter: Waiter = { callback, since: performance.now(), timer: undefined };
    if (this.#inLine.size < this.#places) this.#stand(waiter, this.#inLine, this.#inside);
    else this.#stand(waiter, this.#before, this.#outside);
    return { cancel: () => this.#leave(waiter) };
  }

  /** Takes the first out of the line. */
  shift(): LeaseCallback | undefined {
    const [first] = this.#inLine;
    if (first !== undefined) this.#leave(first);
    return first?.callback;
  }

  refuseAll(refusal: PoolRefusal): void {
    const everyone = [...this.#inLine, ...this.#before];
    this.#inLine.clear();
    this.#before.clear();
    for (const { timer } of everyone) clearTimeout(timer);
    for (const { callback } of everyone) callback(refusal);
  }

  #stand(waiter: Waiter, where: Set<Waiter>, limit: WaitLimit): void {
    where.add(waiter);
    clearTimeout(waiter.timer);
    waiter.timer = undefined;
    if (limit.ms === 0) return;
    const leftMs = Math.max(0, waiter.since + limit.ms - performance.now());
    waiter.timer = setTimeout(() => {
      this.#leave(waiter);
      waiter.callback(limit.refusal);
    }, leftMs);
  }

  #leave(waiter: Waiter): void {
    clearTimeout(waiter.timer);
    if (this.#before.delete(waiter) || !this.#inLine.delete(waiter)) return;
    const [next] = this.#before;
    if (next === undefined) return;
    this.#before.delete(next);
    this.#stand(next, this.#inLine, this.#inside);
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
