import { readFile } from 'node:fs/promises';

/** Beyond cpu-time-limit and shutdown-timeout the system grants a second more, then it kills. */
const periodMs = 500;

/** Of proc(5), on every Linux: sysconf(_SC_CLK_TCK). */
const ticksPerSecond = 100;

/**
 * Calls `exceeded`, once, when a process has used so many seconds of processor time. The system tells the process itself by SIGXCPU, but
 * one whose event loop is busy does not hear it, and nobody is told why the system kills it in the end.
 */
export class CpuTimeWatch {
  hasExceeded = false;
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number, limit: number, exceeded: () => void) {
    this.#timer = setInterval(() => {
      void readCpuSeconds(pid).then((seconds) => {
        // Ticks are cut off, and the system counts more finely.
        if (seconds < limit - 1 / ticksPerSecond || this.hasExceeded) return;
        this.hasExceeded = true;
        this.stop();
        exceeded();
      });
    }, periodMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Of all its threads, of proc(5); 0 where it cannot be told. */
async function readCpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  // The name of the program, in parentheses, may hold blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / ticksPerSecond;
}
