import type { DirectorySettings, Section, ServerConfig, VirtualHost } from '../config/model.js';
import { mergeSlashes } from '../http/index.js';
import type { RequestPath } from './alias-table.js';
import { type FoundFile, findFile, isFile } from './find-file.js';
import type { Mapping, Route, Router } from './index.js';
import { mergeSettings } from './merge-settings.js';
import { settleOptions } from './options.js';
import { findScriptName } from './script-name.js';
import {
  type CompiledSection,
  compileSections,
  matchDirectories,
  matchDirectoryPatterns,
  matchFiles,
  matchLocations,
  type SectionTable,
} from './sections.js';
import { createSettingsCache, type MergeSections } from './settings-cache.js';
import { findForbiddenLink } from './symbolic-links.js';
import {
  buildTranslationTable,
  normaliseDocumentRoot,
  type Translation,
  type TranslationTable,
  translatePath,
} from './translate-path.js';
import type { ResolvedNames } from './virtual-host-names.js';
import { createVirtualHostSelector } from './virtual-hosts.js';

/**
 * Compiles the tables of all servers. `resolvedNames`: what resolveVirtualHostNames found for <VirtualHost name:port>;
 * without it only `localhost` has addresses.
 */
export function createRouter(config: ServerConfig, resolvedNames?: ResolvedNames): Router {
  const hosts = compileHosts(config);
  return {
    selectVirtualHost: createVirtualHostSelector(config, resolvedNames),
    route(virtualHost, path) {
      const host = hosts.get(virtualHost);
      if (host === undefined) throw new Error('the virtual host is none of this configuration');
      return routePath(host, path);
    },
  };
}

/** What a request to one virtual host (or to the main server) meets. */
interface Host {
  readonly virtualHost: VirtualHost;
  /** The virtual host's, then the main server's. */
  readonly translations: readonly TranslationTable[];
  /** The main server's, then the virtual host's. */
  readonly sections: readonly SectionTable[];
  readonly documentRoot: string | undefined;
  readonly merge: MergeSections;
  /** Some Options forbid symbolic links: every part of a name has to be looked at. */
  readonly checksLinks: boolean;
}

