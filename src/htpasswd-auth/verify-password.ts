import { createHash, timingSafeEqual } from 'node:crypto';
import { verify as verifyBcrypt } from '@node-rs/bcrypt';
import { computeCryptOnThread } from './crypt-threads.js';
import { createGate } from './gate.js';
import { recogniseHash } from './stored-hash.js';

/** Bytes. crypt(3)'s own limit: the work of the crypt formats grows with the length, and no tool stores more. */
const longestPassword = 512;

/**
 * bcrypt runs on Node's thread pool of four, which file reads need too: two checks at once leave room for them.
 */
const bcryptGate = createGate({ tasks: 'password checks', atOnce: 2, waiting: 512 });

/**
 * True when the password (byte string) fits the stored hash. A hash of an unknown or damaged format fits nothing: ask
 * `recogniseHash` to tell that from a wrong password. Slow formats are computed off the event loop.
 * @throws GateFull (as rejection) when too many checks are waiting.
 */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const stored = recogniseHash(hash);
  if (stored === undefined) return false;
  // A NUL would end the password for some formats and not for others; bcrypt would even repeat it.
  if (password.length > longestPassword || password.includes('\0')) return false;
  const bytes = Buffer.from(password, 'latin1');
  switch (stored.kind) {
    case 'bcrypt':
      return bcryptGate.run(() => verifyBcrypt(bytes, hash));
    case 'sha1':
      return isSame(`{SHA}${createHash('sha1').update(bytes).digest('base64')}`, hash);
    default:
      return isSame(await computeCryptOnThread(bytes, stored), hash);
  }
}

/** In a time that does not depend on where two hashes of the same length differ. */
function isSame(computed: string, stored: string): boolean {
  const a = Buffer.from(computed, 'latin1');
  const b = Buffer.from(stored, 'latin1');
  return a.length === b.length && timingSafeEqual(a, b);
}
