import { mergeSlashes } from '../http/index.js';

/** Items under URL prefixes, found by segments: the cost is that of the deepest prefix, not of their number. */
export interface PrefixIndex<Item> {
  /** `path` starts with `/` and has no empty segments. `length` is how much of it the prefix takes. */
  visit(path: string, visitor: (item: Item, length: number) => void): void;
}

interface Entry<Item> {
  readonly item: Item;
  /** `/a/` matches below `/a` only. */
  readonly needsSlash: boolean;
}

/** Prefixes are byte strings. One that does not start with `/` matches nothing. */
export function buildPrefixIndex<Item>(
  items: readonly (readonly [prefix: string, item: Item])[],
): PrefixIndex<Item> {
  const entries = new Map<string, Entry<Item>[]>();
  let deepest = 0;
  for (const [written, item] of items) {
    if (!written.startsWith('/')) continue;
    const prefix = mergeSlashes(written);
    const needsSlash = prefix.endsWith('/');
    const key = needsSlash ? prefix.slice(0, -1) : prefix;
    const sameKey = entries.get(key);
    if (sameKey === undefined) entries.set(key, [{ item, needsSlash }]);
    else sameKey.push({ item, needsSlash });
    deepest = Math.max(deepest, key.split('/').length - 1);
  }
  return {
    visit(path, visitor) {
      if (entries.size === 0) return;
      let end = 0;
      for (let depth = 0; depth <= deepest; depth += 1) {
        const slashFollows = end < path.length;
        for (const { item, needsSlash } of entries.get(path.slice(0, end)) ?? []) {
          if (!needsSlash) visitor(item, end);
          else if (slashFollows) visitor(item, end + 1);
        }
        if (!slashFollows) return;
        const slash = path.indexOf('/', end + 1);
        end = slash === -1 ? path.length : slash;
      }
    },
  };
}
