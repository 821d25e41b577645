import { readdirSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { statPath } from './stat-path.js';
import { hasWildcard, matchWildcard } from './wildcard.js';

/** The files that one Include names, in the order in which they are read, or why there are none. */
export type IncludedFiles =
  | { readonly kind: 'files'; readonly files: readonly string[] }
  | { readonly kind: 'failed'; readonly message: string };

/** httpd's limit for files that include each other and for directories in directories. */
export const maximumIncludeDepth = 128;

/** Files and directories that one Include may find: `Include /` is a slip, not a wish. */
const maximumEntries = 20_000;
const tooManyEntries = `finds more than ${maximumEntries} files and directories`;

/** No site file is larger: a start must not swallow a disk image. Bytes. */
const maximumFileSize = 64 * 1024 * 1024;

/**
 * Resolves the argument of Include or IncludeOptional. Wildcards may stand in any segment; what matches on one level is
 * read in byte order; a directory means every file below it. With `optional`, nothing found is no mistake.
 */
export function findIncludedFiles(argument: string, serverRoot: string, optional: boolean): IncludedFiles {
  const path = isAbsolute(argument) ? argument : join(serverRoot, argument);
  const segments = path.split('/').filter((segment) => segment !== '');
  const found: Found = { files: [], entries: 0 };
  const search = expandSegments('/', segments, optional, found);
  if (search.kind === 'failed') return search;
  for (const path of search.files) {
    const failure = collectFiles(path, 0, optional, found);
    if (failure !== undefined) return { kind: 'failed', message: failure };
  }
  return { kind: 'files', files: found.files };
}

/** The bytes of a configuration file, or why it cannot be read. Only regular files and /dev/null are opened: a FIFO would hang. */
export function readConfigFile(
  file: string,
): { kind: 'content'; content: Buffer } | { kind: 'failed'; message: string } {
  try {
    const status = statSync(file);
    if (!status.isFile()) {
      if (file === '/dev/null') return { kind: 'content', content: Buffer.alloc(0) };
      return { kind: 'failed', message: `cannot read ${file}: it is not a regular file` };
    }
    if (status.size > maximumFileSize)
      return { kind: 'failed', message: `cannot read ${file}: it is too large` };
    return { kind: 'content', content: readFileSync(file) };
  } catch (error) {
    return { kind: 'failed', message: `cannot read ${file}: ${describeSystemError(error)}` };
  }
}

/** A system error in a few words. */
export function describeSystemError(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const texts: Readonly<Record<string, string>> = {
    ENOENT: 'no such file or directory',
    ENOTDIR: 'a part of the path is not a directory',
    EACCES: 'permission denied',
    ELOOP: 'too many symbolic links',
    ENAMETOOLONG: 'the path is too long',
    EISDIR: 'it is a directory',
    ERR_INVALID_ARG_VALUE: 'the path is not valid',
  };
  return texts[code] ?? (code === '' ? String(error) : code);
}

interface Found {
  readonly files: string[];
  entries: number;
}

function expandSegments(
  base: string,
  segments: readonly string[],
  optional: boolean,
  found: Found,
): IncludedFiles {
  const index = segments.findIndex(hasWildcard);
  if (index < 0) return { kind: 'files', files: [resolve(base, ...segments)] };
  const directory = resolve(base, ...segments.slice(0, index));
  const pattern = segments[index] ?? '';
  const rest = segments.slice(index + 1);
  const names = listDirectory(directory);
  if (typeof names === 'string')
    return optional
      ? { kind: 'files', files: [] }
      : { kind: 'failed', message: `cannot open the directory ${directory}: ${names}` };
  found.entries += names.length;
  if (found.entries > maximumEntries) return { kind: 'failed', message: tooManyEntries };
  const matches = names
    .filter((name) => matchWildcard(pattern, name))
    .map((name) => join(directory, name))
    .filter((path) => rest.length === 0 || statPath(path)?.isDirectory());
  if (matches.length === 0 && !optional)
    return { kind: 'failed', message: `nothing matches the wildcard '${pattern}' in ${directory}` };
  const files: string[] = [];
  for (const match of matches) {
    if (rest.length === 0) {
      files.push(match);
      continue;
    }
    const deeper = expandSegments(match, rest, optional, found);
    if (deeper.kind === 'failed') return deeper;
    files.push(...deeper.files);
  }
  return { kind: 'files', files };
}

/** Adds the file, or all files below the directory; answers what went wrong. */
function collectFiles(path: string, depth: number, optional: boolean, found: Found): string | undefined {
  found.entries += 1;
  if (found.entries > maximumEntries) return tooManyEntries;
  if (depth > maximumIncludeDepth)
    return `${path} lies too deep; expected at most ${maximumIncludeDepth} levels`;
  try {
    if (!statSync(path).isDirectory()) {
      found.files.push(path);
      return undefined;
    }
  } catch (error) {
    return optional ? undefined : `cannot open ${path}: ${describeSystemError(error)}`;
  }
  const names = listDirectory(path);
  if (typeof names === 'string') return optional ? undefined : `cannot open the directory ${path}: ${names}`;
  for (const name of names) {
    const failure = collectFiles(join(path, name), depth + 1, optional, found);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

/** Names in byte order, or why they cannot be had. */
function listDirectory(directory: string): string[] | string {
  try {
    return readdirSync(directory).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  } catch (error) {
    return describeSystemError(error);
  }
}
