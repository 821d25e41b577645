import { lstatSync, type Stats, statSync } from 'node:fs';
import { toFilePath } from '../http/index.js';

/** What the file system has under a name. Byte strings, without trailing slash. */
export type FoundFile =
  /** A regular file; what follows its name, from the slash on. */
  | { readonly kind: 'file'; readonly filename: string; readonly pathInfo: string }
  | { readonly kind: 'directory'; readonly filename: string }
  /** `filename` is the first part that does not exist. */
  | { readonly kind: 'missing'; readonly filename: string }
  | { readonly kind: 'forbidden'; readonly filename: string; readonly reason: string };

/** `name`: absolute, without empty and dot segments; may go on behind a file (PATH_INFO). Follows symbolic links. */
export function findFile(name: string): FoundFile {
  const filename = name.length > 1 && name.endsWith('/') ? name.slice(0, -1) : name;
  const state = lookUp(filename);
  if (typeof state === 'string') return findByComponents(name);
  return describe(state, filename, name.slice(filename.length));
}

/** For so long a script that was there is taken to be there still: its daemon process looks at the file itself before each request. */
const trustedMs = 1_000;
/** Script files of the configuration → when they were seen, in milliseconds. */
const seenScripts = new Map<string, number>();

/** Names a regular file, or did a moment ago: the one question that decides most requests to an application. */
export function isScriptFile(filename: string): boolean {
  const now = Date.now();
  const seenAt = seenScripts.get(filename);
  if (seenAt !== undefined && now - seenAt < trustedMs && now >= seenAt) return true;
  const state = lookUp(filename);
  const isFile = typeof state !== 'string' && state.isFile();
  if (isFile) seenScripts.set(filename, now);
  else seenScripts.delete(filename);
  return isFile;
}

/** From the root, for names that cannot be looked up as a whole: stops at the first part that is no directory. */
function findByComponents(name: string): FoundFile {
  for (let end = name.indexOf('/', 1); ; end = name.indexOf('/', end + 1)) {
    const filename = end === -1 ? name : name.slice(0, end);
    const state = lookUp(filename);
    if (state === 'ENOENT')
      return isDangling(filename) ? forbid(filename, 'ENOENT') : { kind: 'missing', filename };
    if (typeof state === 'string') return forbid(filename, state);
    const isLast = end === -1 || end === name.length - 1;
    if (!state.isDirectory() || isLast) return describe(state, filename, name.slice(filename.length));
  }
}

function describe(stats: Stats, filename: string, pathInfo: string): FoundFile {
  if (stats.isDirectory()) return { kind: 'directory', filename };
  if (stats.isFile()) return { kind: 'file', filename, pathInfo };
  return { kind: 'forbidden', filename, reason: 'neither a regular file nor a directory' };
}

/** The code of the error if there is one. */
function lookUp(filename: string, ask: typeof statSync | typeof lstatSync = statSync): Stats | string {
  try {
    return ask(toFilePath(filename), { throwIfNoEntry: false }) ?? 'ENOENT';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown error';
  }
}

function isDangling(filename: string): boolean {
  return lookUp(filename, lstatSync) !== 'ENOENT';
}

function forbid(filename: string, code: string): FoundFile {
  return { kind: 'forbidden', filename, reason: reasons.get(code) ?? `cannot be looked up: ${code}` };
}

const reasons: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'a symbolic link that leads nowhere'],
  ['ELOOP', 'symbolic links that lead in a circle'],
  ['EACCES', 'permission denied while looking it up'],
  ['ENAMETOOLONG', 'the name is too long'],
]);
