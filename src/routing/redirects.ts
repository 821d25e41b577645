import type { DirectorySettings, FixedRedirect, Position, Redirect } from '../config/model.js';
import { encodeLocation, encodeRedirectPath, toByteString } from '../http/index.js';
import { substituteGroups } from '../matching/index.js';
import { buildMatchTable, type Match, type MatchTable, type RequestPath } from './match-table.js';

/** The answer that a Redirect gives. Byte strings. */
export interface Redirection {
  readonly status: number;
  /** A URL, or a path of this server; absent where the status sends nobody elsewhere. */
  readonly location?: string;
  /** In place of `location`: a text that is made of the request. */
  readonly expression?: NonNullable<FixedRedirect['expression']>;
  /** The query of the request goes along. */
  readonly takesQuery: boolean;
  /** The directive that says so. */
  readonly position: Position;
}

export type RedirectTable = MatchTable<Redirect>;

/** The redirects of one server: they answer before anything is mapped or asked (as in httpd). */
export function buildRedirectTable(redirects: readonly Redirect[]): RedirectTable {
  return buildMatchTable(redirects);
}

export function matchRedirect(table: RedirectTable, path: RequestPath): Redirection | undefined {
  const match = table.find(path);
  return match === undefined ? undefined : redirectTo(match, path);
}

/** The redirects of sections: one for everything first, then those with a path. */
export function findSectionRedirect(settings: DirectorySettings, path: RequestPath): Redirection | undefined {
  const { fixedRedirect, redirects } = settings;
  if (fixedRedirect !== undefined) return redirectWholly(fixedRedirect);
  return redirects === undefined ? undefined : matchRedirect(tableOf(redirects), path);
}

/** Merged settings are few and keep their identity; so do the lists in them. */
const tables = new WeakMap<readonly Redirect[], RedirectTable>();

function tableOf(redirects: readonly Redirect[]): RedirectTable {
  const known = tables.get(redirects);
  if (known !== undefined) return known;
  const table = buildRedirectTable(redirects);
  tables.set(redirects, table);
  return table;
}

function redirectWholly({ status, target, expression, position }: FixedRedirect): Redirection {
  if (expression !== undefined) return { status, expression, takesQuery: true, position };
  if (target === undefined) return { status, takesQuery: false, position };
  const location = encodeLocation(toByteString(target));
  return { status, location, takesQuery: !location.includes('?'), position };
}

/** What follows the prefix is encoded anew; of a pattern the whole path is (as in httpd), and `?` in the target keeps the query out. */
function redirectTo(match: Match<Redirect>, path: RequestPath): Redirection {
  const { status, target, position } = match.item;
  if (target === undefined) return { status, takesQuery: false, position };
  const template = toByteString(target);
  const made =
    match.kind === 'prefix'
      ? template + encodeRedirectPath(restBehind(path, match.length))
      : encodeUrlPath(substituteGroups(template, match.groups));
  return { status, location: encodeLocation(made), takesQuery: !made.includes('?'), position };
}

/** What follows a prefix, with the empty segments that MergeSlashes Off leaves in the path. */
function restBehind({ asSent, merged }: RequestPath, length: number): string {
  if (asSent === merged) return merged.slice(length);
  let left = length;
  let at = 0;
  for (; left > 0; at += 1) if (asSent[at] !== '/' || asSent[at - 1] !== '/') left -= 1;
  return asSent.slice(at);
}

function encodeUrlPath(url: string): string {
  const [, origin = '', path = '', rest = ''] =
    /^([a-z][a-z0-9+.-]*:\/\/[^/?#]*)?([^?#]*)(.*)$/is.exec(url) ?? [];
  return origin + encodeRedirectPath(path) + rest;
}
