import { timingSafeEqual } from 'node:crypto';

/** In a time that does not depend on where two hashes of the same length differ. */
export function isSameHash(computed: string, stored: string): boolean {
  const a = Buffer.from(computed, 'latin1');
  const b = Buffer.from(stored, 'latin1');
  return a.length === b.length && timingSafeEqual(a, b);
}
