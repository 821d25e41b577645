import type { BigIntStats } from 'node:fs';

/** What an ETag is made of (FileETag). */
export interface EntityTagParts {
  readonly inode: boolean;
  readonly size: boolean;
  readonly mtime: boolean;
}

/** FileETag MTime Size */
export const usualParts: EntityTagParts = { inode: false, size: true, mtime: true };

/**
 * Apache's `"inode-size-mtime"`, hexadecimal, mtime in microseconds; undefined without any part. Weak while the file is younger
 * than a second: it could change again without changing the tag.
 */
export function entityTag(
  stat: Pick<BigIntStats, 'ino' | 'size' | 'mtimeNs'>,
  nowMs: number,
  parts: EntityTagParts,
): string | undefined {
  const numbers = [
    ...(parts.inode ? [stat.ino] : []),
    ...(parts.size ? [stat.size] : []),
    ...(parts.mtime ? [stat.mtimeNs / 1000n] : []),
  ];
  if (numbers.length === 0) return undefined;
  const tag = `"${numbers.map((number) => number.toString(16)).join('-')}"`;
  return nowMs - Number(stat.mtimeNs / 1_000_000n) < 1000 ? `W/${tag}` : tag;
}
