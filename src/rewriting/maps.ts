import { readFileSync, statSync } from 'node:fs';
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
  readonly mtimeMs: number;
  readonly size: number;
  readonly entries: ReadonlyMap<string, string>;
}

const readMaps = new Map<string, ReadMap>();

/** A larger file would hold up every other request while it is read. */
const mostBytes = 16 * 1_048_576;

/** Read again whenever it has changed. */
function readMapFile(path: string): ReadonlyMap<string, string> {
  try {
    const { mtimeMs, size } = statSync(path);
    const known = readMaps.get(path);
    if (known?.mtimeMs === mtimeMs && known.size === size) return known.entries;
    if (size > mostBytes) throw new Error(`it has more than ${mostBytes} bytes`);
    const entries = parseMap(readFileSync(path, 'latin1'));
    readMaps.set(path, { mtimeMs, size, entries });
    return entries;
  } catch (error) {
    throw new MapUnreadable(`the map ${path} cannot be read: ${(error as Error).message}`);
  }
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
