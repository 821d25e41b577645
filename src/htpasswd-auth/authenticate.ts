import { parsePasswordFile } from './password-file.js';
import { verifyPassword } from './verify-password.js';

/**
 * True when the text of an htpasswd file has an entry for the user that the password fits. All three are Unicode text, as
 * with the npm package `htpasswd-auth`; they are compared as UTF-8 bytes.
 */
export async function authenticate(
  username: string,
  password: string,
  fileContents: string,
): Promise<boolean> {
  const hash = parsePasswordFile(toBytes(fileContents)).get(toBytes(username));
  return hash === undefined ? false : verifyPassword(toBytes(password), hash);
}

function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
