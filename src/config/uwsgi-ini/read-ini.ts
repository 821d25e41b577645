import type { parse } from 'ini';
import { requirePackage } from '../../http/index.js';

/** One `key = value` of the section [uwsgi]; a key alone has the value ''. `line` counts from 1. */
export interface IniEntry {
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/**
 * The entries of every section [uwsgi], in the order of the file; undefined if there is no such section. Tried with uWSGI 2.0: a value is everything
 * behind the first `=`, with its quotes, backslashes, `;` and `#`; only whole lines are comments.
 */
export function readUwsgiSection(text: string): readonly IniEntry[] | undefined {
  // Few site files have such a file beside them.
  const ini = requirePackage('ini') as { readonly parse: typeof parse };
  const section: unknown = ini.parse(text.split('\n').map(toDialectOfPackage).join('\n')).uwsgi;
  if (typeof section !== 'object' || section === null) return undefined;
  return Object.entries(section).flatMap(([name, value]) =>
    typeof value === 'string' ? [readEntry(name, value)] : [],
  );
}

/**
 * The package takes quotes and comments off values, makes booleans of words, and forgets in which line and order keys stood. Quoted, and with the
 * number of its line, everything arrives as it was written.
 */
function toDialectOfPackage(line: string, index: number): string {
  const text = line.trim();
  if (text === '' || text.startsWith(';') || text.startsWith('#')) return '';
  if (text.startsWith('[')) return /^\[[^\]]*\]$/.test(text) ? text : '[no section of uWSGI]';
  const equals = text.indexOf('=');
  const key = equals < 0 ? text : text.slice(0, equals).trimEnd();
  const value = equals < 0 ? '' : text.slice(equals + 1).trimStart();
  return `${JSON.stringify(`${index + 1}:${key}`)}=${JSON.stringify(`=${value}`)}`;
}

function readEntry(name: string, value: string): IniEntry {
  const colon = name.indexOf(':');
  return { key: name.slice(colon + 1), value: value.slice(1), line: Number(name.slice(0, colon)) };
}
