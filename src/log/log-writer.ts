import { write, writeSync } from 'node:fs';
import { formatErrorLine } from './error-line.js';

export interface LogWriterOptions {
  /** Bytes that may wait for the disk before lines are dropped; default 4 MiB. */
  readonly maxWaitingBytes?: number;
  /**
   * Makes the line that takes the place of dropped ones, told how many they were and why; default: an entry in the
   * form of the error log.
   */
  formatDropped?(count: number, reason: string): string;
}

/** Appends lines to one log without ever making the caller wait. */
export interface LogWriter {
  /** `line`: a byte string with its newline. */
  write(line: string): void;
  /** Waits until everything written so far has left this process, or was given up. */
  flush(): Promise<void>;
  /** Writes what waits with blocking calls: for a process that ends now. Done at `process.exit` for every writer. */
  flushSync(): void;
  /** `flush`, then forgets the descriptor, which stays open: it is its opener's. */
  close(): Promise<void>;
}

/**
 * A writer on an open descriptor (`openLogFile`, or 1 and 2). The lines of one turn of the event loop become one
 * write, one write is under way at a time, so lines keep their order; on a descriptor opened for appending the lines
 * of several processes do not mix. While the disk stalls, lines wait up to the limit and are then dropped and counted.
 */
export function createLogWriter(fd: number, options: LogWriterOptions = {}): LogWriter {
  const { maxWaitingBytes = 4 * 1024 * 1024, formatDropped = formatDroppedAsError } = options;
  /** Lines not yet handed to the system. One character is one byte, so `length` counts bytes. */
  let waiting = '';
  let dropped = 0;
  /** How many of `dropped` the batch under way tells of. */
  let reported = 0;
  let dropReason = '';
  /** What the system is writing; empty if nothing is under way. */
  let current: Buffer = nothing;
  let scheduled: NodeJS.Immediate | undefined;
  let retry: NodeJS.Timeout | undefined;
  const whenIdle: (() => void)[] = [];

  function add(line: string): void {
    if (waiting.length + line.length > maxWaitingBytes) {
      drop(1, 'the log did not take them fast enough');
      return;
    }
    waiting += line;
    if (current.length === 0) scheduled ??= setImmediate(writeWaiting);
  }

  function drop(count: number, reason: string): void {
    dropped += count;
    dropReason = reason;
  }

  function writeWaiting(): void {
    scheduled = undefined;
    current = takeWaiting();
    if (current.length === 0) {
      becomeIdle();
      return;
    }
    write(fd, current, 0, current.length, null, onWritten);
  }

  function takeWaiting(): Buffer {
    const text = dropped > 0 ? waiting + formatDropped(dropped, dropReason) : waiting;
    waiting = '';
    reported = dropped;
    return Buffer.from(text, 'latin1');
  }

  function onWritten(error: NodeJS.ErrnoException | null, written: number): void {
    if (error?.code === 'EAGAIN') {
      // A pipe whose reader is slow. There is no event for "writable again" on a bare descriptor.
      retry = setTimeout(() => {
        retry = undefined;
        write(fd, current, 0, current.length, null, onWritten);
      }, retryPauseMs);
      return;
    }
    if (error) {
      // A full disk, or a reader that has gone: this batch is lost, the next one may fare better.
      drop(countLines(current) - (reported > 0 ? 1 : 0), `they could not be written (${error.code})`);
      current = nothing;
      // Only a new line makes another attempt, so that a log which stays broken costs nothing.
      if (waiting) writeWaiting();
      else becomeIdle();
      return;
    }
    current = current.subarray(written);
    if (current.length > 0) {
      write(fd, current, 0, current.length, null, onWritten);
      return;
    }
    dropped -= reported;
    writeWaiting();
  }

  function becomeIdle(): void {
    for (const resolve of whenIdle.splice(0)) resolve();
  }

  function flushSync(): void {
    if (scheduled) clearImmediate(scheduled);
    scheduled = undefined;
    if (current.length > 0 && !retry) pauseForPool();
    if (retry) {
      clearTimeout(retry);
      retry = undefined;
      writeAllSync(fd, current);
      current = nothing;
      dropped -= reported;
    }
    writeAllSync(fd, takeWaiting());
    dropped = 0;
    reported = 0;
    if (current.length === 0) becomeIdle();
  }

  function flush(): Promise<void> {
    if (current.length === 0 && waiting === '' && dropped === 0) return Promise.resolve();
    return new Promise((resolve) => {
      whenIdle.push(resolve);
      if (current.length === 0) scheduled ??= setImmediate(writeWaiting);
    });
  }

  const writer: LogWriter = {
    write: add,
    flush,
    flushSync,
    async close() {
      await flush();
      openWriters.delete(writer);
    },
  };
  flushAtExit(writer);
  return writer;
}

const nothing = Buffer.alloc(0);
const newline = 0x0a;
const retryPauseMs = 20;

function formatDroppedAsError(count: number, reason: string): string {
  const message = `${count} ${count === 1 ? 'line was' : 'lines were'} dropped here: ${reason}`;
  return formatErrorLine({
    time: new Date(),
    module: 'log_config',
    level: 'error',
    pid: process.pid,
    message,
  });
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (const byte of bytes) if (byte === newline) lines += 1;
  return lines;
}

/** Gives up at the first error: at exit there is nobody left to tell. */
function writeAllSync(fd: number, bytes: Buffer): void {
  let rest = bytes;
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
  } catch {}
}

/**
 * A thread of Node's pool is writing a batch that this thread can no longer be told about. It will end it, also while
 * the process exits; a moment's head start keeps the lines in their order.
 */
function pauseForPool(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
}

const openWriters = new Set<LogWriter>();

function flushAtExit(writer: LogWriter): void {
  if (openWriters.size === 0 && !process.listeners('exit').includes(flushAllSync))
    process.on('exit', flushAllSync);
  openWriters.add(writer);
}

function flushAllSync(): void {
  for (const writer of openWriters) writer.flushSync();
}
