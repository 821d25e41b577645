/**
 * A URL, or the beginning of one, with its scheme and its host in lower case: in every case they name the same server (RFC 3986 section
 * 6.2.2.1), or the same balancer. The socket of `unix:/socket|…` stays as it is.
 */
export function foldAuthority(url: string): string {
  return url.replace(
    /^(unix:[^|]*\|)?([a-z][a-z0-9+.-]*:\/\/[^/]*)/i,
    (_, socket: string | undefined, authority: string) => (socket ?? '') + lowerAscii(authority),
  );
}

/** The bytes of a byte string beyond ASCII are no letters. */
function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
