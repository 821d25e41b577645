import type { Here } from '../draft.js';
import type { Alias } from '../model.js';

type Listed = Pick<Alias, 'match' | 'position'>;

/** The first match wins: what stands behind a shorter prefix can never be meant. Lists in the order they are asked, which only ever grow. */
export function warnOfShadow(here: Here, path: string, ...earlier: readonly (readonly Listed[])[]): void {
  const shadow = earlier
    .map((list) => findShadow(path, indexPrefixes(list)))
    .find((found) => found !== undefined);
  if (shadow === undefined) return;
  const { file, line } = shadow.position;
  here.warn(`is never reached: the ${here.directive} of ${file}:${line} comes first`, {
    kind: 'shadowed',
    at: { word: path },
  });
}

interface PrefixIndex {
  /** How much of the list is in it. */
  size: number;
  readonly first: Map<string, { readonly order: number; readonly alias: Listed }>;
}

/** Thousands of aliases are compared with all before them: their prefixes are kept by their text. */
const indexes = new WeakMap<readonly Listed[], PrefixIndex>();

function indexPrefixes(list: readonly Listed[]): PrefixIndex {
  const index = indexes.get(list) ?? { size: 0, first: new Map() };
  indexes.set(list, index);
  for (const alias of list.slice(index.size)) {
    const { match } = alias;
    if (match.kind === 'prefix' && !index.first.has(match.path))
      index.first.set(match.path, { order: index.size, alias });
    index.size += 1;
  }
  return index;
}

/** The earliest whose prefix is the path or ends where one of its segments does. */
function findShadow(path: string, { first }: PrefixIndex): Listed | undefined {
  let found = first.get(path);
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    for (const prefix of [path.slice(0, slash), path.slice(0, slash + 1)]) {
      const candidate = first.get(prefix);
      if (candidate !== undefined && (found === undefined || candidate.order < found.order))
        found = candidate;
    }
  }
  return found?.alias;
}
