import { posix } from 'node:path';
import type { ServerConfig, VirtualHost } from '../config/model.js';
import { mergeSlashes, toByteString } from '../http/index.js';
import type { Trace } from '../trace/index.js';
import { matchConditions } from './conditions.js';
import { type FoundFile, findFile, isScriptFile } from './find-file.js';
import { findServer } from './handled-by-server.js';
import { compileHosts, type Host } from './host-table.js';
import { findHtaccessSection, type HtaccessPorts, type HtaccessRefusal } from './htaccess.js';
import type { AskCondition, FoundSoFar, ProxiedMapping, Rewritten, Route, Router } from './index.js';
import { mapFound } from './map-found.js';
import type { MappedName } from './mapped-name.js';
import {
  describeFound,
  describeHandled,
  describeHtaccess,
  describeProxied,
  describeRedirection,
  describeTranslation,
} from './mapping-steps.js';
import type { RequestPath } from './match-table.js';
import { captureVariables } from './match-variables.js';
import { findProxied, isClimbing, urlOf } from './proxied.js';
import { findSectionRedirect, matchRedirect, type Redirection } from './redirects.js';
import { createRewrittenTargets } from './rewritten-target.js';
import { type CompiledSection, matchLocations, matchProxies } from './sections.js';
import { findForbiddenLink } from './symbolic-links.js';
import { type Translation, translatePath, translateRewritten } from './translate-path.js';
import type { ResolvedNames } from './virtual-host-names.js';
import { createVirtualHostSelector } from './virtual-hosts.js';

/**
 * Compiles the tables of all servers. `resolvedNames`: what resolveVirtualHostNames found for <VirtualHost name:port>;
 * without it only `localhost` has addresses. Without `htaccess` the router knows what the site file says and no more: not
 * enough to let anybody in. `trace` is told how each path was mapped.
 */
export function createRouter(
  config: ServerConfig,
  resolvedNames?: ResolvedNames,
  htaccess?: HtaccessPorts,
  trace?: Trace,
): Router {
  const hosts = compileHosts(config, htaccess);
  const hostOf = (virtualHost: VirtualHost): Host => {
    const host = hosts.get(virtualHost);
    if (host === undefined) throw new Error('the virtual host is none of this configuration');
    return host;
  };
  return {
    selectVirtualHost: createVirtualHostSelector(config, resolvedNames),
    route: (virtualHost, path, ask = cannotTell, rewritten = {}) => {
      const host = hostOf(virtualHost);
      // Whoever traces wants to hear of each step.
      const known = isUntouched(rewritten) && trace === undefined ? host.scriptRoutes.find(path) : undefined;
      return known ?? routePath(host, path, ask, rewritten, trace);
    },
    findRewritten: createRewrittenTargets(config.global.proxyParameters),
    serverSettings: (virtualHost) => hostOf(virtualHost).merge(),
    findSectionRedirect: (settings, path) => {
      const redirection = findSectionRedirect(settings, bothForms(path));
      if (redirection !== undefined) trace?.(describeRedirection(redirection));
      return redirection;
    },
  };
}

function bothForms(asSent: string): RequestPath {
  return { asSent, merged: mergeSlashes(asSent) };
}

/** Without a request there is nobody to ask. */
const cannotTell: AskCondition = () => 'fault';

