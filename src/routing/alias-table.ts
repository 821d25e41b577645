import { posix } from 'node:path';
import type { Alias } from '../config/model.js';
import { mergeSlashes, toByteString } from '../http/index.js';
import { substituteGroups } from '../matching/index.js';
import { buildMatchTable, type RequestPath } from './match-table.js';

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

export function buildAliasTable<Kind extends Alias>(
  aliases: readonly Kind[],
  rules: AliasRules,
): AliasTable<Kind> {
  const table = buildMatchTable(aliases);
  const targets = new Map(aliases.map((alias) => [alias, posix.normalize(toByteString(alias.target))]));

  return {
    match(path) {
      const match = table.find(path);
      if (match === undefined) return undefined;
      const alias = match.item;
      const target = targets.get(alias) ?? '';
      if (match.kind === 'pattern') return { alias, filename: fillTemplate(target, match.groups, rules) };

      const isRoot = match.length === 1;
      const rest = path.merged.slice(isRoot && rules.rootKeepsSlash ? 0 : match.length);
      return {
        alias,
        filename: mergeSlashes(target + rest),
        target: target.endsWith('/') ? target.slice(0, -1) : target,
      };
    },
  };
}

function fillTemplate(template: string, match: RegExpExecArray, rules: AliasRules): string {
  const filled = substituteGroups(template, match);
  const rest = rules.patternKeepsRest ? match.input.slice(match.index + match[0].length) : '';
  return mergeSlashes(filled + rest);
}
