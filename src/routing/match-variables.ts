import type { Section } from '../config/model.js';
import { execBounded, withoutMemory } from '../matching/index.js';
import type { CompiledSection } from './sections.js';

/** What the patterns of Match sections see. Byte strings. */
export interface MatchedTexts {
  /** The name in the file system, as <DirectoryMatch> sees it. */
  readonly accessed: string;
  /** The path as sent, as <LocationMatch> sees it. */
  readonly asSent: string;
  /** The URL that is passed on to, as <ProxyMatch> sees it. */
  readonly url?: string;
}

/** The pattern of a section, if its groups have names. */
export function nameGroups({ match }: Section): { readonly named?: RegExp } {
  if (match.kind !== 'regex') return {};
  // An alternative that is empty matches anything, and tells which groups there are.
  const { groups } = new RegExp(`${match.pattern.source}|`, match.pattern.flags).exec('') ?? {};
  return groups === undefined ? {} : { named: withoutMemory(match.pattern) };
}

/** `(?<site>…)` of a section that matched becomes MATCH_SITE. name, value, … */
export function captureVariables(
  sections: readonly CompiledSection[],
  { accessed, asSent, url = '' }: MatchedTexts,
): string[] {
  const variables: string[] = [];
  for (const { kind, named } of sections) {
    if (named === undefined) continue;
    const text =
      kind === 'location'
        ? asSent
        : kind === 'proxy'
          ? url
          : kind === 'files'
            ? accessed.slice(accessed.lastIndexOf('/') + 1)
            : accessed;
    for (const [name, value] of Object.entries(execBounded(named, text)?.groups ?? {})) {
      if (value !== undefined) variables.push(`MATCH_${name.toUpperCase()}`, value);
    }
  }
  return variables;
}
