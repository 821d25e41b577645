import { createHash } from 'node:crypto';
import { encodeCryptBase64 } from './crypt-base64.js';

/**
 * Ulrich Drepper's "Unix crypt using SHA-256 and SHA-512" (`$5$`, `$6$`). Step numbers are those of his specification.
 * `rounds` must be within its bounds.
 */
export function computeShaCrypt(
  password: Buffer,
  hash: {
    readonly algorithm: 'sha256' | 'sha512';
    readonly rounds: number;
    readonly roundsGiven: boolean;
    readonly salt: string;
  },
): string {
  const { algorithm, rounds, roundsGiven } = hash;
  const salt = Buffer.from(hash.salt, 'latin1');
  let digest = computeFirstDigest(algorithm, password, salt);
  const p = repeatTo(password.length, digestRepeated(algorithm, password, password.length)); // steps 13 to 16
  const s = repeatTo(salt.length, digestRepeated(algorithm, salt, 16 + (digest[0] ?? 0))); // steps 17 to 20
  for (let round = 0; round < rounds; round += 1) {
    const odd = round % 2 === 1;
    const sha = createHash(algorithm).update(odd ? p : digest);
    if (round % 3 !== 0) sha.update(s);
    if (round % 7 !== 0) sha.update(p);
    digest = sha.update(odd ? digest : p).digest();
  }
  const id = algorithm === 'sha256' ? '5' : '6';
  return `$${id}$${roundsGiven ? `rounds=${rounds}$` : ''}${hash.salt}$${encodeCryptBase64(digest, orders[algorithm])}`;
}

/** Steps 1 to 12. */
function computeFirstDigest(algorithm: string, password: Buffer, salt: Buffer): Buffer {
  const inner = createHash(algorithm).update(password).update(salt).update(password).digest();
  const sha = createHash(algorithm).update(password).update(salt).update(repeatTo(password.length, inner));
  for (let bits = password.length; bits > 0; bits >>= 1) sha.update(bits & 1 ? inner : password);
  return sha.digest();
}

function digestRepeated(algorithm: string, bytes: Buffer, times: number): Buffer {
  const sha = createHash(algorithm);
  for (let count = 0; count < times; count += 1) sha.update(bytes);
  return sha.digest();
}

function repeatTo(length: number, bytes: Buffer): Buffer {
  return Buffer.alloc(length, bytes);
}

const orders = {
  sha256: [
    0, 10, 20, 21, 1, 11, 12, 22, 2, 3, 13, 23, 24, 4, 14, 15, 25, 5, 6, 16, 26, 27, 7, 17, 18, 28, 8, 9, 19,
    29, 31, 30,
  ],
  sha512: [
    0, 21, 42, 22, 43, 1, 44, 2, 23, 3, 24, 45, 25, 46, 4, 47, 5, 26, 6, 27, 48, 28, 49, 7, 50, 8, 29, 9, 30,
    51, 31, 52, 10, 53, 11, 32, 12, 33, 54, 34, 55, 13, 56, 14, 35, 15, 36, 57, 37, 58, 16, 59, 17, 38, 18,
    39, 60, 40, 61, 19, 62, 20, 41, 63,
  ],
};
