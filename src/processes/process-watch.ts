import { readFile } from 'node:fs/promises';
import type { DaemonProcess } from './daemon-process.js';

export interface WatchLimits {
  /** 0: none. */
  readonly restartIntervalMs: number;
  /** Resident bytes; 0: no limit. */
  readonly memoryRecycle: number;
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
  #askAgainAt = 0;

  constructor(process: DaemonProcess, limits: WatchLimits, replace: (reason: string) => void) {
    this.#process = process;
    this.#limits = limits;
    this.#replace = replace;
    if (limits.restartIntervalMs > 0) this.#watchAge();
    if (limits.memoryRecycle > 0)
      this.#timers.push(setInterval(() => void this.#checkMemory(), memoryPeriodMs));
  }

  stop(): void {
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

  async #checkMemory(): Promise<void> {
    const bytes = await readResidentBytes(this.#process.pid);
    const { memoryRecycle } = this.#limits;
    if (bytes < memoryRecycle) return;
    const megabytes = (count: number): string => `${Math.ceil(count / 2 ** 20)} MiB`;
    this.#ask(`its memory of ${megabytes(bytes)} is beyond ${megabytes(memoryRecycle)} (memory-recycle)`);
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
