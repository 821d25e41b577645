import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { SiteOptions } from './command.js';

/** Under ServerRoot. */
export const defaultSiteFile = 'conf/site.conf';

/** Both absolute. The file need not exist: reading it says so better. */
export interface SiteLocation {
  /** Until a ServerRoot directive names another. */
  readonly serverRoot: string;
  readonly configFile: string;
}

/**
 * Where the site is: -d and -f, else the current directory, and if that has no site file, the sample site that came
 * with modhost. Nothing falls back to the sample once -d or -f names a place.
 */
export function findSiteFile(
  options: Pick<SiteOptions, 'serverRoot' | 'configFile'>,
  folders: { readonly working: string; readonly package: string },
): SiteLocation {
  const { working } = folders;
  if (options.serverRoot !== undefined || options.configFile !== undefined) {
    const serverRoot = resolve(working, options.serverRoot ?? '.');
    return { serverRoot, configFile: resolve(serverRoot, options.configFile ?? defaultSiteFile) };
  }
  const configFile = resolve(working, defaultSiteFile);
  if (existsSync(configFile)) return { serverRoot: working, configFile };
  return { serverRoot: folders.package, configFile: resolve(folders.package, defaultSiteFile) };
}
