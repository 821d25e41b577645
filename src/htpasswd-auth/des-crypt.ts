import unixCryptTD from 'unix-crypt-td-js';

/** The DES hash of crypt(3): only the first eight bytes of a password count, and of those the low seven bits. */
export function computeDesCrypt(password: Buffer, salt: string): string {
  return unixCryptTD([...password.subarray(0, 8)], salt);
}
