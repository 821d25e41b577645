import { createHash } from 'node:crypto';
import { encodeCryptBase64 } from './crypt-base64.js';

/** Poul-Henning Kamp's MD5 hash of passwords: `$1$`, and Apache's `$apr1$`, which differs only in that name. */
export function computeMd5Crypt(
  password: Buffer,
  { magic, salt }: { readonly magic: '$apr1$' | '$1$'; readonly salt: string },
): string {
  const saltBytes = Buffer.from(salt, 'latin1');
  let digest = computeFirstDigest(password, magic, saltBytes);
  for (let round = 0; round < 1000; round += 1) {
    const odd = round % 2 === 1;
    const md5 = createHash('md5').update(odd ? password : digest);
    if (round % 3 !== 0) md5.update(saltBytes);
    if (round % 7 !== 0) md5.update(password);
    digest = md5.update(odd ? digest : password).digest();
  }
  return `${magic}${salt}$${encodeCryptBase64(digest, order)}`;
}

function computeFirstDigest(password: Buffer, magic: string, salt: Buffer): Buffer {
  const inner = createHash('md5').update(password).update(salt).update(password).digest();
  const md5 = createHash('md5').update(password).update(magic).update(salt);
  for (let left = password.length; left > 0; left -= inner.length) md5.update(inner.subarray(0, left));
  // One byte for each bit of the length: this odd step is what the format has always done.
  for (let bits = password.length; bits > 0; bits >>= 1)
    md5.update(bits & 1 ? Buffer.of(0) : password.subarray(0, 1));
  return md5.digest();
}

const order = [0, 6, 12, 1, 7, 13, 2, 8, 14, 3, 9, 15, 4, 10, 5, 11];
