import { trimSpace } from '../http/index.js';
import type { ParseSteps } from './parse-in-slices.js';

/**
 * User → groups, from the text of an AuthGroupFile (byte strings): lines `name: user "user with blanks" …`; a name may
 * come again and adds to what it had. Empty lines, comments and lines without a colon are no groups. Each member is an entry.
 */
export function* parseGroupFile(text: string): ParseSteps<ReadonlyMap<string, ReadonlySet<string>>> {
  const groups = new Map<string, Set<string>>();
  for (let at = 0, end: number; at < text.length; at = end + 1) {
    end = text.indexOf('\n', at);
    if (end === -1) end = text.length;
    const line = trimSpace(text, at, end);
    const colon = line.indexOf(':');
    yield 0;
    if (line.startsWith('#') || colon === -1) continue;
    const group = trimSpace(line, 0, colon);
    // For all who are in this group only, as most are: a set of one group is never added to.
    const alone = new Set([group]);
    for (const user of splitWords(line, colon + 1)) {
      const known = groups.get(user);
      if (known === undefined) groups.set(user, alone);
      else if (known.size > 1) known.add(group);
      else if (!known.has(group)) groups.set(user, new Set([...known, group]));
      yield 1;
    }
  }
  return groups;
}

/** Words as in the site file: a word that starts with a quote runs to the next such quote, which a backslash protects. */
function* splitWords(line: string, from: number): Generator<string, void> {
  for (let at = skipBlanks(line, from); at < line.length; at = skipBlanks(line, at)) {
    const quote = line.charAt(at);
    const isQuoted = quote === '"' || quote === "'";
    const start = isQuoted ? at + 1 : at;
    const end = isQuoted ? findQuote(line, start, quote) : findBlank(line, start);
    const word = line.slice(start, end);
    yield isQuoted ? unescapeWord(word, quote) : word;
    at = isQuoted ? end + 1 : end;
  }
}

function findQuote(line: string, from: number, quote: string): number {
  let at = from;
  while (at < line.length && line[at] !== quote) at += line[at] === '\\' ? 2 : 1;
  return Math.min(at, line.length);
}

/** Longer than what anybody can log in with: not worth the time. */
const longestName = 65_536;

function unescapeWord(word: string, quote: string): string {
  return word.length <= longestName && word.includes('\\')
    ? word.replace(quote === '"' ? /\\([\\"])/g : /\\([\\'])/g, '$1')
    : word;
}

function skipBlanks(line: string, from: number): number {
  let at = from;
  while (at < line.length && isBlank(line.charCodeAt(at))) at += 1;
  return at;
}

function findBlank(line: string, from: number): number {
  let at = from;
  while (at < line.length && !isBlank(line.charCodeAt(at))) at += 1;
  return at;
}

/** C's isspace(). */
function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}