function routePath(
  host: Host,
  asSent: string,
  ask: AskCondition,
  rewritten: Rewritten,
  trace: Trace | undefined,
): Route {
  const { virtualHost } = host;
  // `*` of OPTIONS: the server as a whole.
  if (!asSent.startsWith('/')) {
    return {
      virtualHost,
      settings: host.merge(),
      mapping: { kind: 'missing', filename: '', reason: 'names no path' },
      accessed: nothingAccessed,
      variables: [],
    };
  }
  const path = bothForms(asSent);
  const locations = matchLocations(host.sections, path);
  const proxied =
    rewritten.proxied ??
    (rewritten.filename === undefined ? findProxied(host.proxies, locations, path) : undefined);
  if (proxied !== undefined) trace?.(describeProxied(proxied));
  if (proxied?.kind === 'proxied') return routeProxied(host, path, locations, proxied, ask);
  const redirection = rewritten.filename === undefined ? redirectPath(host, path) : undefined;
  if (redirection !== undefined) {
    trace?.(describeRedirection(redirection));
    return {
      virtualHost,
      settings: host.merge(locations),
      mapping: { kind: 'redirect', ...redirection },
      accessed: nothingAccessed,
      variables: [],
    };
  }
  const translation =
    translateRewritten(host, rewritten) ??
    translateInLocations(host, locations, path) ??
    translatePath(host.translations, host.documentRoot, path);
  trace?.(describeTranslation(translation, host.virtualHost));
  const { found, matched } = findWithSections(host, translation);
  if (found !== undefined) trace?.(describeFound(found));
  if (trace !== undefined) for (const step of describeHtaccess(matched)) trace(step);
  if ('kind' in matched) return refuseRoute(host, matched, found?.filename);
  const sections = [...matched, ...locations];
  const soFar: FoundSoFar = {
    filename: found?.filename ?? '',
    pathInfo: found?.kind === 'file' ? found.pathInfo : '',
    variables: captureVariables(sections, {
      accessed: found === undefined ? '' : accessedName(translation, found),
      asSent,
    }),
  };
  const asked = listConditions(host, sections);
  const conditions = matchConditions(asked, ask, soFar);
  const merged = host.merge(sections, conditions.sections);
  const settings = rewritten.forced === undefined ? merged : { ...merged, ...rewritten.forced };
  const mapping = mapFound(translation, found, settings, path, host.findHandlerTarget);
  if (mapping.kind === 'script' && mapping.handled !== undefined) trace?.(describeHandled(mapping.handled));
  const server = findServer(mapping);
  if (server !== undefined) trace?.(describeProxied(server));
  const route: Route = {
    virtualHost,
    settings,
    mapping,
    accessed: accessedParts(translation, found),
    variables: soFar.variables,
    ...(conditions.fault === undefined ? {} : { fault: conditions.fault }),
  };
  if (
    isUntouched(rewritten) &&
    asked.length === 0 &&
    found !== undefined &&
    leadsToFixedScript(host, translation, route)
  )
    host.scriptRoutes.remember(
      asSent,
      route,
      host.mappedNames.holdsForMs(mappedName(translation, found), matched),
    );
  return route;
}

/** Rules have had no say in it. */
function isUntouched({ filename, proxied, forced }: Rewritten): boolean {
  return filename === undefined && proxied === undefined && forced === undefined;
}

/** What is to be called depends on the path alone, and on whether the script is there. */
function leadsToFixedScript(host: Host, translation: Translation, { mapping }: Route): boolean {
  if (host.checksLinks || translation.kind !== 'script') return false;
  return mapping.kind === 'script' && mapping.scriptFile === translation.target;
}

/** What another server answers is in no directory: <Proxy> sections hold instead. */
function routeProxied(
  host: Host,
  { asSent }: RequestPath,
  locations: readonly CompiledSection[],
  mapping: ProxiedMapping,
  ask: AskCondition,
): Route {
  const url = urlOf(mapping);
  const sections = [...matchProxies(host.sections, url), ...locations];
  const soFar: FoundSoFar = {
    filename: `proxy:${url}`,
    pathInfo: '',
    variables: captureVariables(sections, { accessed: '', asSent, url }),
  };
  const conditions = matchConditions(listConditions(host, sections), ask, soFar);
  return {
    virtualHost: host.virtualHost,
    settings: host.merge(sections, conditions.sections),
    mapping: isClimbing(mapping) ? { kind: 'forbidden', filename: soFar.filename, reason: climbs } : mapping,
    accessed: nothingAccessed,
    variables: soFar.variables,
    ...(conditions.fault === undefined ? {} : { fault: conditions.fault }),
  };
}

const climbs = 'a URL with dot segments was made of the path';

/** Those outside other sections come first, those inside the sections that matched after them, in their order. */
function listConditions(host: Host, sections: readonly CompiledSection[]) {
  return [...host.sections, ...sections]
    .map(({ conditions }) => conditions)
    .filter(({ length }) => length > 0);
}

function redirectPath({ redirects }: Host, path: RequestPath): Redirection | undefined {
  for (const table of redirects) {
    const redirection = matchRedirect(table, path);
    if (redirection !== undefined) return redirection;
  }
  return undefined;
}

/** Alias with one argument: the whole <Location> is one file or directory, whatever follows in the path; with AliasPreservePath, that is below it. */
function translateInLocations(
  host: Host,
  locations: readonly CompiledSection[],
  { merged }: RequestPath,
): Translation | undefined {
  const said = locations.findLast(({ settings }) => settings.aliasTarget !== undefined)?.settings;
  if (said?.aliasTarget === undefined) return undefined;
  const target = posix.normalize(toByteString(said.aliasTarget));
  const prefix = mergeSlashes(toByteString(said.aliasLocation ?? ''));
  const isBelow =
    prefix !== '' && merged.startsWith(prefix) && host.merge(locations).aliasPreservePath === true;
  const filename = isBelow ? mergeSlashes(target + merged.slice(prefix.length)) : target;
  return { kind: 'tree', filename, contextPrefix: '', contextDocumentRoot: target, by: 'location' };
}

