import type { DirectorySettings, Section, ServerConfig, VirtualHost } from '../config/model.js';
import { createMappedNameMatcher, type MatchMappedName } from './mapped-name.js';
import { mergeSettings } from './merge-settings.js';
import { settleOptions } from './options.js';
import { buildRedirectTable, type RedirectTable } from './redirects.js';
import { compileSections, type SectionTable } from './sections.js';
import { createSettingsCache, type MergeSections } from './settings-cache.js';
import { buildTranslationTable, normaliseDocumentRoot, type TranslationTable } from './translate-path.js';

/** What a request to one virtual host (or to the main server) meets. */
export interface Host {
  readonly virtualHost: VirtualHost;
  /** The virtual host's, then the main server's. */
  readonly redirects: readonly RedirectTable[];
  readonly translations: readonly TranslationTable[];
  /** The main server's, then the virtual host's. */
  readonly sections: readonly SectionTable[];
  readonly documentRoot: string | undefined;
  readonly matchMappedName: MatchMappedName;
  readonly merge: MergeSections;
  /** Some Options forbid symbolic links: every part of a name has to be looked at. */
  readonly checksLinks: boolean;
}

/** Once at start, for the main server and every virtual host. */
export function compileHosts({ mainServer, virtualHosts }: ServerConfig): ReadonlyMap<VirtualHost, Host> {
  const mainRedirects = buildRedirectTable(mainServer.redirects);
  const mainTranslation = buildTranslationTable(mainServer);
  const mainSections = compileSections(mainServer.sections);
  const mainBase = Object.freeze({ ...mainServer.directorySettings });
  const checksLinks = [mainServer, ...virtualHosts].some(forbidsLinks);

  const main: Host = {
    virtualHost: mainServer,
    redirects: [mainRedirects],
    translations: [mainTranslation],
    sections: [mainSections],
    documentRoot: normaliseDocumentRoot(mainServer.settings.documentRoot),
    matchMappedName: createMappedNameMatcher([mainSections]),
    merge: createSettingsCache(mainBase),
    checksLinks,
  };
  const others = virtualHosts.map((virtualHost): Host => {
    const sections = [mainSections, compileSections(virtualHost.sections)];
    return {
      virtualHost,
      redirects: [buildRedirectTable(virtualHost.redirects), mainRedirects],
      translations: [buildTranslationTable(virtualHost), mainTranslation],
      sections,
      documentRoot: normaliseDocumentRoot(virtualHost.settings.documentRoot),
      matchMappedName: createMappedNameMatcher(sections),
      merge: createSettingsCache(mergeSettings(mainBase, virtualHost.directorySettings)),
      checksLinks,
    };
  });
  return new Map([main, ...others].map((host) => [host.virtualHost, host]));
}

function forbidsLinks({ directorySettings, sections }: VirtualHost): boolean {
  const said = [directorySettings, ...sections.flatMap(settingsWithin)];
  return said.some(({ options }) => !settleOptions(options).has('followsymlinks'));
}

function settingsWithin({ settings, sections }: Section): DirectorySettings[] {
  return [settings, ...sections.flatMap(settingsWithin)];
}
