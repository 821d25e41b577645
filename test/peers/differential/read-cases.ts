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
}

export interface Case {
  readonly name: string;
  readonly siteFile: string;
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
  const [siteFile = '', requests = ''] = readFileSync(join(folder, name), 'utf8').split(/^-{4,}\n/m);
  let common: readonly string[] = [];
  const asks: Ask[] = [];
  for (const line of requests.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    if (line.startsWith('= ') || line === '=') {
      common = readHeaders(line.slice(1).trim().split(/\s+/));
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
    });
  }
  return { name: basename(name, '.txt'), siteFile, requests: asks };
}

function readHeaders(words: readonly string[]): string[] {
  return words
    .filter((word) => word !== '')
    .flatMap((word) => {
      const at = word.indexOf('=');
      return [word.slice(0, at), word.slice(at + 1).replaceAll('_', ' ')];
    });
}
