/**
 * `user:realm` → stored digest, from the text of an htdigest file (byte strings): lines `user:realm:digest`. Lines are
 * trimmed; empty ones and those that start with `#` are no entries; of several entries for one user and realm the first counts.
 */
export function parseDigestFile(text: string): ReadonlyMap<string, string> {
  const hashes = new Map<string, string>();
  for (const raw of text.split('\n')) {
    const line = raw.replace(surroundingBlanks, '');
    if (line === '' || line.startsWith('#')) continue;
    const [user = '', realm, hash = ''] = line.split(':', 3);
    if (realm !== undefined && !hashes.has(`${user}:${realm}`)) hashes.set(`${user}:${realm}`, hash);
  }
  return hashes;
}

/** C's isspace(), as in password files. */
const surroundingBlanks = /^[ \t\v\f\r]+|[ \t\v\f\r]+$/g;
