import type { DirectorySettings, ProxyPass, ProxyTarget } from '../config/model.js';
import { mergeSlashes, toByteString } from '../http/index.js';
import { execBounded, substituteGroups, withoutMemory } from '../matching/index.js';
import type { ProxiedMapping } from './index.js';
import type { MatchTable, RequestPath } from './match-table.js';
import type { CompiledSection } from './sections.js';

/** `!`: this server answers. */
export interface ExcludedPath {
  readonly kind: 'excluded';
  readonly pass: ProxiedMapping['pass'];
}

/** ProxyPass and ProxyPassMatch of one server. */
export type ProxyTable = MatchTable<ProxyPass>;

/**
 * The other server that answers a path: ProxyPass of the last <Location>, else the first of the tables. `!` there: this server answers.
 * Comes before Redirect and Alias (as httpd).
 */
export function findProxied(
  tables: readonly ProxyTable[],
  locations: readonly CompiledSection[],
  path: RequestPath,
): ProxiedMapping | ExcludedPath | undefined {
  const inLocation = locations.findLast(({ settings }) => settings.proxyPass !== undefined)?.settings
    .proxyPass;
  if (inLocation !== undefined) return mapLocation(inLocation, path);
  for (const table of tables) {
    const match = table.find(path);
    if (match === undefined) continue;
    const pass = match.item;
    if (pass.target === undefined) return { kind: 'excluded', pass };
    if (match.kind === 'pattern') return mapPattern(pass, pass.target, match.groups, path);
    return mapPrefix(pass, pass.target, path, match.length);
  }
  return undefined;
}

/** The URL that is asked for, as <Proxy> sees it: decoded, in the words of the site file. */
export function urlOf({ target, path }: ProxiedMapping): string {
  const url = toByteString(target.url);
  return url.slice(0, url.length - toByteString(target.path).length) + path;
}

function mapLocation(
  pass: NonNullable<DirectorySettings['proxyPass']>,
  path: RequestPath,
): ProxiedMapping | ExcludedPath | undefined {
  if (pass.target === undefined) return { kind: 'excluded', pass };
  if (pass.match.kind === 'prefix') {
    return mapPrefix(pass, pass.target, path, mergeSlashes(toByteString(pass.match.path)).length);
  }
  const groups = execBounded(withoutMemory(pass.match.pattern), path.asSent);
  return groups === null ? undefined : mapPattern(pass, pass.target, groups, path);
}

function mapPrefix(
  pass: ProxiedMapping['pass'],
  target: ProxyTarget,
  { merged }: RequestPath,
  length: number,
): ProxiedMapping {
  const rest = merged.slice(length);
  const path = fromRoot(toByteString(target.path) + rest);
  return { kind: 'proxied', pass, by: 'ProxyPass', target, path, prefix: merged.slice(0, length), rest };
}

/** Without a `$` in the URL, the whole path of the request follows it. */
function mapPattern(
  pass: ProxiedMapping['pass'],
  target: ProxyTarget,
  groups: RegExpExecArray,
  { merged }: RequestPath,
): ProxiedMapping {
  const template = toByteString(target.path);
  const made = template.includes('$') ? substituteGroups(template, groups) : template + merged;
  return { kind: 'proxied', pass, by: 'ProxyPass', target, path: fromRoot(made) };
}

/** Dots that a pattern or a prefix brought together: what the other server resolves is not what was decided on. */
export function isClimbing({ path }: ProxiedMapping): boolean {
  return /\/\.\.?(?:\/|$)/.test(path);
}

/** Nothing of a path may become part of the host before it. */
function fromRoot(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}
