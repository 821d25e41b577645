import { toByteString } from '../http/index.js';

/**
 * The value of WWW-Authenticate for an AuthName: `Basic realm="…"`, a byte string. As in httpd a backslash in AuthName only
 * protects the character after it. Undefined if the name holds control characters, which no header may.
 */
export function formatChallenge(authName: string): string | undefined {
  const realm = toByteString(authName).replace(/\\(.)/gs, '$1');
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(realm)) return undefined;
  return `Basic realm="${realm.replace(/["\\]/g, '\\$&')}"`;
}
