import type { RuleFlags } from './model.js';

/** A query in the pieces it was made of. Those that a client sent are encoded already, those of rules are not. */
export type Query = readonly QueryPiece[];

export interface QueryPiece {
  readonly text: string;
  readonly isSent: boolean;
}

export function sentQuery(text: string): Query {
  return text === '' ? [] : [{ text, isSent: true }];
}

/** What applications see. */
export function joinQuery(query: Query): string {
  return query.map(({ text }) => text).join('&');
}

/** Takes the query off a result: it replaces the one so far, or goes before it (QSA). */
export function splitQuery(
  result: string,
  before: Query,
  { query: how, queryAtLast }: RuleFlags,
): { readonly path: string; readonly query: Query } {
  const mark = queryAtLast ? result.lastIndexOf('?') : result.indexOf('?');
  if (mark === -1) return { path: result, query: how === 'discard' ? [] : before };
  const text = result.slice(mark + 1).replace(/&$/, '');
  const own = text === '' ? [] : [{ text, isSent: false }];
  return { path: result.slice(0, mark), query: how === 'append' ? [...own, ...before] : own };
}
