export interface HeartbeatPorts {
  ping(): void;
  /** Once: nothing was answered for the whole time. */
  silent(): void;
}

const longestPeriodMs = 10_000;

/** Asks a process again and again whether its interpreter is alive, and says when it has been silent for `timeoutMs`. */
export class Heartbeat {
  readonly #timeoutMs: number;
  readonly #ports: HeartbeatPorts;
  #timer: NodeJS.Timeout;
  /** Of the oldest ping without an answer, as performance.now(). */
  #askedAt: number | undefined;

  constructor(timeoutMs: number, ports: HeartbeatPorts) {
    this.#timeoutMs = timeoutMs;
    this.#ports = ports;
    this.#timer = setInterval(() => this.#beat(), Math.min(timeoutMs / 10, longestPeriodMs));
  }

  answered(): void {
    this.#askedAt = undefined;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const now = performance.now();
    if (this.#askedAt === undefined) {
      this.#askedAt = now;
      this.#ports.ping();
    } else if (now - this.#askedAt >= this.#timeoutMs) {
      // Whatever kept this process busy kept it from reading, too: an answer may be waiting.
      setImmediate(() => {
        if (this.#askedAt === undefined) return;
        this.stop();
        this.#ports.silent();
      });
    }
  }
}
