import type { SectionDraft } from './draft.js';
import type { DirectorySettings, Position } from './model.js';

/** Who says more of a setting. */
interface Speaker {
  readonly section: SectionDraft;
  readonly place: { readonly position: Position };
}

/**
 * The list with more at its end: the very list, which nobody but the draft has yet, where a copy for each line would take as long as there are lines,
 * squared. That `member` of the settings was changed here is remembered, which `applyTo` cannot see.
 */
export function growList<Item>(
  { section, place }: Speaker,
  member: keyof DirectorySettings,
  list: readonly Item[] | undefined,
  items: readonly Item[],
): readonly Item[] {
  section.origins.set(member, place.position);
  const grown = (list ?? []) as Item[];
  for (const item of items) grown.push(item);
  return grown;
}

/** The same of a map: what is new for a key comes in place of what it had. */
export function growMap<Key, Value>(
  { section, place }: Speaker,
  member: keyof DirectorySettings,
  map: ReadonlyMap<Key, Value> | undefined,
  key: Key,
  value: Value,
): ReadonlyMap<Key, Value> {
  section.origins.set(member, place.position);
  return ((map ?? new Map()) as Map<Key, Value>).set(key, value);
}
