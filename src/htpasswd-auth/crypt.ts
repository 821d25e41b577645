import { computeDesCrypt } from './des-crypt.js';
import { computeMd5Crypt } from './md5-crypt.js';
import { computeShaCrypt } from './sha-crypt.js';
import type { StoredHash } from './stored-hash.js';

/** The formats of crypt(3) and its relatives that are computed in JavaScript. */
export type CryptHash = Extract<StoredHash, { kind: 'md5' | 'sha' | 'des' }>;

/** The whole text to be stored for a password. Blocks for milliseconds: on the event loop use `crypt-threads.ts`. */
export function computeCrypt(password: Buffer, hash: CryptHash): string {
  switch (hash.kind) {
    case 'md5':
      return computeMd5Crypt(password, hash);
    case 'sha':
      return computeShaCrypt(password, hash);
    case 'des':
      return computeDesCrypt(password, hash.salt);
  }
}
