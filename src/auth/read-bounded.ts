import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** A file's bytes, and its state before they were read: a change in between shows at the next look. */
export interface ReadBytes {
  readonly stats: BigIntStats;
  readonly bytes: Buffer;
}

const firstBytes = 2 ** 12;
/** Some of `/proc` is read in whole words only. */
const pageBytes = 2 ** 12;
const pieceBytes = 2 ** 20;

/**
 * The bytes of a regular file; `no-file`: it is none; `too-long`: there are more than `longest`, whatever the file system says of its size (`/proc`
 * says 0). Rejects with the file system's error.
 */
export async function readBounded(
  path: string,
  longest: number,
): Promise<ReadBytes | 'no-file' | 'too-long'> {
  // Opening a pipe would wait for its other end, and a terminal would become ours.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stats = await file.stat({ bigint: true });
    if (!stats.isFile()) return 'no-file';
    if (stats.size > longest) return 'too-long';
    const bytes = await readAll(file, longest);
    return bytes === undefined ? 'too-long' : { stats, bytes };
  } finally {
    await file.close();
  }
}

/** Into one buffer that grows: what `/proc` gives comes in many short pieces. */
async function readAll(file: FileHandle, longest: number): Promise<Buffer | undefined> {
  let buffer: Buffer = Buffer.allocUnsafeSlow(firstBytes);
  for (let length = 0; length <= longest; ) {
    if (length === buffer.length) buffer = grow(buffer, longest + pageBytes);
    const { bytesRead } = await file.read(buffer, length, Math.min(buffer.length - length, pieceBytes));
    if (bytesRead === 0) return buffer.subarray(0, length);
    length += bytesRead;
  }
  return undefined;
}

function grow(buffer: Buffer, longest: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.min(2 * buffer.length, longest));
  buffer.copy(larger);
  return larger;
}
