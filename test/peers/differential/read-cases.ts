import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Ask {
  readonly method: string;
  readonly path: string;
  /** name, value, … */
  readonly headers: readonly string[];
  /** Why the servers are meant to differ. */
  readonly difference?: string;
  /** What happens to the files before it. */
  readonly changes: readonly Change[];
}

/** Something that befalls a file; `path` is below the root. */
export type Change =
  | { readonly kind: 'write'; readonly path: string; readonly text: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'mode'; readonly path: string; readonly mode: number };

export interface Case {
  readonly name: string;
  readonly siteFile: string;
  /** More files for the tree, there during this case only: path below the root → text. */
  readonly files: ReadonlyMap<string, string>;
  readonly requests: readonly Ask[];
}

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Every *.txt beside this file. @throws Error for a line that is no request */
export function readCases(): Case[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .map((name) => readCase(name));
}

function readCase(name: string): Case {
  const [before = '', requests = ''] = readFileSync(join(folder, name), 'utf8').split(/^-{4,}\n/m);
  const [siteFile = '', ...files] = before.split(/^@@ file (?=\S)/m);
  let common: readonly string[] = [];
  const asks: Ask[] = [];
  let changes: Change[] = [];
  for (const line of requests.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    if (line.startsWith('= ') || line === '=') {
      common = readHeaders(line.slice(1).trim().split(/\s+/));
      continue;
    }
    if (line.startsWith('@ ')) {
      changes.push(readChange(name, line));
      continue;
    }
    const [text = '', reason] = line.startsWith('~') ? line.slice(1).split('#') : [line];
    const [method = '', path = '', ...words] = text.trim().split(/\s+/);
    if (path === '') throw new Error(`${name}: not a request: ${line}`);
    asks.push({
      method,
      path,
      headers: [...common, ...readHeaders(words)],
      ...(line.startsWith('~') ? { difference: reason?.trim() ?? '' } : {}),
      changes,
    });
    changes = [];
  }
  return { name: basename(name, '.txt'), siteFile, files: new Map(files.map(splitFile)), requests: asks };
}

/** The path stands in the first line. */
function splitFile(text: string): [string, string] {
  const end = text.indexOf('\n');
  return [text.slice(0, end).trim(), text.slice(end + 1)];
}

function readChange(name: string, line: string): Change {
  const [, kind = '', path = '', rest = ''] = /^@ (\S+) (\S+) ?(.*)$/.exec(line) ?? [];
  if (kind === 'write') return { kind, path, text: `${rest.replaceAll('\\n', '\n')}\n` };
  if (kind === 'remove') return { kind, path };
  if (kind === 'mode') return { kind, path, mode: Number.parseInt(rest, 8) };
  throw new Error(`${name}: not a change: ${line}`);
}

function readHeaders(words: readonly string[]): string[] {
  return words
    .filter((word) => word !== '')
    .flatMap((word) => {
      const at = word.indexOf('=');
      return [word.slice(0, at), word.slice(at + 1).replaceAll('_', ' ')];
    });
}
