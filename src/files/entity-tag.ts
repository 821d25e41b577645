import type { BigIntStats } from 'node:fs';

/**
 * Apache's `"size-mtime"` (FileETag MTime Size), hexadecimal, mtime in microseconds. Weak while the file is younger
 * than a second: it could change again without changing the tag.
 */
export function entityTag(stat: Pick<BigIntStats, 'size' | 'mtimeNs'>, nowMs: number): string {
  const tag = `"${stat.size.toString(16)}-${(stat.mtimeNs / 1000n).toString(16)}"`;
  return nowMs - Number(stat.mtimeNs / 1_000_000n) < 1000 ? `W/${tag}` : tag;
}
