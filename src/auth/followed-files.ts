import { open, stat } from 'node:fs/promises';

/** Reads files again when they change. */
export interface FollowedFiles<Content> {
  /** The content as of now. Rejects with the file system's error: see `describeFileFault`. */
  read(path: string): Promise<Content>;
}

interface Remembered<Content> {
  readonly identity: string;
  readonly content: Content;
  /** Whether a later change is sure to show in the file's times. */
  readonly settled: boolean;
}

/** A change within the grain of a file system's clock leaves the time of the last change as it was. */
const clockGrainMs = 2000;

/**
 * Follows files by their modification time, size and inode, without a restart. Files are read off the event loop as byte
 * strings and parsed once per change.
 */
export function followFiles<Content>(parse: (text: string) => Content): FollowedFiles<Content> {
  const remembered = new Map<string, Remembered<Content>>();
  const inFlight = new Map<string, Promise<Content>>();

  async function readAgainIfChanged(path: string): Promise<Content> {
    const known = remembered.get(path);
    const { identity, isFile } = await identify(path);
    if (known?.settled && known.identity === identity) return known.content;
    remembered.delete(path);
    // Opening a pipe would wait for its other end.
    if (!isFile) throw new NotAFile(path);
    const fresh = await load(path, parse);
    remembered.set(path, fresh);
    return fresh.content;
  }

  return {
    read(path) {
      const running = inFlight.get(path);
      if (running !== undefined) return running;
      const started = readAgainIfChanged(path).finally(() => inFlight.delete(path));
      inFlight.set(path, started);
      return started;
    },
  };
}

class NotAFile extends Error {
  override readonly name = 'NotAFile';
}

/** Why a file could not be read, in a word or two; undefined for errors that are none of the file's. */
export function describeFileFault(error: unknown): string | undefined {
  if (error instanceof NotAFile) return 'not a regular file';
  if (error instanceof Error && 'code' in error && 'syscall' in error) return String(error.code);
  return undefined;
}

async function identify(path: string): Promise<{ readonly identity: string; readonly isFile: boolean }> {
  const stats = await stat(path, { bigint: true });
  return { identity: identityOf(stats), isFile: stats.isFile() };
}

async function load<Content>(path: string, parse: (text: string) => Content): Promise<Remembered<Content>> {
  const file = await open(path, 'r');
  try {
    const startedMs = Date.now();
    // Before the content, so that a change in between shows at the next look.
    const stats = await file.stat({ bigint: true });
    const content = parse(await file.readFile('latin1'));
    const settled = startedMs - Number(stats.ctimeMs) > clockGrainMs;
    return { identity: identityOf(stats), content, settled };
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
