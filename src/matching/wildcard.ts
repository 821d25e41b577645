/**
 * Shell wildcards as Apache matches them: `*`, `?`, `[a-z]`, `[!a-z]`, backslash escapes. Compiled to a loop instead of a
 * RegExp, so that no pattern and no path can make it slow.
 */
export type WildcardMatcher = (text: string) => boolean;

/** Matches one name: no `/` in it is treated specially. */
export function compileWildcard(pattern: string): WildcardMatcher {
  const elements = parseElements(pattern);
  return (text) => matchElements(elements, text);
}

/** Matches a whole path; no wildcard matches `/`, so both have the same number of segments. */
export function compilePathWildcard(pattern: string): WildcardMatcher {
  const segments = pattern.split('/').map(parseElements);
  return (path) => {
    let start = 0;
    for (const [at, elements] of segments.entries()) {
      const slash = path.indexOf('/', start);
      if ((slash === -1) !== (at === segments.length - 1)) return false;
      const end = slash === -1 ? path.length : slash;
      if (!matchElements(elements, path.slice(start, end))) return false;
      start = end + 1;
    }
    return true;
  };
}

/** Says of one character code whether it fits; `*` stands for any number of characters. */
type Element = '*' | ((code: number) => boolean);

function matchElements(elements: readonly Element[], text: string): boolean {
  let at = 0;
  let next = 0;
  // Where to go on when the text after the last `*` does not fit: that `*` takes one character more.
  let starAt = -1;
  let starNext = -1;
  while (at < text.length) {
    const element = elements[next];
    if (element === '*') {
      starAt = at;
      next += 1;
      starNext = next;
    } else if (element?.(text.charCodeAt(at))) {
      at += 1;
      next += 1;
    } else if (starAt !== -1) {
      starAt += 1;
      at = starAt;
      next = starNext;
    } else return false;
  }
  while (elements[next] === '*') next += 1;
  return next === elements.length;
}

function parseElements(pattern: string): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    if (character === '*') {
      elements.push('*');
    } else if (character === '?') {
      elements.push(() => true);
    } else if (character === '[') {
      const set = parseSet(pattern, at + 1);
      elements.push(set?.element ?? matchCode(0x5b));
      at = set?.end ?? at;
    } else {
      if (character === '\\' && at + 1 < pattern.length) at += 1;
      elements.push(matchCode(pattern.charCodeAt(at)));
    }
  }
  return elements;
}

function matchCode(wanted: number): Element {
  return (code) => code === wanted;
}

/** `start` is behind the `[`; undefined if the set is never closed, and the `[` means itself. */
function parseSet(pattern: string, start: number): { element: Element; end: number } | undefined {
  const negated = pattern.charAt(start) === '!' || pattern.charAt(start) === '^';
  const first = negated ? start + 1 : start;
  const ranges: [number, number][] = [];
  let at = first;
  while (at < pattern.length && (pattern.charAt(at) !== ']' || at === first)) {
    if (pattern.charAt(at) === '\\' && at + 1 < pattern.length) at += 1;
    const low = pattern.charCodeAt(at);
    let high = low;
    if (pattern.charAt(at + 1) === '-' && at + 2 < pattern.length && pattern.charAt(at + 2) !== ']') {
      at += pattern.charAt(at + 2) === '\\' && at + 3 < pattern.length ? 3 : 2;
      high = pattern.charCodeAt(at);
    }
    ranges.push([low, high]);
    at += 1;
  }
  if (at >= pattern.length) return undefined;
  const element: Element = (code) => ranges.some(([low, high]) => code >= low && code <= high) !== negated;
  return { element, end: at };
}
