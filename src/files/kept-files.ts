import { type BigIntStats, statSync } from 'node:fs';
import { toFilePath } from '../http/index.js';

/** A file in memory, as it was when it was read. */
export interface KeptFile {
  readonly stat: BigIntStats;
  readonly content: Buffer;
}

/** Files up to this size are kept: reading them again costs more than sending them. */
export const keptFileBytes = 1_048_576;
const keptBytesInAll = 32 * 2 ** 20;
/** What is kept beside content and name, by measurement: the numbers of its state, the buffer's own object, the place in the map. */
const entryBytes = 1_500;
/** A file that was changed so short a time before it was read could change again without a new time. */
const settledNs = 2_000_000_000n;

/** By byte-string path, the one used longest ago first. */
const kept = new Map<string, KeptFile>();
let bytesKept = 0;

/**
 * What was read of this file, if it is the same file and nothing has touched it since: number, size, owner, mode and both times are looked
 * at each time, so that neither old content nor content behind a new mode is served.
 */
export function recallFile(filename: string): KeptFile | undefined {
  const file = kept.get(filename);
  if (file === undefined) return undefined;
  let stat: BigIntStats | undefined;
  try {
    stat = statSync(toFilePath(filename), { bigint: true, throwIfNoEntry: false });
  } catch {
    // Whoever opens it finds out why.
  }
  forget(filename, file);
  if (stat === undefined || !isSame(stat, file.stat)) return undefined;
  keep(filename, file);
  return file;
}

/** `stat`: from before the content was read. */
export function keepFile(filename: string, stat: BigIntStats, content: Buffer): void {
  const now = BigInt(Date.now()) * 1_000_000n;
  if (now - stat.mtimeNs < settledNs || now - stat.ctimeNs < settledNs) return;
  const before = kept.get(filename);
  if (before !== undefined) forget(filename, before);
  keep(filename, { stat, content });
  for (const [name, file] of kept) {
    if (bytesKept <= keptBytesInAll) return;
    forget(name, file);
  }
}

function keep(filename: string, file: KeptFile): void {
  kept.set(filename, file);
  bytesKept += weigh(filename, file);
}

function forget(filename: string, file: KeptFile): void {
  if (kept.delete(filename)) bytesKept -= weigh(filename, file);
}

function weigh(filename: string, { content }: KeptFile): number {
  return content.length + filename.length + entryBytes;
}

function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return (
    one.mtimeNs === other.mtimeNs &&
    one.ctimeNs === other.ctimeNs &&
    one.size === other.size &&
    one.ino === other.ino &&
    one.dev === other.dev &&
    one.mode === other.mode &&
    one.uid === other.uid
  );
}
