/**
 * User → stored hash, from the text of an htpasswd file (byte strings). Lines are trimmed; empty ones and those that
 * start with `#` are no entries; what follows a second colon is ignored; of several entries for a user the first counts.
 * A line without a colon is a user whom no password fits.
 */
export function parsePasswordFile(text: string): ReadonlyMap<string, string> {
  const hashes = new Map<string, string>();
  for (const raw of text.split('\n')) {
    const line = raw.replace(surroundingBlanks, '');
    if (line === '' || line.startsWith('#')) continue;
    const [user = '', hash = ''] = line.split(':', 2);
    if (!hashes.has(user)) hashes.set(user, hash);
  }
  return hashes;
}

/** C's isspace(): not String.trim(), which would take a no-break space (a byte of a UTF-8 name) for a blank. */
const surroundingBlanks = /^[ \t\v\f\r]+|[ \t\v\f\r]+$/g;
