import { readFile } from 'node:fs/promises';
import type { DaemonProcess } from './daemon-process.js';

export interface WatchLimits {
  /** 0: none. */
  readonly restartIntervalMs: number;
  /** Resident bytes; 0: no limit. */
  readonly memoryRecycle: number;
}

export interface WatchPorts {
  replace(reason: string): void;
  /** For the log: what the limits come to. */
  warn(message: string): void;
}

const memoryPeriodMs = 1_000;

/** After a successor could not be started, the next try waits so long. */
const secondTryMs = 30_000;

/** Watches a process that serves from outside, and calls `replace` when it has become too old or too large. */
export class ProcessWatch {
  readonly #process: DaemonProcess;
  readonly #limits: WatchLimits;
  readonly #replace: (reason: string) => void;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #warn: (message: string) => void;
  #askAgainAt = 0;
  #isStopped = false;

  /** `process` has just become ready. */
  constructor(process: DaemonProcess, limits: WatchLimits, ports: WatchPorts) {
    this.#process = process;
    this.#limits = limits;
    this.#replace = ports.replace;
    this.#warn = ports.warn;
    if (limits.restartIntervalMs > 0) this.#watchAge();
    if (limits.memoryRecycle > 0) void this.#watchMemory();
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #watchAge(): void {
    const { restartIntervalMs } = this.#limits;
    const age = Date.now() - this.#process.startedAt;
    const ask = (): void => {
      this.#ask(`it has run for ${restartIntervalMs / 1000} s (restart-interval)`);
      this.#timers.push(setTimeout(ask, secondTryMs));
    };
    this.#timers.push(setTimeout(ask, Math.max(0, restartIntervalMs - age)));
  }

  /** A limit that a process is beyond from its first moment on would have it replaced without end: each lives for a while, then. */
  async #watchMemory(): Promise<void> {
    const excess = await this.#findExcess();
    if (this.#isStopped) return;
    if (excess !== undefined) {
      this.#askAgainAt = Date.now() + secondTryMs;
      this.#warn(`${excess} as soon as it is ready: it is replaced every ${secondTryMs / 1000} s`);
    }
    this.#timers.push(setInterval(() => void this.#checkMemory(), memoryPeriodMs));
  }

  async #checkMemory(): Promise<void> {
    const excess = await this.#findExcess();
    if (excess !== undefined) this.#ask(excess);
  }

  /** How its memory is beyond memory-recycle, if it is. */
  async #findExcess(): Promise<string | undefined> {
    const bytes = await readResidentBytes(this.#process.pid);
    const { memoryRecycle } = this.#limits;
    if (bytes < memoryRecycle) return undefined;
    const megabytes = (count: number): string => `${Math.ceil(count / 2 ** 20)} MiB`;
    return `its memory of ${megabytes(bytes)} is beyond ${megabytes(memoryRecycle)} (memory-recycle)`;
  }

  #ask(reason: string): void {
    if (this.#process.isLeaving || Date.now() < this.#askAgainAt) return;
    this.#askAgainAt = Date.now() + secondTryMs;
    this.#replace(reason);
  }
}

/** Of proc(5); 0 where it cannot be told. */
export async function readResidentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
  const [, kilobytes = '0'] = /^VmRSS:\s*(\d+) kB$/m.exec(status) ?? [];
  return Number(kilobytes) * 1024;
}
