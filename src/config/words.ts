/** A word and where the text goes on after it and the blanks that follow. */
export interface TakenWord {
  readonly word: string;
  readonly rest: string;
}

/**
 * The first word of a text, as httpd splits: a word that *starts* with a quote runs to the same quote (or to the end of the
 * line when it is missing), and only the backslash and that quote can be escaped in it; in a bare word only the backslash can.
 */
export function takeWord(text: string): TakenWord {
  let at = skipSpace(text, 0);
  const quote = text[at] === '"' || text[at] === "'" ? text[at] : undefined;
  if (quote !== undefined) at += 1;
  let word = '';
  let from = at;
  while (at < text.length) {
    const character = text[at];
    if (quote === undefined ? isSpace(text, at) : character === quote) break;
    const following = text[at + 1];
    if (character === '\\' && (following === '\\' || (quote !== undefined && following === quote))) {
      word += text.slice(from, at) + following;
      at += 2;
      from = at;
    } else {
      at += 1;
    }
  }
  word += text.slice(from, at);
  const end = quote !== undefined && at < text.length ? at + 1 : at;
  return { word, rest: text.slice(skipSpace(text, end)) };
}

/** All words of a text; an empty quoted word counts. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let rest = text.slice(skipSpace(text, 0));
  while (rest !== '') {
    const taken = takeWord(rest);
    words.push(taken.word);
    rest = taken.rest;
  }
  return words;
}

/** C's isspace(): no other blank of Unicode separates words. */
export function isSpace(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpace(text, at)) at += 1;
  return at;
}
