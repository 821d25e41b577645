/** True if the text holds a character that has a meaning for `matchWildcard`. */
export function hasWildcard(text: string): boolean {
  return /[*?[]/.test(text);
}

/**
 * The wildcards of Include: `*`, `?`, `[a-z]`, `[!x]`, backslash. A leading dot needs an explicit dot. Runs in
 * at most length × length steps, so that no pattern can hold the start up.
 */
export function matchWildcard(pattern: string, name: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false;
  const atoms = parseAtoms(pattern);
  let atom = 0;
  let at = 0;
  let lastStar = -1;
  let starAt = 0;
  while (at < name.length) {
    const current = atoms[atom];
    if (current === 'any run') {
      lastStar = atom;
      starAt = at;
      atom += 1;
    } else if (current?.(name.charAt(at))) {
      atom += 1;
      at += 1;
    } else if (lastStar >= 0) {
      // Give the last star one more character.
      starAt += 1;
      at = starAt;
      atom = lastStar + 1;
    } else {
      return false;
    }
  }
  return atoms.slice(atom).every((rest) => rest === 'any run');
}

type Atom = 'any run' | ((character: string) => boolean);

function parseAtoms(pattern: string): Atom[] {
  const atoms: Atom[] = [];
  let at = 0;
  while (at < pattern.length) {
    const character = pattern.charAt(at);
    const set = character === '[' ? parseSet(pattern, at) : undefined;
    if (set !== undefined) {
      atoms.push(set.atom);
      at = set.next;
    } else if (character === '*') {
      atoms.push('any run');
      at += 1;
    } else if (character === '?') {
      atoms.push(() => true);
      at += 1;
    } else {
      if (character === '\\' && at + 1 < pattern.length) at += 1;
      const literal = pattern.charAt(at);
      atoms.push((candidate) => candidate === literal);
      at += 1;
    }
  }
  return atoms;
}

/** `[...]`; undefined when the bracket is never closed and therefore stands for itself. */
function parseSet(pattern: string, start: number): { atom: Atom; next: number } | undefined {
  const negated = pattern[start + 1] === '!' || pattern[start + 1] === '^';
  const first = start + (negated ? 2 : 1);
  const end = pattern.indexOf(']', first + 1);
  if (end < 0) return undefined;
  const members = pattern.slice(first, end);
  const contains = (character: string): boolean => {
    for (let at = 0; at < members.length; at += 1) {
      const low = members.charAt(at);
      const isRange = members[at + 1] === '-' && at + 2 < members.length;
      if (isRange) at += 2;
      const high = members.charAt(at);
      if (low <= character && character <= high) return true;
    }
    return false;
  };
  return { atom: (character) => contains(character) !== negated, next: end + 1 };
}
