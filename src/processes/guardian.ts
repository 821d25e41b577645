import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./guardian.sh', import.meta.url));

/** Between the end of a guardian that was killed and the start of the next. */
const restartMs = 1_000;

/**
 * A process that outlives this one, and kills what is left of its children then (guardian.sh). It is a shell of a megabyte, since
 * only a process of its own can act when both the supervisor is gone and the children are stuck.
 */
export class Guardian {
  readonly #log: (message: string) => void;
  readonly #seconds = new Map<number, number>();
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isEnding = false;

  /** `log` hears why nobody watches, if that is so. */
  constructor(log: (message: string) => void) {
    this.#log = log;
    this.#start();
  }

  /** `afterMs`: how long the process may live on without a supervisor. */
  watch(pid: number, afterMs: number): void {
    if (pid === 0) return;
    const seconds = Math.ceil(afterMs / 1000);
    this.#seconds.set(pid, seconds);
    this.#tell(`${pid} ${seconds}`);
  }

  forget(pid: number): void {
    if (this.#seconds.delete(pid)) this.#tell(`${pid}`);
  }

  /** When every child has ended. */
  end(): void {
    this.#isEnding = true;
    clearTimeout(this.#timer);
    this.#child?.stdin?.end();
  }

  #start(): void {
    // Its pipes are all that it is told by: it must not hold our output open, nor be ended with a terminal.
    const child = spawn('/bin/sh', [script], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      cwd: '/',
    });
    this.#child = child;
    child.stdin?.on('error', () => {});
    child.on('error', (error) =>
      this.#log(`nobody ends stuck processes if this one is killed: ${error.message}`),
    );
    child.on('exit', () => this.#startLater());
    child.unref();
    (child.stdin as unknown as { unref?(): void } | null)?.unref?.();
    for (const [pid, seconds] of this.#seconds) this.#tell(`${pid} ${seconds}`);
  }

  #startLater(): void {
    if (this.#isEnding) return;
    this.#timer = setTimeout(() => this.#start(), restartMs);
    this.#timer.unref();
  }

  #tell(line: string): void {
    const input = this.#child?.stdin;
    if (input?.writable) input.write(`${line}\n`);
  }
}
