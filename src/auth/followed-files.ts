import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Reads files again when they change. */
export interface FollowedFiles<Content> {
  /** The content as of now: the same object as before while the text is the same. Rejects with the file system's error: see `describeFileFault`. */
  read(path: string): Promise<Content>;
  /**
   * The content once nobody has written to the file for a moment, or after three seconds. A file that is being rewritten in place is empty
   * at first and then has the first of its lines: nothing that is missing in it should count before this. Rejects as `read`.
   */
  readAtRest(path: string): Promise<Content>;
  /** A digest of the text as of now, the same on every machine that has the same text. Rejects as `read`. */
  fingerprint(path: string): Promise<string>;
}

interface Remembered<Content> {
  readonly identity: string;
  readonly fingerprint: string;
  readonly content: Content;
  /** Whether a later change is sure to show in the file's times. */
  readonly settled: boolean;
  /** When the file was changed; milliseconds since 1970, by the clock of the file system. */
  readonly changedMs: number;
  readonly length: number;
  /** Shorter than before, or without an end of line: somebody may be in the middle of writing it. */
  readonly looksCut: boolean;
}

/** A change within the grain of a file system's clock leaves the time of the last change as it was. */
const clockGrainMs = 2000;

/** A writer that takes longer between two lines is not waited for: longer where the text looks cut. */
const quietMs = 250;
const quietAfterCutMs = 1000;
const patienceMs = 3000;

/** The files of so many users, each in a `.htaccess` of a folder of their own, are kept at a time: others are read anew when they are asked for. */
const mostKept = 1000;
const mostKeptBytes = 2 ** 26;

/** Who can write a `.htaccess` could have the memory filled otherwise: some 800 000 users fit. */
const longestBytes = 2 ** 26;

/**
 * Follows files by their modification time, size and inode, without a restart. Files are read off the event loop as byte
 * strings and parsed once per change.
 */
export function followFiles<Content>(parse: (text: string) => Content): FollowedFiles<Content> {
  const remembered = new Map<string, Remembered<Content>>();
  let keptBytes = 0;
  const reading = shareRuns(readAgainIfChanged);
  const resting = shareRuns(waitForRest);

  async function readAgainIfChanged(path: string): Promise<Remembered<Content>> {
    const known = remembered.get(path);
    const { identity, isFile } = await identify(path);
    if (known?.settled && known.identity === identity) return known;
    forget(path);
    // Opening a pipe would wait for its other end.
    if (!isFile) throw new UnfitFile('not a regular file');
    const fresh = await load(path, known, parse);
    keep(path, fresh);
    return fresh;
  }

  /** In place of those that were read first, which are read again when somebody asks. */
  function keep(path: string, fresh: Remembered<Content>): void {
    remembered.set(path, fresh);
    keptBytes += fresh.length;
    for (const oldest of remembered.keys()) {
      if ((remembered.size <= mostKept && keptBytes <= mostKeptBytes) || oldest === path) return;
      forget(oldest);
    }
  }

  function forget(path: string): void {
    keptBytes -= remembered.get(path)?.length ?? 0;
    remembered.delete(path);
  }

  async function waitForRest(path: string): Promise<Content> {
    const end = performance.now() + patienceMs;
    while (true) {
      const known = await reading(path);
      const missingMs = missingQuiet(known);
      if (missingMs === 0 || performance.now() >= end) return known.content;
      await sleep(missingMs, undefined, { ref: false });
    }
  }

  return {
    read: async (path) => (await reading(path)).content,
    readAtRest: resting,
    fingerprint: async (path) => (await reading(path)).fingerprint,
  };
}

/** Of equal questions at the same time only one is asked. */
function shareRuns<Answer>(ask: (path: string) => Promise<Answer>): (path: string) => Promise<Answer> {
  const running = new Map<string, Promise<Answer>>();
  return (path) => {
    const known = running.get(path);
    if (known !== undefined) return known;
    const started = ask(path).finally(() => running.delete(path));
    running.set(path, started);
    return started;
  };
}

/** Milliseconds until the file has been left alone for long enough. A clock that is far off tells nothing. */
function missingQuiet({ changedMs, looksCut }: Remembered<unknown>): number {
  const quiet = looksCut ? quietAfterCutMs : quietMs;
  const missing = changedMs + quiet - Date.now();
  return missing > 0 && missing <= quiet + clockGrainMs ? Math.ceil(missing) : 0;
}

/** A file that is not read; the message says why, in a word or two. */
class UnfitFile extends Error {
  override readonly name = 'UnfitFile';
}

/** Why a file could not be read, in a word or two; undefined for errors that are none of the file's. */
export function describeFileFault(error: unknown): string | undefined {
  if (error instanceof UnfitFile) return error.message;
  if (error instanceof Error && 'code' in error && 'syscall' in error) return String(error.code);
  return undefined;
}

async function identify(path: string): Promise<{ readonly identity: string; readonly isFile: boolean }> {
  const stats = await stat(path, { bigint: true });
  return { identity: identityOf(stats), isFile: stats.isFile() };
}

async function load<Content>(
  path: string,
  known: Remembered<Content> | undefined,
  parse: (text: string) => Content,
): Promise<Remembered<Content>> {
  const file = await open(path, 'r');
  try {
    const startedMs = Date.now();
    // Before the content, so that a change in between shows at the next look.
    const stats = await file.stat({ bigint: true });
    if (stats.size > longestBytes) throw new UnfitFile(`larger than ${longestBytes / 2 ** 20} MB`);
    const bytes = await file.readFile();
    const fingerprint = createHash('sha256').update(bytes).digest('base64');
    const isSame = known?.fingerprint === fingerprint;
    const changedMs = Number(stats.ctimeMs);
    return {
      identity: identityOf(stats),
      fingerprint,
      content: isSame ? known.content : parse(bytes.toString('latin1')),
      settled: startedMs - changedMs > clockGrainMs,
      changedMs,
      length: bytes.length,
      looksCut: isSame ? known.looksCut : bytes.at(-1) !== 10 || bytes.length < (known?.length ?? 0),
    };
  } finally {
    await file.close();
  }
}

function identityOf(stats: {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}): string {
  return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(' ');
}
