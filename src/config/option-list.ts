import { isSpace, takeWord } from './words.js';

/** `name=value` pairs behind the fixed arguments of mod_wsgi's directives, in the order of the line. */
export type OptionList =
  | { readonly kind: 'options'; readonly options: readonly (readonly [name: string, value: string])[] }
  | { readonly kind: 'wrong'; readonly word: string };

/** The value may be quoted, the whole pair may not; there is no blank around the `=`. */
export function parseOptions(text: string): OptionList {
  const options: [string, string][] = [];
  let rest = text;
  while (rest !== '') {
    const match = /^([A-Za-z0-9_-]+)=/.exec(rest);
    if (!match) return { kind: 'wrong', word: takeWord(rest).word };
    const [pair, name = ''] = match;
    const tail = rest.slice(pair.length);
    const taken = tail === '' || isSpace(tail, 0) ? { word: '', rest: tail.trimStart() } : takeWord(tail);
    options.push([name, taken.word]);
    rest = taken.rest;
  }
  return { kind: 'options', options };
}
