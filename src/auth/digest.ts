import { createHash, timingSafeEqual } from 'node:crypto';
import type { DigestAlgorithm } from '../config/model.js';

/** The digest in lower-case hexadecimal of a byte string. */
export function digest(algorithm: DigestAlgorithm, text: string): string {
  return createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
    .update(text, 'latin1')
    .digest('hex');
}

/** Takes as long whether the texts differ early or late. Byte strings. */
export function isSameText(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given, 'latin1'), Buffer.from(wanted, 'latin1')];
  return a.length === b.length && timingSafeEqual(a, b);
}