/** Asks the file system; undefined where the path leads to no name in it. */
function findTranslated(host: Host, translation: Translation): FoundFile | undefined {
  if (translation.kind === 'nowhere') return undefined;
  const { filename } = translation;
  if (translation.kind === 'climbing') {
    return { kind: 'forbidden', filename, reason: 'a pattern made a name with dot segments of the path' };
  }
  const found = findScript(translation) ?? findFile(filename);
  return host.checksLinks ? (refuseLinks(host, found) ?? found) : found;
}

/** What a path is mapped to, and the <Directory> and <Files> sections of that. */
function findWithSections(host: Host, translation: Translation) {
  const found = findTranslated(host, translation);
  const matched = matchFound(host, translation, found);
  if (found === undefined || host.checksLinks || 'kind' in matched || !matched.some(mayForbidLinks))
    return { found, matched };
  const link = refuseLinks(host, found);
  return link === undefined
    ? { found, matched }
    : { found: link, matched: matchFound(host, translation, link) };
}

/** Only a .htaccess file can, where nothing in the site file does. */
function mayForbidLinks({ settings }: CompiledSection): boolean {
  return settings.options !== undefined && findHtaccessSection(settings) !== undefined;
}

/** Nobody knows which settings hold, so that only those of the server do. */
function refuseRoute(host: Host, { status, level, reason }: HtaccessRefusal, filename = ''): Route {
  return {
    virtualHost: host.virtualHost,
    settings: host.merge(),
    mapping: { kind: 'forbidden', filename, reason },
    accessed: nothingAccessed,
    variables: [],
    refusal: { status, level, reason },
  };
}

/** One question to the file system where the target of a script alias is a script and not a directory of scripts. */
function findScript(translation: Translation): FoundFile | undefined {
  if (translation.kind !== 'script' || translation.target === undefined) return undefined;
  const { filename, target } = translation;
  if (!filename.startsWith(target)) return undefined;
  const pathInfo = filename.slice(target.length);
  if (pathInfo !== '' && !pathInfo.startsWith('/')) return undefined;
  return isScriptFile(target) ? { kind: 'file', filename: target, pathInfo } : undefined;
}

function refuseLinks(host: Host, found: FoundFile): FoundFile | undefined {
  if (found.kind === 'forbidden') return undefined;
  const link = findForbiddenLink(existingPart(found), host.optionsOf);
  if (link === undefined) return undefined;
  return { kind: 'forbidden', filename: link, reason: 'a symbolic link that Options do not let through' };
}

/** The <Directory> and <Files> sections of what a path is mapped to. */
function matchFound(
  { mappedNames }: Host,
  translation: Translation,
  found: FoundFile | undefined,
): readonly CompiledSection[] | HtaccessRefusal {
  if (found === undefined || translation.kind === 'climbing') return [];
  return mappedNames.match(mappedName(translation, found));
}

function mappedName(translation: Translation, found: FoundFile): MappedName {
  const exists = found.kind === 'file' || found.kind === 'directory';
  return { accessed: accessedName(translation, found), existing: existingPart(found), exists };
}

/** What does not exist is governed by the directory it would be in. */
function existingPart(found: FoundFile): string {
  if (found.kind !== 'missing') return found.filename;
  return found.filename.slice(0, found.filename.lastIndexOf('/')) || '/';
}

const nothingAccessed = { filename: '', pathInfo: '', contextPrefix: '', contextDocumentRoot: '' };

function accessedParts(translation: Translation, found: FoundFile | undefined): Route['accessed'] {
  if (found === undefined || translation.kind === 'nowhere') return nothingAccessed;
  const filename = accessedName(translation, found);
  const { contextPrefix = '', contextDocumentRoot = '' } = translation.kind === 'tree' ? translation : {};
  return {
    filename,
    pathInfo: translation.filename.slice(filename.length),
    contextPrefix,
    contextDocumentRoot,
  };
}

/** A directory keeps the slash it was asked with: then it has no base name. */
function accessedName(translation: Translation, found: FoundFile): string {
  const isAskedWithSlash = translation.kind !== 'nowhere' && translation.filename.endsWith('/');
  const { kind, filename } = found;
  return kind === 'directory' && isAskedWithSlash && filename !== '/' ? `${filename}/` : filename;
}
