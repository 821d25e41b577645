import { createHash } from 'node:crypto';

/** Length and SHA-256 of a body, read piece by piece. */
export async function digestBody(body) {
  const digest = createHash('sha256');
  let length = 0;
  for await (const piece of body) {
    digest.update(piece);
    length += piece.length;
  }
  return { length, sha256: digest.digest('hex') };
}
