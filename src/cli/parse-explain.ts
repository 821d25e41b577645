import { isIP } from 'node:net';
import type { ExplainCommand } from './command.js';

/** What was asked for beside the site's own options, which are left for the caller. */
export interface ParsedExplain extends Omit<ExplainCommand, 'kind' | 'site'> {
  /** -f, -d, -D, -C, -c with their values. */
  readonly rest: readonly string[];
}

const longOptions = ['--method', '--user', '--group', '--ip', '--header'] as const;
type LongOption = (typeof longOptions)[number];

/** The arguments after `explain`; a text is what is wrong with them. */
export function parseExplain(argv: readonly string[]): ParsedExplain | string {
  const values = new Map<LongOption, string[]>(longOptions.map((name) => [name, []]));
  const rest: string[] = [];
  const urls: string[] = [];
  let json = false;
  const words = [...argv];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const [name = '', attached] = splitOption(word);
    if (word === '--json') json = true;
    else if (isLongOption(name)) {
      const value = attached ?? words.shift();
      if (value === undefined) return `option ${name} needs a value`;
      values.get(name)?.push(value);
    } else if (word.startsWith('--')) return `unknown option ${word}`;
    else if (word.startsWith('-')) rest.push(word, ...(word.length === 2 ? words.splice(0, 1) : []));
    else urls.push(word);
  }
  const [url, second] = urls;
  if (url === undefined) return 'explain needs a URL, such as /path or http://www.example.com/path';
  if (second !== undefined) return `one URL at a time: ${url} or ${second}`;
  const address = values.get('--ip')?.at(-1);
  if (address !== undefined && isIP(address) === 0) return `--ip: ${address} is no IP address`;
  const headers = readHeaders(values.get('--header') ?? []);
  if (typeof headers === 'string') return headers;
  const user = values.get('--user')?.at(-1);
  return {
    rest,
    url,
    json,
    method: values.get('--method')?.at(-1) ?? 'GET',
    headers,
    groups: values.get('--group') ?? [],
    ...(user === undefined ? {} : { user }),
    ...(address === undefined ? {} : { address }),
  };
}

/** `--name=value` */
function splitOption(word: string): [string, string | undefined] {
  const at = word.indexOf('=');
  return word.startsWith('--') && at !== -1 ? [word.slice(0, at), word.slice(at + 1)] : [word, undefined];
}

function isLongOption(name: string): name is LongOption {
  return (longOptions as readonly string[]).includes(name);
}

/** name, value, …; a text is what is wrong. */
function readHeaders(lines: readonly string[]): readonly string[] | string {
  const headers: string[] = [];
  for (const line of lines) {
    const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\x20-\x7e\t]*)$/.exec(line);
    if (match === null) return `--header: ${JSON.stringify(line)} is not 'Name: value'`;
    headers.push(match[1] as string, match[2] as string);
  }
  return headers;
}
