import type { ReadLimit } from '../config/model.js';
import { watchReading } from './watch-reading.js';

/**
 * How long a client may take for its body: Timeout for each piece, RequestReadTimeout for all of it. Time in which nobody here reads counts
 * for neither.
 */
export class ClientWait {
  /** Milliseconds, 0: any time. Before `begin`. */
  timeoutMs: number;
  /** Before `begin`. */
  readLimit: ReadLimit | undefined;
  #timer: NodeJS.Timeout | undefined;
  #reading: { stop(): void } | undefined;
  #isPaused = false;
  #pausedAt = 0;
  /** Before the present pause. */
  #pausedMs = 0;

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Tells why the client was too slow, and then nothing more. `countBytes`: what has come so far. */
  begin(countBytes: () => number, tell: (reason: string) => void): void {
    const expire = (directive: string) => {
      this.stop();
      tell(`the request body did not arrive in time (${directive})`);
    };
    if (this.timeoutMs > 0) {
      this.#timer = setTimeout(() => {
        if (this.#isPaused) this.#timer?.refresh();
        else expire('Timeout');
      }, this.timeoutMs);
    }
    this.#reading = watchReading(
      this.readLimit,
      { bytes: countBytes, excusedMs: () => this.#excusedMs },
      () => expire('RequestReadTimeout'),
    );
  }

  /** Something has come. */
  goOn(): void {
    this.#timer?.refresh();
  }

  pause(): void {
    if (!this.#isPaused) this.#pausedAt = performance.now();
    this.#isPaused = true;
  }

  resume(): void {
    this.#pausedMs = this.#excusedMs;
    this.#isPaused = false;
    this.#timer?.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#reading?.stop();
  }

  get #excusedMs(): number {
    return this.#pausedMs + (this.#isPaused ? performance.now() - this.#pausedAt : 0);
  }
}
