import { availableParallelism, hostname, userInfo } from 'node:os';
import { basename, dirname, extname } from 'node:path';
import type { IniEntry } from './read-ini.js';

export interface Expanded {
  readonly entries: readonly IniEntry[];
  /** Keys that a placeholder names: uWSGI lets people give names of their own to values. */
  readonly used: ReadonlySet<string>;
  readonly problems: readonly {
    readonly line: number;
    readonly message: string;
    readonly isFatal: boolean;
  }[];
}

/**
 * Fills in placeholders as uWSGI 2.0 does: first `%d`, `%n` and their kin and `$(VARIABLE)`, in keys too; then, entry by entry, `%(key)` by the first
 * entry of that key, as far as that one is filled in itself. What an entry was filled with is not looked at again.
 */
export function expandPlaceholders(
  file: string,
  written: readonly IniEntry[],
  environment: NodeJS.ProcessEnv,
): Expanded {
  const problems: { line: number; message: string; isFatal: boolean }[] = [];
  const magic = magicOf(file);
  const entries = written.flatMap(({ key, value, line }) => {
    const expand = (text: string) =>
      expandMagic(text, magic, environment, (message, isFatal) => problems.push({ line, message, isFatal }));
    const entry = { key: expand(key), value: expand(value), line };
    return [entry, ...ownPlaceholder(entry)];
  });
  const used = new Set<string>();
  for (const [index, { key, value, line }] of entries.entries()) {
    const filled = value.replace(/%\(([^)]*)\)/g, (whole, inner: string) => {
      const name = inner.trim();
      const named = entries.find((entry) => entry.key === name);
      if (named !== undefined) {
        used.add(name);
        return named.value;
      }
      problems.push({ line, message: `no key is called '${name}': ${whole} stays as it is`, isFatal: false });
      return whole;
    });
    entries[index] = { key, value: filled, line };
  }
  return { entries, used, problems };
}

/** `set-ph = name=value` is an entry of its own. */
function ownPlaceholder({ key, value, line }: IniEntry): readonly IniEntry[] {
  if (!/^(set|set-ph|set-placeholder)$/.test(key) || !value.includes('=')) return [];
  const equals = value.indexOf('=');
  return [{ key: value.slice(0, equals), value: value.slice(equals + 1), line }];
}

type Report = (message: string, isFatal: boolean) => void;

function expandMagic(
  text: string,
  magic: (letter: string) => string | undefined,
  environment: NodeJS.ProcessEnv,
  report: Report,
): string {
  return text.replace(/%([^(])|\$\(([^)]*)\)|@\([^)]*\)/gs, (whole, letter?: string, variable?: string) => {
    if (variable !== undefined) return environment[variable] ?? whole;
    if (letter === undefined) {
      report(`${whole} reads from elsewhere, which is not supported; expected the text itself`, true);
      return '';
    }
    const value = magic(letter);
    // uWSGI leaves out what it does not know.
    if (value === undefined) report(`%${letter} is no placeholder here and is left out`, false);
    return value ?? '';
  });
}

/** What `%` and a letter stand for, by the path of the ini file. */
function magicOf(file: string): (letter: string) => string | undefined {
  const directory = dirname(file);
  const name = basename(file);
  const extension = extname(name);
  const folders = directory.split('/').slice(1);
  return (letter) => {
    if (/\d/.test(letter)) return folders[Number(letter)] ?? '';
    switch (letter) {
      case '%':
        return '%';
      case 'd':
      case 'D':
        return directory.endsWith('/') ? directory : `${directory}/`;
      case 'p':
      case 'P':
        return file;
      case 's':
      case 'S':
        return name;
      case 'n':
      case 'N':
        return extension === '' ? name : name.slice(0, -extension.length);
      case 'e':
      case 'E':
        return extension.slice(1);
      case 'c':
      case 'C':
        return basename(directory);
      case 'v':
        return directory;
      case 'h':
        return hostname();
      case 'k':
        return String(availableParallelism());
      case 'u':
        return String(userInfo().uid);
      case 'U':
        return userInfo().username;
      case 'g':
        return String(userInfo().gid);
      case 'x':
      case 'X':
        return '';
      default:
        return undefined;
    }
  };
}
