import { copyText } from './copy-text.js';

/**
 * The same function, but what it has made of a text is kept: the same texts come again and again. At most `most` answers are kept, of
 * texts of at most `longest` characters, and all are dropped when there is one more, so that nobody can fill the memory with texts he
 * invents. `make` must depend on the text alone; undefined is made anew each time.
 */
export function rememberTexts<Made>(
  make: (text: string) => Made,
  { most, longest }: { readonly most: number; readonly longest: number },
): (text: string) => Made {
  const known = new Map<string, Made>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    if (text.length > longest) return make(text);
    const own = copyText(text);
    const made = make(own);
    if (made === undefined) return made;
    if (known.size === most) known.clear();
    known.set(own, made);
    return made;
  };
}
