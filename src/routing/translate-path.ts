import { posix } from 'node:path';
import type { Alias, ScriptAlias, VirtualHost } from '../config/model.js';
import { mergeSlashes, toByteString } from '../http/index.js';
import { type AliasTable, buildAliasTable } from './alias-table.js';
import type { RequestPath } from './match-table.js';

/** Where a path leads, before the file system is asked. Names are absolute, without empty and dot segments. */
export type Translation =
  | {
      readonly kind: 'script';
      readonly filename: string;
      /** Where the script or the directory of scripts is, if that is the same for every path; without trailing slash. */
      readonly target?: string;
      readonly alias: ScriptAlias;
    }
  | {
      readonly kind: 'tree';
      readonly filename: string;
      readonly contextPrefix: string;
      readonly contextDocumentRoot: string;
      /** `location`: Alias with one argument. */
      readonly by: Alias | 'location' | 'document-root' | 'rewrite';
    }
  /** A pattern made a name that climbs. */
  | { readonly kind: 'climbing'; readonly filename: string }
  | { readonly kind: 'nowhere' };

export interface TranslationTable {
  readonly aliases: AliasTable<Alias>;
  readonly scriptAliases: AliasTable<ScriptAlias>;
}

export function buildTranslationTable(host: VirtualHost): TranslationTable {
  return {
    aliases: buildAliasTable(host.aliases, { rootKeepsSlash: false, patternKeepsRest: false }),
    scriptAliases: buildAliasTable(host.scriptAliases, { rootKeepsSlash: true, patternKeepsRest: true }),
  };
}

/** Apache's order of modules: Alias, WSGIScriptAlias, DocumentRoot; `tables`: the virtual host's, then the main server's. */
export function translatePath(
  tables: readonly TranslationTable[],
  documentRoot: string | undefined,
  path: RequestPath,
): Translation {
  for (const { aliases } of tables) {
    const match = aliases.match(path);
    if (match === undefined) continue;
    const { alias, filename, target } = match;
    if (target === undefined && isClimbing(filename)) return { kind: 'climbing', filename };
    const isPrefix = alias.match.kind === 'prefix';
    return {
      kind: 'tree',
      filename,
      contextPrefix: alias.match.kind === 'prefix' ? toByteString(alias.match.path) : '',
      contextDocumentRoot: isPrefix ? toByteString(alias.target) : (documentRoot ?? ''),
      by: alias,
    };
  }
  for (const { scriptAliases } of tables) {
    const match = scriptAliases.match(path);
    if (match === undefined) continue;
    const { alias, filename, target } = match;
    if (target !== undefined) return { kind: 'script', filename, target, alias };
    return isClimbing(filename) ? { kind: 'climbing', filename } : { kind: 'script', filename, alias };
  }
  if (documentRoot === undefined) return { kind: 'nowhere' };
  const filename = mergeSlashes(documentRoot + path.merged);
  return {
    kind: 'tree',
    filename,
    contextPrefix: '',
    contextDocumentRoot: documentRoot,
    by: 'document-root',
  };
}

/** A name that rules made. It is looked up as it is: dot segments would lead past the sections of the directories before them. */
export function translateRewritten(
  { documentRoot = '' }: { readonly documentRoot: string | undefined },
  { filename: made }: { readonly filename?: string },
): Translation | undefined {
  if (made === undefined) return undefined;
  const filename = mergeSlashes(made);
  if (isClimbing(filename)) return { kind: 'climbing', filename };
  return { kind: 'tree', filename, contextPrefix: '', contextDocumentRoot: documentRoot, by: 'rewrite' };
}

/** As a byte string, without dot segments and trailing slash. */
export function normaliseDocumentRoot(documentRoot: string | undefined): string | undefined {
  return documentRoot === undefined
    ? undefined
    : posix.normalize(toByteString(documentRoot)).replace(/(?<=.)\/$/, '');
}

/** `^/~(.*)` → `/home/$1` makes /home/../etc out of /~../etc: no section would be compared with what is opened. */
function isClimbing(filename: string): boolean {
  return !filename.startsWith('/') || /\/\.\.?(?:\/|$)/.test(filename);
}
