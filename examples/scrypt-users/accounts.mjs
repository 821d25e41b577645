/**
 * Accounts as an Express application with Passport's local strategy keeps them: a salt and scrypt's hash for each. A real one
 * reads them from its database; nothing else changes.
 */

import { scrypt, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const derive = promisify(scrypt);
const file = new URL('accounts.json', import.meta.url);

/** What Passport's `verify` callback would be called with: the account, or null; false for a wrong password. */
export async function verify(name, password) {
  const accounts = JSON.parse(await readFile(file, 'utf8'));
  const account = accounts.find((candidate) => candidate.name === name);
  // Also for nobody: so that the time of an answer does not tell who is there.
  const hash = await derive(password, Buffer.from(account?.salt ?? '', 'base64'), 32);
  if (account === undefined) return null;
  return timingSafeEqual(hash, Buffer.from(account.hash, 'base64')) ? account : false;
}
