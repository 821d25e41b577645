import { readFileSync } from 'node:fs';

/** Descriptors that a front end needs besides those of clients: logs, listeners, daemon processes, the modules of Node. */
const reserved = 96;

/** The client's, and a file opened to be looked at and once more to be read. */
const perConnection = 3;

/** Between two lines that say that connections were dropped. */
const quietMs = 10_000;

/** What the system allows this process. */
export interface ConnectionLimit {
  readonly descriptors: number;
  /** At each of the listeners. */
  readonly connections: number;
}

/**
 * How many connections each listener may hold, so that descriptors are left for the files and servers that requests ask for.
 * Beyond the system's limit libuv closes connections without a word. Undefined where proc(5) does not tell the limit.
 */
export function readConnectionLimit(listeners: number): ConnectionLimit | undefined {
  let text: string;
  try {
    text = readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return undefined;
  }
  const descriptors = Number(/^Max open files\s+(\d+)/m.exec(text)?.[1] ?? Number.NaN);
  if (Number.isNaN(descriptors)) return undefined;
  return {
    descriptors,
    connections: Math.max(8, Math.floor((descriptors - reserved) / perConnection / listeners)),
  };
}

/** Called for every connection that is dropped; says so at once, and then every ten seconds how many there were. */
export function createDropReport(
  { connections, descriptors }: ConnectionLimit,
  say: (text: string) => void,
): () => void {
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;
  const report = (): void => {
    timer = undefined;
    if (dropped === 0) return;
    say(
      `${dropped} connections were closed at once: ${connections} are open at a listener, all that ${descriptors} open files (ulimit -n) allow`,
    );
    dropped = 0;
    timer = setTimeout(report, quietMs);
    timer.unref();
  };
  return () => {
    dropped += 1;
    if (timer === undefined) report();
  };
}
