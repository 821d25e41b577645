/** The same pattern without the flags that make a RegExp remember where it stopped. */
export function withoutMemory(pattern: RegExp): RegExp {
  return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
}

/** `$0` … `$9` in a target become the groups of a match; `\$` is a dollar sign. */
export function substituteGroups(template: string, match: readonly (string | undefined)[]): string {
  return template.replace(/\\\$|\$([0-9])/g, (_text, digit?: string) =>
    digit === undefined ? '$' : (match[Number(digit)] ?? ''),
  );
}
