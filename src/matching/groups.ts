const stateless = new WeakMap<RegExp, RegExp>();
const everywhere = new WeakMap<RegExp, RegExp>();

/** The same pattern without the flags that make a RegExp remember where it stopped. */
export function withoutMemory(pattern: RegExp): RegExp {
  return remake(pattern, pattern.flags.replace(/[gy]/g, ''), stateless);
}

/** The same pattern for all the places of a text where it matches. */
export function matchingEverywhere(pattern: RegExp): RegExp {
  return remake(pattern, `${pattern.flags.replace('g', '')}g`, everywhere);
}

/** Always the same one: what `bounded-exec.ts` learns of it shall last longer than a request. */
function remake(pattern: RegExp, flags: string, made: WeakMap<RegExp, RegExp>): RegExp {
  if (flags === pattern.flags) return pattern;
  const before = made.get(pattern);
  if (before !== undefined) return before;
  const remade = new RegExp(pattern.source, flags);
  made.set(pattern, remade);
  return remade;
}

/** `$0` … `$9` in a target become the groups of a match; `\$` is a dollar sign. */
export function substituteGroups(template: string, match: readonly (string | undefined)[]): string {
  return template.replace(/\\\$|\$([0-9])/g, (_text, digit?: string) =>
    digit === undefined ? '$' : (match[Number(digit)] ?? ''),
  );
}
