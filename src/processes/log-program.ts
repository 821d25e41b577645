import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogLevel } from '../log/index.js';

/** A younger one that ends is replaced after a pause. */
const youngMs = 2_000;
const restartPauseMs = 1_000;
/** Nothing more can come: who does not end then is told to. */
const endAfterMs = 5_000;

/**
 * A program that a log is piped to: `ErrorLog "|program …"`. Both ends of the pipe stay open here, so that lines wait in it while a
 * program that has ended is replaced.
 */
export class LogProgram {
  /** What lines are written to; does not block. */
  readonly fd: number;
  readonly #readFd: number;
  readonly #command: readonly string[];
  readonly #log: (level: LogLevel, message: string) => void;
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** `command`: the program and its arguments. @throws Error when no pipe can be made */
  constructor(command: readonly string[], log: (level: LogLevel, message: string) => void) {
    this.#command = command;
    this.#log = log;
    const { readFd, writeFd } = makePipe();
    this.#readFd = readFd;
    this.fd = writeFd;
    this.#start();
  }

  /** The program ends when the front ends have closed their ends too. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    closeSync(this.fd);
    closeSync(this.#readFd);
    const child = this.#child;
    setTimeout(() => child?.kill('SIGTERM'), endAfterMs).unref();
  }

  #start(): void {
    const [program = '', ...words] = this.#command;
    const startedAt = Date.now();
    // A group of its own: what ends the server at a terminal must not end the logs before it.
    const child = spawn(program, words, { stdio: [this.#readFd, 'inherit', 'inherit'], detached: true });
    child.unref();
    this.#child = child;
    child.once('error', (error) => this.#replace(startedAt, `could not be started: ${error.message}`));
    child.once('exit', (code, signal) =>
      this.#replace(
        startedAt,
        signal === null ? `exited with code ${code}` : `was ended by signal ${signal}`,
      ),
    );
  }

  #replace(startedAt: number, reason: string): void {
    this.#child = undefined;
    if (this.#isClosed) return;
    this.#log('error', `piped log program '${this.#command.join(' ')}' ${reason}; it is started again`);
    const pauseMs = Date.now() - startedAt < youngMs ? restartPauseMs : 0;
    this.#timer = setTimeout(() => this.#start(), pauseMs).unref();
  }
}

/** Node has no pipe() of its own: a named one, whose name is gone when this returns. */
function makePipe(): { readFd: number; writeFd: number } {
  const folder = mkdtempSync(join(tmpdir(), 'modhost-log-'));
  const path = join(folder, 'pipe');
  try {
    execFileSync('mkfifo', ['-m', '600', path]);
    // Each end is opened by a call that waits for the other, unless it is told not to.
    const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
    const opener = openSync(path, O_RDONLY | O_NONBLOCK);
    const writeFd = openSync(path, O_WRONLY | O_NONBLOCK);
    const readFd = openSync(path, O_RDONLY);
    closeSync(opener);
    return { readFd, writeFd };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
