/** The words of a rule or condition: a quoted one runs to the same quote, a backslash keeps a blank or quote in the word and stays in it. */
export function splitRuleWords(text: string): string[] {
  const words: string[] = [];
  for (let at = skipBlanks(text, 0); at < text.length; ) {
    const quote = text[at] === '"' || text[at] === "'" ? text[at] : undefined;
    const start = quote === undefined ? at : at + 1;
    let end = start;
    while (end < text.length) {
      const character = text.charAt(end);
      if (quote === undefined ? /\s/.test(character) : character === quote) break;
      end += character === '\\' && end + 1 < text.length ? 2 : 1;
    }
    const word = text.slice(start, end);
    words.push(quote === undefined ? word : word.replaceAll(`\\${quote}`, quote));
    at = skipBlanks(text, quote === undefined ? end : end + 1);
  }
  return words;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && /\s/.test(text.charAt(at))) at += 1;
  return at;
}
