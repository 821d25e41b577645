/** What the processes of a pool have done so far. */
export interface Work {
  /** Somebody is served, or a process is still starting. */
  readonly isBusy: boolean;
  /** Differs when something was served meanwhile. */
  readonly trace: string;
}

const longestPeriodMs = 1_000;

/** Looks again and again what a pool does, and says once when it has done nothing for `timeoutMs`. */
export class IdleWatch {
  readonly #timer: NodeJS.Timeout;
  readonly #timeoutMs: number;
  readonly #look: () => Promise<Work>;
  readonly #idle: () => void;
  #trace = '';
  #busyAt = performance.now();
  #isLooking = false;
  #isStopped = false;

  constructor(timeoutMs: number, look: () => Promise<Work>, idle: () => void) {
    this.#timeoutMs = timeoutMs;
    this.#look = look;
    this.#idle = idle;
    this.#timer = setInterval(() => void this.#check(), Math.min(timeoutMs / 4, longestPeriodMs));
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#isStopped = true;
  }

  async #check(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const { isBusy, trace } = await this.#look();
    if (this.#isStopped) return;
    const now = performance.now();
    if (isBusy || trace !== this.#trace) this.#busyAt = now;
    this.#trace = trace;
    this.#isLooking = false;
    if (now - this.#busyAt < this.#timeoutMs) return;
    this.stop();
    this.#idle();
  }
}
