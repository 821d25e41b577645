import { createHash, randomInt } from 'node:crypto';
import { computeCrypt } from './crypt.js';
import { cryptDigits } from './crypt-base64.js';
import { defaultShaRounds } from './stored-hash.js';

/** How a new password is to be stored. Bounds: bcrypt's cost 4 to 17, rounds 1000 to 1 000 000. */
export type HashRequest =
  | { readonly kind: 'bcrypt'; readonly cost: number }
  | { readonly kind: 'apr1' | 'sha1' | 'des' }
  | { readonly kind: 'sha256' | 'sha512'; readonly rounds?: number };

/**
 * A new hash of a password (byte string) with a fresh salt, as the htpasswd tool makes it. For command lines: all but
 * bcrypt are computed on the calling thread.
 */
export async function hashPassword(password: string, request: HashRequest): Promise<string> {
  const bytes = Buffer.from(password, 'latin1');
  switch (request.kind) {
    case 'bcrypt': {
      // Only the command line makes such hashes: no server needs the library in this process.
      const { hash: hashBcrypt } = await import('@node-rs/bcrypt');
      return hashBcrypt(bytes, { cost: request.cost, version: '2y' });
    }
    case 'sha1':
      return `{SHA}${createHash('sha1').update(bytes).digest('base64')}`;
    case 'apr1':
      return computeCrypt(bytes, { kind: 'md5', magic: '$apr1$', salt: makeSalt(8) });
    case 'des':
      return computeCrypt(bytes, { kind: 'des', salt: makeSalt(2) });
    case 'sha256':
    case 'sha512':
      return computeCrypt(bytes, {
        kind: 'sha',
        algorithm: request.kind,
        rounds: request.rounds ?? defaultShaRounds,
        roundsGiven: request.rounds !== undefined,
        salt: makeSalt(16),
      });
  }
}

function makeSalt(length: number): string {
  return Array.from({ length }, () => cryptDigits[randomInt(cryptDigits.length)]).join('');
}
