import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs';
import { encodeRedirectPath } from '../http/index.js';
import type { RewriteMap } from './model.js';

/** A map that cannot be asked: rules that protect something by it must not be taken to say nothing. */
export class MapUnreadable extends Error {}

/** The value of a key, undefined if there is none. Texts are byte strings. @throws MapUnreadable */
export function lookUp(map: RewriteMap, key: string): string | undefined {
  if (map.kind === 'internal') return transform(map.name, key);
  const value = readMapFile(map.path).get(key);
  return map.random && value !== undefined ? pick(value.split('|')) : value;
}

function transform(name: Extract<RewriteMap, { kind: 'internal' }>['name'], key: string): string {
  switch (name) {
    case 'toupper':
      return key.replace(/[a-z]/g, (letter) => letter.toUpperCase());
    case 'tolower':
      return key.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    case 'escape':
      return encodeRedirectPath(key);
    case 'unescape':
      return key.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) =>
        String.fromCharCode(Number.parseInt(digits, 16)),
      );
  }
}

function pick(values: readonly string[]): string | undefined {
  return values[Math.floor(Math.random() * values.length)];
}

interface ReadMap {
  readonly stats: Stats;
  /** Read so soon after it was written that another change could bear the same time. */
  readonly isFresh: boolean;
  readonly entries: ReadonlyMap<string, string>;
}

const readMaps = new Map<string, ReadMap>();

/** A larger file would hold up every other request while it is read. */
const mostBytes = 16 * 1_048_576;
/** Coarser than the clock of any file system that is worth it, in milliseconds. */
const clockGrainMs = 50;

/** Read again whenever it has changed. */
function readMapFile(path: string): ReadonlyMap<string, string> {
  try {
    const known = readMaps.get(path);
    if (known !== undefined && !known.isFresh && isSame(known.stats, statSync(path))) return known.entries;
    const read = readWhole(path);
    readMaps.set(path, read);
    return read.entries;
  } catch (error) {
    throw new MapUnreadable(`the map ${path} cannot be read: ${(error as Error).message}`);
  }
}

function readWhole(path: string): ReadMap {
  // A FIFO would hold up every request until somebody writes to it.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw new Error('it is no regular file');
    if (stats.size > mostBytes) throw new Error(`it has more than ${mostBytes} bytes`);
    const isFresh = Date.now() - stats.ctimeMs < clockGrainMs;
    return { stats, isFresh, entries: parseMap(readFileSync(fd, 'latin1')) };
  } finally {
    closeSync(fd);
  }
}

/** ctime too: nobody can set it back. */
function isSame(before: Stats, now: Stats): boolean {
  return (
    before.mtimeMs === now.mtimeMs &&
    before.ctimeMs === now.ctimeMs &&
    before.size === now.size &&
    before.ino === now.ino &&
    before.dev === now.dev
  );
}

/** `key value` a line, the first line of a key counts; what begins with `#` or has no value says nothing. */
export function parseMap(text: string): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) continue;
    const [, key, value] = /^[ \t]*([^\s]+)[ \t]+([^\s]+)/.exec(line) ?? [];
    if (key !== undefined && value !== undefined && !entries.has(key)) entries.set(key, value);
  }
  return entries;
}
