import { createHash } from 'node:crypto';
import { verifyOnThread } from './crypt-threads.js';
import { isSameHash } from './same-hash.js';
import { recogniseHash } from './stored-hash.js';

/** Bytes. crypt(3)'s own limit: the work of the crypt formats grows with the length, and no tool stores more. */
const longestPassword = 512;

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
    case 'sha1':
      return isSameHash(`{SHA}${createHash('sha1').update(bytes).digest('base64')}`, hash);
    default:
      return await verifyOnThread(bytes, hash);
  }
}
