import { createRequire } from 'node:module';
import type unixCryptTD from 'unix-crypt-td-js';

// Loaded when there is such a hash, and as CommonJS (see `http/require-package.ts`).
const require = createRequire(import.meta.url);

/** The DES hash of crypt(3): only the first eight bytes of a password count, and of those the low seven bits. */
export function computeDesCrypt(password: Buffer, salt: string): string {
  const crypt = require('unix-crypt-td-js') as typeof unixCryptTD;
  return crypt([...password.subarray(0, 8)], salt);
}
