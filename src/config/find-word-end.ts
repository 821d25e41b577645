/**
 * Where the word that begins at `from` ends: at the next blank that is in no quoted part. In one, as Apache reads it, its quote may stand behind
 * a backslash; one that nothing closes goes to the end. A loop, since a line can be 16 MiB long, which is too much for a RegExp with
 * alternatives.
 */
export function findWordEnd(text: string, from: number): number {
  let quote = '';
  for (let at = from; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (quote === '') {
      if (isBlank(char)) return at;
      if (char === '"' || char === "'") quote = char;
    } else if (char === '\\') at += 1;
    else if (char === quote) quote = '';
  }
  return text.length;
}

/** Where the next word begins; the length of the text: there is none. */
export function findWordStart(text: string, from: number): number {
  let at = from;
  while (at < text.length && isBlank(text.charAt(at))) at += 1;
  return at;
}

function isBlank(char: string): boolean {
  return char === ' ' || char === '\t' || char === '\n' || char === '\r' || char === '\v' || char === '\f';
}
