import { toByteString } from '../http/index.js';

/**
 * What an AuthName says, as a byte string: as in httpd a backslash only protects the character after it. Undefined if the
 * name holds control characters, which no header may.
 */
export function realmOf(authName: string): string | undefined {
  const realm = toByteString(authName).replace(/\\(.)/gs, '$1');
  return /[\x00-\x08\x0a-\x1f\x7f]/.test(realm) ? undefined : realm;
}

/** A byte string as a quoted-string of a header (RFC 9110 §5.6.4). */
export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
