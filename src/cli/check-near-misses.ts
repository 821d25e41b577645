import { relative } from 'node:path';
import type { Finding } from '../config/index.js';
import type { Section, ServerConfig, VirtualHost } from '../config/model.js';
import { dropTrailingSlashes } from '../http/index.js';
import { isMeantToProtect, isPlainDenial } from './check-protection.js';
import { listRoots } from './mounts.js';

/** What `-t` says about protections that stand beside what they were meant for: another case, a slash too many, a directory that no URL reaches. */
export function checkNearMisses(config: ServerConfig): Finding[] {
  const { mainServer, virtualHosts } = config;
  const servers = [mainServer, ...virtualHosts];
  const roots = collectTargets(servers);
  return servers.flatMap((server) => {
    const prefixes = listPrefixes(server === mainServer ? servers : [mainServer, server]);
    return server.sections
      .filter(({ settings, match }) => match.kind === 'literal' && isMeantToProtect(settings))
      .flatMap((section) => findMiss(section, prefixes, roots) ?? []);
  });
}

function findMiss(
  section: Section,
  prefixes: readonly string[],
  targets: readonly string[],
): Finding | undefined {
  const text = section.match.kind === 'literal' ? section.match.text : '';
  if (section.kind === 'location') {
    const missed = prefixes.find((prefix) => isMissed(prefix, text));
    return missed === undefined ? undefined : find(section, describeMiss(missed, text));
  }
  const { require } = section.settings;
  const isIdle = section.kind !== 'directory' || (require !== undefined && isPlainDenial(require));
  if (isIdle || targets.length === 0 || targets.some((target) => touches(target, text))) return undefined;
  return find(section, `protects nothing: no URL leads to ${text}`);
}

/** `/Admin` and `<Location /admin>`; `/app` itself and `<Location /app/>`. */
function isMissed(prefix: string, location: string): boolean {
  const [mounted, meant] = [bare(prefix), bare(location)];
  if (mounted === '' || mounted.toLowerCase() !== meant.toLowerCase()) return false;
  return mounted !== meant || (location.endsWith('/') && !prefix.endsWith('/'));
}

function describeMiss(prefix: string, location: string): string {
  if (bare(prefix) !== bare(location))
    return `does not protect ${prefix}: upper and lower case differ; expected <Location ${bare(prefix)}>`;
  return `does not protect ${prefix} itself, only what is below it; expected <Location ${bare(location)}>`;
}

function bare(path: string): string {
  return dropTrailingSlashes(path);
}

/** What a URL leads to lies in the directory, or the directory in it. */
function touches(target: string, directory: string): boolean {
  return isWithin(target, directory) || isWithin(directory, target);
}

function isWithin(path: string, folder: string): boolean {
  const below = relative(folder, path);
  return below === '' || !(below === '..' || below.startsWith('../'));
}

function listPrefixes(servers: readonly VirtualHost[]): readonly string[] {
  return servers.flatMap(({ aliases, scriptAliases }) =>
    [...aliases, ...scriptAliases].flatMap(({ match }) => (match.kind === 'prefix' ? [match.path] : [])),
  );
}

/** Empty where a pattern decides what files requests reach. */
function collectTargets(servers: readonly VirtualHost[]): readonly string[] {
  const hasPatterns = servers.some(({ aliases, scriptAliases }) =>
    [...aliases, ...scriptAliases].some(({ match }) => match.kind === 'regex'),
  );
  if (hasPatterns) return [];
  return servers.flatMap((server) => [
    ...listRoots(server, [...server.aliases, ...server.scriptAliases]).map(({ target }) => target),
    ...server.sections.flatMap(({ settings }) => settings.aliasTarget ?? []),
  ]);
}

function find(section: Section, message: string): Finding {
  const { kind, position } = section;
  return {
    kind: 'open-in-effect',
    position,
    directive: kind === 'location' ? '<Location>' : '<Directory>',
    message,
    at: 'arguments',
  };
}
