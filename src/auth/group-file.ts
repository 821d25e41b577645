/**
 * User → groups, from the text of an AuthGroupFile (byte strings): lines `name: user "user with blanks" …`; a name may
 * come again and adds to what it had. Empty lines, comments and lines without a colon are no groups.
 */
export function parseGroupFile(text: string): ReadonlyMap<string, ReadonlySet<string>> {
  const groups = new Map<string, Set<string>>();
  for (const raw of text.split('\n')) {
    const line = trimBlanks(raw);
    const colon = line.indexOf(':');
    if (line.startsWith('#') || colon === -1) continue;
    const group = trimBlanks(line.slice(0, colon));
    for (const user of splitWords(line.slice(colon + 1))) {
      const known = groups.get(user);
      if (known === undefined) groups.set(user, new Set([group]));
      else known.add(group);
    }
  }
  return groups;
}

/** Words as in the site file: a word that starts with a quote runs to the next such quote, which a backslash protects. */
function splitWords(text: string): string[] {
  const words = text.matchAll(/"((?:\\.|[^"\\])*)(?:"|$)|'((?:\\.|[^'\\])*)(?:'|$)|([^ \t\v\f\r]+)/g);
  return [...words].map(
    ([, double, single, plain]) =>
      plain ??
      (double === undefined
        ? (single ?? '').replace(/\\([\\'])/g, '$1')
        : double.replace(/\\([\\"])/g, '$1')),
  );
}

/** Bytes that C's isspace() names, not String.trim()'s: a byte of a UTF-8 name may look like a no-break space. */
function trimBlanks(text: string): string {
  return text.replace(/^[ \t\v\f\r]+|[ \t\v\f\r]+$/g, '');
}
