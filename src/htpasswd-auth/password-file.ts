import { trimSpace } from '../http/index.js';

/**
 * User → stored hash, from the text of an htpasswd file (byte strings). Lines are trimmed; empty ones and those that
 * start with `#` are no entries; what follows a second colon is ignored; of several entries for a user the first counts.
 * A line without a colon is a user whom no password fits. Steps after each line, for whoever must not stand still for long,
 * and tells how many entries it has brought.
 */
export function* readPasswordLines(text: string): Generator<number, ReadonlyMap<string, string>> {
  const hashes = new Map<string, string>();
  for (let at = 0, end: number; at < text.length; at = end + 1) {
    end = text.indexOf('\n', at);
    if (end === -1) end = text.length;
    const line = trimSpace(text, at, end);
    const isEntry = line !== '' && !line.startsWith('#');
    const [user = '', hash = ''] = isEntry ? line.split(':', 2) : [];
    if (isEntry && !hashes.has(user)) hashes.set(user, hash);
    yield isEntry ? 1 : 0;
  }
  return hashes;
}

/** The same at once, of a text that is known to be short. */
export function parsePasswordFile(text: string): ReadonlyMap<string, string> {
  const lines = readPasswordLines(text);
  while (true) {
    const step = lines.next();
    if (step.done) return step.value;
  }
}
