import type { Alias } from '../config/model.js';
import { toByteString } from '../http/index.js';
import { execBounded, withoutMemory } from '../matching/index.js';
import { buildPrefixIndex } from './prefix-index.js';

/** A request path, and the same without empty segments (they differ only where MergeSlashes is Off). */
export interface RequestPath {
  readonly asSent: string;
  readonly merged: string;
}

/** What takes requests by a URL prefix or a pattern: Alias, WSGIScriptAlias, Redirect, ProxyPass. */
export interface Matching {
  readonly match: Alias['match'];
}

export type Match<Item> =
  /** The prefix takes so many characters of the merged path. */
  | { readonly kind: 'prefix'; readonly item: Item; readonly length: number }
  | { readonly kind: 'pattern'; readonly item: Item; readonly groups: RegExpExecArray };

/** First match in the order of the file. */
export interface MatchTable<Item> {
  find(path: RequestPath): Match<Item> | undefined;
}

interface Entry<Item> {
  readonly order: number;
  readonly item: Item;
}

export function buildMatchTable<Item extends Matching>(items: readonly Item[]): MatchTable<Item> {
  const prefixes: [string, Entry<Item>][] = [];
  const patterns: (Entry<Item> & { readonly pattern: RegExp })[] = [];
  for (const [order, item] of items.entries()) {
    const { match } = item;
    if (match.kind === 'prefix') prefixes.push([toByteString(match.path), { order, item }]);
    else patterns.push({ order, item, pattern: withoutMemory(match.pattern) });
  }
  const index = buildPrefixIndex(prefixes);

  return {
    find(path) {
      let best: Entry<Item> | undefined;
      let length = 0;
      index.visit(path.merged, (entry, taken) => {
        if (best !== undefined && best.order < entry.order) return;
        best = entry;
        length = taken;
      });
      for (const { order, item, pattern } of patterns) {
        if (best !== undefined && best.order < order) break;
        const groups = execBounded(pattern, path.asSent);
        if (groups !== null) return { kind: 'pattern', item, groups };
      }
      return best === undefined ? undefined : { kind: 'prefix', item: best.item, length };
    },
  };
}
