import { type BinaryLike, scrypt, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

interface Entry {
  /** Hexadecimal. */
  readonly salt: string;
  readonly hash: string;
}

const users = new Map<string, Entry>(
  Object.entries(JSON.parse(await readFile(new URL('site-users.json', import.meta.url), 'utf8'))),
);

/** Checked in place of an unknown user's, so that both answers take the same time. */
const nobody: Entry = { salt: '00'.repeat(16), hash: '00'.repeat(32) };

const derive = promisify<BinaryLike, BinaryLike, number, Buffer>(scrypt);

/** Null: no such user. `password` holds the bytes that the browser sent, one character each. */
export async function isPasswordOf(user: string, password: string): Promise<boolean | null> {
  const { salt, hash } = users.get(user) ?? nobody;
  const digest = await derive(Buffer.from(password, 'latin1'), Buffer.from(salt, 'hex'), 32);
  const right = timingSafeEqual(digest, Buffer.from(hash, 'hex'));
  return users.has(user) ? right : null;
}
