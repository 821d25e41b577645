import { posix } from 'node:path';
import type { Alias } from '../config/model.js';
import { mergeSlashes, toByteString } from '../http/index.js';
import { substituteGroups, withoutMemory } from './pattern.js';
import { buildPrefixIndex } from './prefix-index.js';

/** A request path, and the same without empty segments (they differ only where MergeSlashes is Off). */
export interface RequestPath {
  readonly asSent: string;
  readonly merged: string;
}

export interface AliasMatch<Kind extends Alias> {
  readonly alias: Kind;
  /** What the alias makes of the path: absolute, without empty segments, not looked up yet. */
  readonly filename: string;
  /** The target without trailing slash, where it is the same for every path. */
  readonly target?: string;
}

/** The aliases of one server, first match in the order of the file. */
export interface AliasTable<Kind extends Alias> {
  match(path: RequestPath): AliasMatch<Kind> | undefined;
}

/** What tells WSGIScriptAlias from Alias, apart from what they lead to. */
export interface AliasRules {
  /** `Alias /` replaces the first slash, `WSGIScriptAlias /` keeps the whole path. */
  readonly rootKeepsSlash: boolean;
  /** What follows the match of a pattern: AliasMatch drops it, WSGIScriptAliasMatch appends it. */
  readonly patternKeepsRest: boolean;
}

interface PrefixAlias<Kind> {
  readonly order: number;
  readonly alias: Kind;
  readonly target: string;
}

interface PatternAlias<Kind> extends PrefixAlias<Kind> {
  readonly pattern: RegExp;
}

export function buildAliasTable<Kind extends Alias>(
  aliases: readonly Kind[],
  rules: AliasRules,
): AliasTable<Kind> {
  const prefixes: [string, PrefixAlias<Kind>][] = [];
  const patterns: PatternAlias<Kind>[] = [];
  for (const [order, alias] of aliases.entries()) {
    const entry = { order, alias, target: posix.normalize(toByteString(alias.target)) };
    if (alias.match.kind === 'prefix') prefixes.push([toByteString(alias.match.path), entry]);
    else patterns.push({ ...entry, pattern: withoutMemory(alias.match.pattern) });
  }
  const index = buildPrefixIndex(prefixes);

  return {
    match(path) {
      let best: PrefixAlias<Kind> | undefined;
      let taken = 0;
      index.visit(path.merged, (entry, length) => {
        if (best !== undefined && best.order < entry.order) return;
        best = entry;
        taken = length;
      });
      for (const entry of patterns) {
        if (best !== undefined && best.order < entry.order) break;
        const match = entry.pattern.exec(path.asSent);
        if (match !== null) return { alias: entry.alias, filename: fillTemplate(entry.target, match, rules) };
      }
      if (best === undefined) return undefined;

      const isRoot = taken === 1;
      const rest = path.merged.slice(isRoot && rules.rootKeepsSlash ? 0 : taken);
      return {
        alias: best.alias,
        filename: mergeSlashes(best.target + rest),
        target: best.target.endsWith('/') ? best.target.slice(0, -1) : best.target,
      };
    },
  };
}

function fillTemplate(template: string, match: RegExpExecArray, rules: AliasRules): string {
  const filled = substituteGroups(template, match);
  const rest = rules.patternKeepsRest ? match.input.slice(match.index + match[0].length) : '';
  return mergeSlashes(filled + rest);
}
