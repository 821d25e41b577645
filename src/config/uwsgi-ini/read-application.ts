import { resolve } from 'node:path';
import type { Here } from '../draft.js';
import type { IniEntry } from './read-ini.js';

/** Which applications an ini file names, and under which paths. */
export interface IniApplication {
  readonly mounts: readonly IniMount[];
  readonly statics: readonly IniStatic[];
}

/** `module=`, `wsgi-file=` at `/`, or `mount=`. `at` is the line of the ini file. */
export interface IniMount {
  readonly path: string;
  readonly source:
    | { readonly kind: 'module'; readonly name: string }
    /** Absolute. */
    | { readonly kind: 'file'; readonly path: string };
  readonly callable?: string;
  readonly at: Here;
}

/** `static-map=`. `target` is absolute. */
export interface IniStatic {
  readonly path: string;
  readonly target: string;
  readonly at: Here;
}

/** `directory`: where relative paths start. What is wrong is reported with its line. */
export function readApplication(
  entries: readonly IniEntry[],
  directory: string,
  lineOf: (line: number) => Here,
): IniApplication {
  const callable = entries.findLast(({ key }) => key === 'callable')?.value;
  const readMount = (path: string, text: string, isFile: boolean, at: Here): IniMount[] => {
    const mount = readTarget(text, isFile, directory);
    const name = mount.callable ?? callable;
    if (name !== undefined && !/^[\p{L}_][\p{L}\p{N}_]*(\(\))?$/u.test(name)) {
      at.fail(`expected the name of a callable, not '${name}'`);
      return [];
    }
    return [{ path, source: mount.source, ...(name === undefined ? {} : { callable: name }), at }];
  };
  return {
    mounts: [
      ...findMain(entries, lineOf).flatMap(({ key, value, line }) =>
        readMount('/', value, key.endsWith('file'), lineOf(line)),
      ),
      ...listPairs(entries, /^mount$/, lineOf).flatMap(({ path, target, at }) =>
        readMount(path, target, namesFile(target), at),
      ),
    ],
    statics: listPairs(entries, /^static-map2?$/, lineOf).map(({ key, path, target, at }) => ({
      path,
      target: resolve(directory, target) + (key === 'static-map2' ? path : ''),
      at,
    })),
  };
}

function findMain(entries: readonly IniEntry[], lineOf: (line: number) => Here): readonly IniEntry[] {
  const [first, second] = entries.filter(({ key }) => /^(module|wsgi|wsgi-file|file)$/.test(key));
  if (first === undefined) return [];
  if (second !== undefined)
    lineOf(second.line).fail(`${second.key}: expected one application; '${first.key}' names one already`);
  return [first];
}

/** `/path=target` */
function listPairs(entries: readonly IniEntry[], keys: RegExp, lineOf: (line: number) => Here) {
  return entries.flatMap(({ key, value, line }) => {
    if (!keys.test(key)) return [];
    const at = lineOf(line);
    const [, path = '', target = ''] = /^(\/[^=]*)=(.+)$/.exec(value) ?? [];
    if (path !== '') return [{ key, path, target, at }];
    at.fail(`${key}: expected /path=target, not '${value}'`);
    return [];
  });
}

function namesFile(target: string): boolean {
  return target.includes('/') || /\.(py|wsgi)(:|$)/.test(target);
}

function readTarget(text: string, isFile: boolean, directory: string): Pick<IniMount, 'source' | 'callable'> {
  const colon = text.lastIndexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  return {
    source: isFile ? { kind: 'file', path: resolve(directory, name) } : { kind: 'module', name },
    ...(colon < 0 ? {} : { callable: text.slice(colon + 1) }),
  };
}
