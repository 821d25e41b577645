import type { DirectorySettings, Section, ServerConfig, VirtualHost } from '../config/model.js';
import { AccessFiles } from './access-files.js';
import { createHandlerTargets, type FindHandlerTarget } from './handler-target.js';
import { createHtaccessReader, type HtaccessPorts, type ReadHtaccess } from './htaccess.js';
import { createMappedNameMatcher, type MappedNameMatcher } from './mapped-name.js';
import { buildMatchTable } from './match-table.js';
import { mergeSettings } from './merge-settings.js';
import { type Options, settleOptions } from './options.js';
import { followSteps, looksForFiles, stepThroughDirectories } from './overrides.js';
import type { ProxyTable } from './proxied.js';
import { buildRedirectTable, type RedirectTable } from './redirects.js';
import { ScriptRoutes } from './script-routes.js';
import { type CompiledSection, compileSections, matchDirectories, type SectionTable } from './sections.js';
import { createSettingsCache, type MergeSections } from './settings-cache.js';
import { buildTranslationTable, normaliseDocumentRoot, type TranslationTable } from './translate-path.js';

/** What a request to one virtual host (or to the main server) meets. */
export interface Host {
  readonly virtualHost: VirtualHost;
  /** The virtual host's, then the main server's. */
  readonly redirects: readonly RedirectTable[];
  /** The main server's, then the virtual host's (unlike all others, as in httpd). */
  readonly proxies: readonly ProxyTable[];
  readonly translations: readonly TranslationTable[];
  /** The main server's, then the virtual host's. */
  readonly sections: readonly SectionTable[];
  readonly documentRoot: string | undefined;
  readonly mappedNames: MappedNameMatcher;
  readonly merge: MergeSections;
  /** Options of a directory (byte string, without slash at the end), as far as <Directory> and .htaccess files say. */
  readonly optionsOf: (directory: string) => Options;
  /** Some Options forbid symbolic links: every part of a name has to be looked at. */
  readonly checksLinks: boolean;
  readonly findHandlerTarget: FindHandlerTarget;
  /** Routes to scripts that depend on nothing but the path, by path. */
  readonly scriptRoutes: ScriptRoutes;
}

/** Once at start, for the main server and every virtual host. */
export function compileHosts(
  { global, mainServer, virtualHosts }: ServerConfig,
  htaccess: HtaccessPorts | undefined,
): ReadonlyMap<VirtualHost, Host> {
  const mainRedirects = buildRedirectTable(mainServer.redirects);
  const mainProxies = buildMatchTable(mainServer.proxyPasses);
  const mainTranslation = buildTranslationTable(mainServer);
  const mainSections = compileSections(mainServer.sections);
  const mainBase = Object.freeze({ ...mainServer.directorySettings });
  const files = new AccessFiles();
  const findHandlerTarget = createHandlerTargets(global.proxyParameters);
  const checksLinks = [mainServer, ...virtualHosts].some(forbidsLinks);

  const compile = (
    virtualHost: VirtualHost,
    sections: readonly SectionTable[],
    { merge, forget }: ReturnType<typeof createSettingsCache>,
  ) => {
    const readHtaccess =
      htaccess !== undefined && looksForFiles(sections)
        ? createHtaccessReader(virtualHost, files, htaccess, forget)
        : undefined;
    return {
      virtualHost,
      sections,
      documentRoot: normaliseDocumentRoot(virtualHost.settings.documentRoot),
      mappedNames: createMappedNameMatcher(sections, readHtaccess),
      merge,
      optionsOf: (directory: string) =>
        settleOptions(merge(matchWithFiles(sections, directory, readHtaccess)).options),
      checksLinks,
      findHandlerTarget,
      scriptRoutes: new ScriptRoutes(),
    };
  };
  const main: Host = {
    ...compile(mainServer, [mainSections], createSettingsCache(mainBase)),
    redirects: [mainRedirects],
    proxies: [mainProxies],
    translations: [mainTranslation],
  };
  const others = virtualHosts.map((virtualHost): Host => {
    const cache = createSettingsCache(mergeSettings(mainBase, virtualHost.directorySettings));
    return {
      ...compile(virtualHost, [mainSections, compileSections(virtualHost.sections)], cache),
      redirects: [buildRedirectTable(virtualHost.redirects), mainRedirects],
      proxies: [
        ...(virtualHost.settings.proxying.inheritsPasses ? [mainProxies] : []),
        buildMatchTable(virtualHost.proxyPasses),
      ],
      translations: [buildTranslationTable(virtualHost), mainTranslation],
    };
  });
  return new Map([main, ...others].map((host) => [host.virtualHost, host]));
}

/** A file that cannot be read refuses the request elsewhere. */
function matchWithFiles(
  sections: readonly SectionTable[],
  directory: string,
  readHtaccess: ReadHtaccess | undefined,
): readonly CompiledSection[] {
  if (readHtaccess === undefined) return matchDirectories(sections, directory);
  return followSteps(stepThroughDirectories(sections, directory), readHtaccess).sections;
}

function forbidsLinks({ directorySettings, sections }: VirtualHost): boolean {
  const said = [directorySettings, ...sections.flatMap(settingsWithin)];
  return said.some(({ options }) => !settleOptions(options).has('followsymlinks'));
}

function settingsWithin({ settings, sections }: Section): DirectorySettings[] {
  return [settings, ...sections.flatMap(settingsWithin)];
}
