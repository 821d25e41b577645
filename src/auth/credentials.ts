/** What a client offers. Byte strings; both may be empty. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/**
 * Reads a Basic Authorization header (RFC 7617) as leniently as httpd: any case of the scheme; padding is optional; the
 * base64 ends at the first other character; the decoded text ends at a NUL and is cut at the first colon; without a colon
 * the password is empty.
 */
export function parseCredentials(header: string): Credentials | 'wrong-scheme' {
  const match = /^basic(?: +|$)([A-Za-z0-9+/]*)/i.exec(header);
  if (match === null) return 'wrong-scheme';
  const [text = ''] = Buffer.from(match[1] ?? '', 'base64')
    .toString('latin1')
    .split('\0', 1);
  const colon = text.indexOf(':');
  if (colon === -1) return { user: text, password: '' };
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
