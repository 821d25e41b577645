/** The parameters of a Digest Authorization header, unquoted, by lower-case name. Byte strings. */
export type DigestParameters = ReadonlyMap<string, string>;

/**
 * Reads a Digest Authorization header (RFC 7616, section 3.4). Stricter than httpd where it matters: each parameter comes
 * once, and what is no list of parameters is malformed as a whole.
 */
export function parseDigestHeader(header: string): DigestParameters | 'wrong-scheme' | 'malformed' {
  const scheme = /^digest(?:[ \t]+|$)/i.exec(header);
  if (scheme === null) return 'wrong-scheme';
  const parameters = new Map<string, string>();
  const list = new RegExp(parameter, 'y');
  list.lastIndex = scheme[0].length;
  while (list.lastIndex < header.length) {
    const match = list.exec(header);
    if (match === null) return 'malformed';
    const [, name, quoted, plain] = match;
    // An empty member of the list.
    if (name === undefined) continue;
    const key = name.toLowerCase();
    if (parameters.has(key)) return 'malformed';
    parameters.set(key, quoted === undefined ? (plain ?? '') : quoted.replace(/\\(.)/gs, '$1'));
  }
  return parameters;
}

/** name = token or quoted-string, and what separates it from the next; or a bare comma. */
const parameter =
  /[ \t]*(?:,|([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))[ \t]*(?:,|$)|$)/
    .source;
