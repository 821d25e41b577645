import { lstatSync, statSync } from 'node:fs';
import { toFilePath } from '../http/index.js';
import type { Options } from './options.js';

/**
 * The first part of an existing name that is a symbolic link which the Options of the directory it stands in do not let
 * through (FollowSymLinks, SymLinksIfOwnerMatch).
 */
export function findForbiddenLink(
  filename: string,
  optionsOf: (directory: string) => Options,
): string | undefined {
  let directory = '/';
  for (let end = filename.indexOf('/', 1); directory !== filename; end = filename.indexOf('/', end + 1)) {
    const part = end === -1 ? filename : filename.slice(0, end);
    if (isLink(part) && !mayFollow(part, optionsOf(directory))) return part;
    if (end === -1) return undefined;
    directory = part;
  }
  return undefined;
}

function mayFollow(link: string, options: Options): boolean {
  if (options.has('followsymlinks')) return true;
  return options.has('symlinksifownermatch') && hasSameOwner(link);
}

function isLink(filename: string): boolean {
  try {
    return lstatSync(toFilePath(filename)).isSymbolicLink();
  } catch {
    // Gone in between, or never to be seen: whoever opens it will find out. A link it is not known to be is none to follow.
    return true;
  }
}

function hasSameOwner(link: string): boolean {
  try {
    return lstatSync(toFilePath(link)).uid === statSync(toFilePath(link)).uid;
  } catch {
    return false;
  }
}