function routePath(host: Host, asSent: string): Route {
  const { virtualHost } = host;
  // `*` of OPTIONS: the server as a whole.
  if (!asSent.startsWith('/')) {
    return { virtualHost, settings: host.merge([]), mapping: missing('', 'names no path') };
  }
  const path: RequestPath = { asSent, merged: mergeSlashes(asSent) };
  const translation = translatePath(host.translations, host.documentRoot, path);
  const found = findTranslated(host, translation);
  const settings = host.merge([
    ...matchMappedName(host, translation, found),
    ...matchLocations(host.sections, path),
  ]);
  return { virtualHost, settings, mapping: mapFound(translation, found, settings, path) };
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

/** One question to the file system where the target of a script alias is a script and not a directory of scripts. */
function findScript(translation: Translation): FoundFile | undefined {
  if (translation.kind !== 'script' || translation.target === undefined) return undefined;
  const { filename, target } = translation;
  if (!filename.startsWith(target)) return undefined;
  const pathInfo = filename.slice(target.length);
  if (pathInfo !== '' && !pathInfo.startsWith('/')) return undefined;
  return isFile(target) ? { kind: 'file', filename: target, pathInfo } : undefined;
}

function refuseLinks(host: Host, found: FoundFile): FoundFile | undefined {
  if (found.kind === 'forbidden') return undefined;
  const link = findForbiddenLink(existingPart(found), (directory) => {
    const directories = matchDirectories(host.sections, directory);
    return settleOptions(host.merge(directories).options);
  });
  if (link === undefined) return undefined;
  return { kind: 'forbidden', filename: link, reason: 'a symbolic link that Options do not let through' };
}

/** The <Directory> and <Files> sections of a mapped name, in the order in which they apply. */
function matchMappedName(
  { sections }: Host,
  translation: Translation,
  found: FoundFile | undefined,
): CompiledSection[] {
  if (found === undefined || translation.kind === 'climbing') return [];
  const accessed = accessedName(translation, found);
  const directories = [
    ...matchDirectories(sections, existingPart(found)),
    ...matchDirectoryPatterns(sections, accessed),
  ];
  return [
    ...directories,
    ...matchFiles(sections, directories, accessed.slice(accessed.lastIndexOf('/') + 1)),
  ];
}

/** What does not exist is governed by the directory it would be in. */
function existingPart(found: FoundFile): string {
  if (found.kind !== 'missing') return found.filename;
  return found.filename.slice(0, found.filename.lastIndexOf('/')) || '/';
}

/** A directory keeps the slash it was asked with: then it has no base name. */
function accessedName(translation: Translation, found: FoundFile): string {
  const isAskedWithSlash = translation.kind !== 'nowhere' && translation.filename.endsWith('/');
  const { kind, filename } = found;
  return kind === 'directory' && isAskedWithSlash && filename !== '/' ? `${filename}/` : filename;
}

function mapFound(
  translation: Translation,
  found: FoundFile | undefined,
  settings: DirectorySettings,
  path: RequestPath,
): Mapping {
  if (found === undefined) return missing('', 'no alias matches and there is no DocumentRoot');
  if (found.kind === 'forbidden') return found;
  if (translation.kind === 'script') return mapScript(translation, found, path);
  if (settings.handler === 'wsgi-script' && found.kind !== 'directory') {
    return mapHandled(found, settings, path);
  }
  if (found.kind === 'missing') return missing(found.filename, 'no such file or directory');
  if (translation.kind !== 'tree') return missing(found.filename, 'leads nowhere');
  const { contextPrefix, contextDocumentRoot } = translation;
  return { ...found, contextPrefix, contextDocumentRoot };
}

function mapScript(
  { alias }: Translation & { kind: 'script' },
  found: Exclude<FoundFile, { kind: 'forbidden' }>,
  path: RequestPath,
): Mapping {
  if (found.kind === 'missing') return missing(found.filename, 'the script file does not exist');
  if (found.kind === 'directory') {
    return {
      kind: 'forbidden',
      filename: found.filename,
      reason: 'a script is needed here, this is a directory',
    };
  }
  return { ...scriptAt(found, path), alias };
}

/** SetHandler wsgi-script */
function mapHandled(
  found: Extract<FoundFile, { kind: 'file' | 'missing' }>,
  settings: DirectorySettings,
  path: RequestPath,
): Mapping {
  if (!settleOptions(settings.options).has('execcgi')) {
    return { kind: 'forbidden', filename: found.filename, reason: 'Options ExecCGI is off here' };
  }
  if (found.kind === 'missing') return missing(found.filename, 'the script file does not exist');
  return scriptAt(found, path);
}

function scriptAt(
  { filename, pathInfo }: FoundFile & { kind: 'file' },
  path: RequestPath,
): Mapping & { kind: 'script' } {
  return {
    kind: 'script',
    scriptFile: filename,
    scriptName: findScriptName(path.merged, pathInfo),
    pathInfo,
  };
}

function missing(filename: string, reason: string): Mapping {
  return { kind: 'missing', filename, reason };
}

function compileHosts({ mainServer, virtualHosts }: ServerConfig): ReadonlyMap<VirtualHost, Host> {
  const mainTranslation = buildTranslationTable(mainServer);
  const mainSections = compileSections(mainServer.sections);
  const mainBase = Object.freeze({ ...mainServer.directorySettings });
  const checksLinks = [mainServer, ...virtualHosts].some(forbidsLinks);

  const main: Host = {
    virtualHost: mainServer,
    translations: [mainTranslation],
    sections: [mainSections],
    documentRoot: normaliseDocumentRoot(mainServer.settings.documentRoot),
    merge: createSettingsCache(mainBase),
    checksLinks,
  };
  const others = virtualHosts.map((virtualHost): [VirtualHost, Host] => [
    virtualHost,
    {
      virtualHost,
      translations: [buildTranslationTable(virtualHost), mainTranslation],
      sections: [mainSections, compileSections(virtualHost.sections)],
      documentRoot: normaliseDocumentRoot(virtualHost.settings.documentRoot),
      merge: createSettingsCache(mergeSettings(mainBase, virtualHost.directorySettings)),
      checksLinks,
    },
  ]);
  return new Map([[mainServer, main], ...others]);
}

function forbidsLinks({ directorySettings, sections }: VirtualHost): boolean {
  const said = [directorySettings, ...sections.flatMap(settingsWithin)];
  return said.some(({ options }) => !settleOptions(options).has('followsymlinks'));
}

function settingsWithin({ settings, sections }: Section): DirectorySettings[] {
  return [settings, ...sections.flatMap(settingsWithin)];
}
