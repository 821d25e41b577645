import { AsyncResource } from 'node:async_hooks';

interface Waiting {
  readonly enter: () => void;
  readonly expire: () => void;
  readonly since: number;
  left: boolean;
}

/**
 * At most `limit` requests in their callables at once (null: no bound); the others wait in order, each at most
 * `queueTimeoutMs` (0: for ever).
 */
export class Admission {
  readonly #limit: number;
  readonly #queueTimeoutMs: number;
  readonly #queue: Waiting[] = [];
  #inside = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(limit: number | null, queueTimeoutMs: number) {
    this.#limit = limit ?? Number.POSITIVE_INFINITY;
    this.#queueTimeoutMs = queueTimeoutMs;
  }

  /** True: it is inside now. Whoever entered, so or from the queue, calls {@link leave} once. */
  enter(): boolean {
    if (this.#inside >= this.#limit) return false;
    this.#inside += 1;
    return true;
  }

  /**
   * For whom {@link enter} refused: calls `enter` later, or `expire` when that took too long, in the asynchronous context of now and not of
   * the request that makes room. The function returned takes it out of the queue.
   */
  wait(enter: () => void, expire: () => void): () => void {
    const waiting: Waiting = {
      enter: AsyncResource.bind(enter),
      expire,
      since: performance.now(),
      left: false,
    };
    this.#queue.push(waiting);
    this.#watchQueue();
    return () => {
      waiting.left = true;
    };
  }

  leave(): void {
    this.#inside -= 1;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if (next.left) continue;
      this.#inside += 1;
      next.enter();
      return;
    }
  }

  /** One timer, for the oldest: all wait equally long, so the others are due later. */
  #watchQueue(): void {
    if (this.#queueTimeoutMs === 0 || this.#timer !== undefined) return;
    const [oldest] = this.#queue;
    if (oldest === undefined) return;
    const dueInMs = oldest.since + this.#queueTimeoutMs - performance.now();
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#expireDue();
        this.#watchQueue();
      },
      Math.max(1, Math.ceil(dueInMs)),
    );
  }

  #expireDue(): void {
    const dueSince = performance.now() - this.#queueTimeoutMs;
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      if (!first.left && first.since > dueSince) return;
      this.#queue.shift();
      if (!first.left) first.expire();
    }
  }
}
