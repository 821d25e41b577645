import { trimSpace } from '../http/index.js';
import type { ParseSteps } from './parse-in-slices.js';

/**
 * `user:realm` → stored digest, from the text of an htdigest file (byte strings): lines `user:realm:digest`. Lines are
 * trimmed; empty ones and those that start with `#` are no entries; of several entries for one user and realm the first counts.
 */
export function* parseDigestFile(text: string): ParseSteps<ReadonlyMap<string, string>> {
  const hashes = new Map<string, string>();
  for (let at = 0, end: number; at < text.length; at = end + 1) {
    end = text.indexOf('\n', at);
    if (end === -1) end = text.length;
    const line = trimSpace(text, at, end);
    const [user = '', realm, hash = ''] = line.startsWith('#') ? [] : line.split(':', 3);
    const isEntry = realm !== undefined;
    if (isEntry && !hashes.has(`${user}:${realm}`)) hashes.set(`${user}:${realm}`, hash);
    yield isEntry ? 1 : 0;
  }
  return hashes;
}
