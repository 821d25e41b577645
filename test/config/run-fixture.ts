import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  explainMistake,
  formatMistake,
  type LoadOptions,
  loadConfig,
  type Mistake,
} from '../../src/config/index.js';

/**
 * A fixture is the text of a site file, a line of dashes, and what comes of it: every mistake in the form in which it is printed, then
 * compact JSON that the configuration has to hold (a part of it). `$ROOT` is ServerRoot, the directory of the site file.
 * Before the dashes, `@@ file NAME` starts another file and `@@ options JSON` changes the options of loadConfig.
 * Bytes that an editor would hide are written ⟨CR⟩ ⟨NUL⟩ ⟨BOM⟩ ⟨VT⟩ ⟨FF⟩ ⟨SP⟩ ⟨TAB⟩; ⟨XX⟩ with two hex digits is any byte;
 * ⟨EOF⟩ takes the last newline away.
 */
export interface Fixture {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly options: Partial<LoadOptions>;
  readonly mistakes: readonly string[];
  readonly config: unknown;
}

/** What came of it, in the form of the fixture. */
export interface Outcome {
  readonly mistakes: readonly string[];
  /** The same as -t prints them, with lines and carets. */
  readonly explained: string;
  readonly found: readonly Mistake[];
  readonly config: unknown;
}

export function parseFixture(text: string): Fixture {
  const [input = '', ...rest] = text.split(/^-{10,}\n/m);
  const output = rest.join('');
  const files = new Map<string, Buffer>();
  let options: Partial<LoadOptions> = {};
  let name = 'site.conf';
  let lines: string[] = [];
  const finish = () => files.set(name, toBytes(lines.join('')));
  for (const line of input.split(/(?<=\n)/)) {
    const command = /^@@ (file|options) (.*)\n$/.exec(line);
    if (command?.[1] === 'options') options = JSON.parse(command[2] ?? '');
    else if (command?.[1] === 'file') {
      finish();
      name = command[2] ?? '';
      lines = [];
    } else lines.push(line);
  }
  finish();
  const start = output.search(/^\{/m);
  const mistakes = (start < 0 ? output : output.slice(0, start)).split('\n').filter((line) => line !== '');
  return { files, options, mistakes, config: start < 0 ? undefined : JSON.parse(output.slice(start)) };
}

/** Writes the files into a directory of their own and loads them. `Listen 8080` is there unless the options say otherwise. */
export function runFixture({ files, options }: Fixture): Outcome {
  const root = mkdtempSync(join(tmpdir(), 'modhost-config-'));
  try {
    for (const [name, content] of files) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), content);
    }
    const { config, mistakes } = loadConfig({
      file: 'site.conf',
      serverRoot: root,
      before: ['Listen 8080'],
      environment: {},
      ...options,
    });
    const hide = (text: string) => text.replaceAll(root, '$ROOT');
    return {
      mistakes: mistakes.map((mistake) => hide(formatMistake(mistake))),
      found: mistakes,
      explained: hide(mistakes.map((mistake) => `${explainMistake(mistake)}\n`).join('')),
      config: config === undefined ? undefined : JSON.parse(hide(JSON.stringify(toPlain(config)))),
    };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Maps as objects, sets as lists, patterns as text: what JSON can hold. */
function toPlain(value: unknown): unknown {
  if (value instanceof RegExp) return String(value);
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, member]) => [key, toPlain(member)]));
  if (value instanceof Set) return [...value];
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toPlain(member)]));
}

const hidden: Readonly<Record<string, string>> = {
  CR: '0d',
  NUL: '00',
  BOM: 'efbbbf',
  VT: '0b',
  FF: '0c',
  SP: '20',
  TAB: '09',
};

function toBytes(text: string): Buffer {
  const pieces = text.replace(/⟨EOF⟩\n$/, '').split(/⟨(\w+)⟩/);
  return Buffer.concat(
    pieces.map((piece, index) =>
      index % 2 === 0 ? Buffer.from(piece, 'utf8') : Buffer.from(hidden[piece] ?? piece, 'hex'),
    ),
  );
}
