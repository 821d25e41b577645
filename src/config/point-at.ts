import type { MistakeDetails } from './mistakes.js';
import type { Span } from './source-line.js';
import { isSpace, takeWord } from './words.js';

/** The part of a line's text that a mistake is about; see `at` of MistakeDetails. */
export function findWord(text: string, message: string, at: MistakeDetails['at']): Span {
  const [name, ...words] = listWords(text);
  const nameSpan = name ?? { start: 0, end: text.length };
  const all = { start: words[0]?.start ?? nameSpan.start, end: words.at(-1)?.end ?? nameSpan.end };
  if (at === 'name') return nameSpan;
  if (at === 'end') return { start: Math.max(0, text.length - 1), end: text.length };
  if (at === 'arguments') return all;
  if (at !== undefined && 'start' in at) return at;
  const wanted = at === undefined ? quotedIn(message) : [at.word];
  return findWhole(words, wanted) ?? findPart(text, all, wanted) ?? all;
}

interface Word extends Span {
  /** Without quotes and escapes. */
  readonly value: string;
}

/** All words with their places; the quotes around a word and the bracket behind the last one are left out. */
function listWords(text: string): Word[] {
  const words: Word[] = [];
  let at = 0;
  while (at < text.length) {
    if (isSpace(text, at)) {
      at += 1;
      continue;
    }
    const taken = takeWord(text.slice(at));
    let end = text.length - taken.rest.length;
    while (end > at + 1 && isSpace(text, end - 1)) end -= 1;
    const quoted = /["']/.test(text.charAt(at)) && end - at > 1;
    const start = quoted ? at + 1 : at;
    const closed = quoted && text.charAt(end - 1) === text.charAt(at) && end - 1 > start;
    words.push({ value: taken.word, start, end: closed ? end - 1 : end });
    at = Math.max(end, at + 1);
  }
  return words.map((word) => (text.startsWith('<') ? withoutBracket(word) : word));
}

/** The last word of a section's line. */
function withoutBracket(word: Word): Word {
  if (!word.value.endsWith('>') || word.end - word.start < 2) return word;
  return { ...word, value: word.value.slice(0, -1), end: word.end - 1 };
}

/** What a message quotes, that which it rejects first: `expected 'a', not 'b'`. */
function quotedIn(message: string): string[] {
  const rejected = /\bnot '([^']+)'/.exec(message)?.[1];
  const all = [...message.matchAll(/'([^']+)'/g)].map(([, quoted = '']) => quoted);
  return rejected === undefined ? all : [rejected, ...all];
}

function findWhole(words: readonly Word[], wanted: readonly string[]): Span | undefined {
  for (const value of wanted) {
    const found = words.find((word) => word.value === value);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A part of a word that is none of a longer name: `threads` in `threads=x`. */
function findPart(text: string, within: Span, wanted: readonly string[]): Span | undefined {
  for (const value of wanted) {
    for (let at = text.indexOf(value, within.start); at >= 0; at = text.indexOf(value, at + 1)) {
      const isWhole =
        !/\w/.test(text.charAt(at - 1)) &&
        !/^\w\w$/.test(text.slice(at + value.length - 1, at + value.length + 1));
      if (isWhole && at + value.length <= within.end) return { start: at, end: at + value.length };
    }
  }
  return undefined;
}
