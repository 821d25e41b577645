/** At most so many holders at a time; the others wait in line, for a limited time. */
export class Slots {
  readonly #most: number;
  #taken = 0;
  readonly #waiting: Waiter[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** `onSlot(false)`: the time was over. The function that comes back gives the slot back, or leaves the line. */
  take(limitMs: number, onSlot: (isGiven: boolean) => void): () => void {
    if (this.#taken < this.#most) {
      this.#taken += 1;
      onSlot(true);
      return this.#giveBackOnce();
    }
    const waiter: Waiter = { onSlot, giveBack: () => this.#leave(waiter) };
    if (limitMs > 0) waiter.timer = setTimeout(() => this.#leave(waiter) ?? onSlot(false), limitMs);
    this.#waiting.push(waiter);
    return () => waiter.giveBack();
  }

  #leave(waiter: Waiter): void {
    const at = this.#waiting.indexOf(waiter);
    if (at >= 0) this.#waiting.splice(at, 1);
    clearTimeout(waiter.timer);
  }

  #giveBackOnce(): () => void {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#pass();
    };
  }

  /** To the next in line, else to whoever comes. */
  #pass(): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#taken -= 1;
      return;
    }
    clearTimeout(next.timer);
    next.giveBack = this.#giveBackOnce();
    next.onSlot(true);
  }
}

interface Waiter {
  readonly onSlot: (isGiven: boolean) => void;
  giveBack: () => void;
  timer?: NodeJS.Timeout;
}
