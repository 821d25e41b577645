/** RFC 3986 section 2: percent-encoding, over byte strings. */

/** Every `%XX` as its byte; a `%` that begins none stays. */
export function decodePercent(text: string): string {
  return text.includes('%') ? text.replace(/%([0-9A-Fa-f]{2})/g, byteOf) : text;
}

/** As decodePercent, but `%2F` stays as it was written. */
export function decodePercentButSlash(text: string): string {
  return text.includes('%') ? text.replace(/%(?!2[Ff])([0-9A-Fa-f]{2})/g, byteOf) : text;
}

/** Only what never needed encoding: letters, digits, `-`, `.`, `_`, `~` (RFC 3986 section 2.3). */
export function decodeUnreserved(text: string): string {
  return text.replace(/%(2[DdEe]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff]|7[Ee])/g, byteOf);
}

/** Every `%` is followed by two hexadecimal digits. */
export function isPercentEncoded(text: string): boolean {
  return !/%(?![0-9A-Fa-f]{2})/.test(text);
}

/** A decoded path as it may stand in a URL; slashes stay. */
export function encodePath(path: string): string {
  return path.replace(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/g, encodeByte);
}

/** As encodePath, with the lower-case digits that httpd writes in the Location of a redirect. */
export function encodeRedirectPath(path: string): string {
  return path.replace(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/g, encodeByteInLowerCase);
}

/** A URL that is one already, apart from bytes that no header field or URL may hold: blanks, controls, quotes, 8-bit. */
export function encodeLocation(url: string): string {
  return url.replace(/[^\x21-\x7e]|["<>\\^`{|}]/g, encodeByteInLowerCase);
}

function encodeByteInLowerCase(byte: string): string {
  return encodeByte(byte).toLowerCase();
}

/** One byte as `%XX`, in upper case. */
export function encodeByte(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

function byteOf(_escape: string, hexadecimal: string): string {
  return String.fromCharCode(Number.parseInt(hexadecimal, 16));
}
