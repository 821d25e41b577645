import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Definition } from '../../src/config/definition.js';
import { daemonOptions } from '../../src/config/directives/daemon-options.js';
import { type Context, definitions, loadConfig, type Mistake } from '../../src/config/index.js';

/** Made of every definition, so that a directive that is added later has to tell its users as much. */

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'modhost-mistyped-'));
});
afterAll(() => rmSync(root, { recursive: true }));

function load(text: string): readonly Mistake[] {
  const file = join(root, 'site.conf');
  writeFileSync(file, text);
  return loadConfig({ file, serverRoot: root, environment: {} }).mistakes;
}

/** One line (or section) in the place where its directive may stand. `line`: where it is then. */
function place(context: Context, written: string): { readonly text: string; readonly line: number } {
  const listen = 'Listen 8080\n';
  if (context === 'server') return { text: `${listen}${written}\n`, line: 2 };
  const around = context === 'virtual-host' ? 'VirtualHost *:8080' : 'Directory /srv';
  return { text: `${listen}<${around}>\n${written}\n</${around.split(' ')[0]}>\n`, line: 3 };
}

/** As it is written in a file, closed at once if it is a section. */
function write({ name }: Pick<Definition, 'name'>, args: string): string {
  const opening = args === '' ? name : `${name} ${args}`;
  return name.startsWith('<') ? `${opening}>\n</${name.slice(1)}>` : opening;
}

function mistakesOf(definition: Definition, args: string, context = definition.contexts[0] as Context) {
  const { text, line } = place(context, write(definition, args));
  return load(text).filter(({ severity, position }) => severity === 'error' && position.line === line);
}

/** One letter missing, two that changed places, one that is wrong, one too many. */
function mistype(name: string): readonly string[] {
  const at = Math.floor(name.length / 2);
  const [before, letter, next, after] = [name.slice(0, at), name[at], name[at + 1], name.slice(at + 2)];
  return [
    before + next + after,
    before + next + letter + after,
    `${before}q${next}${after}`,
    `${before}${letter}${letter}${next}${after}`,
  ];
}

const known = new Set(definitions.map(({ name }) => name.toLowerCase()));
const honoured = definitions.filter((definition) => definition.class === 'honoured');

describe('a mistyped name', () => {
  it.each(['directives', 'sections'])(
    'of all %s leads to the right one',
    (what) => {
      const isSection = what === 'sections';
      const lines: { readonly name: string; readonly written: string }[] = [];
      for (const { name } of definitions) {
        const bare = name.replace('<', '');
        if (name.startsWith('<') !== isSection || bare.length < 4) continue;
        // Two of the four each, all of them over all names.
        const kinds = mistype(bare).filter((_, kind) => kind % 2 === lines.length % 2 || isSection);
        for (const wrong of kinds) {
          if (wrong === bare || known.has(`${isSection ? '<' : ''}${wrong}`.toLowerCase())) continue;
          lines.push({ name: bare, written: wrong });
        }
      }
      const text = lines.map(({ written }) => (isSection ? `<${written} x></${written}>` : `${written} x`));
      // One section each, on two lines.
      const file = isSection ? lines.map(({ written }) => `<${written} x>\n</${written}>`) : text;
      const mistakes = load(`${file.join('\n')}\nListen 8080\n`);
      expect(lines.length).toBeGreaterThan(isSection ? 80 : 1000);
      for (const [at, { name, written }] of lines.entries()) {
        const line = isSection ? 2 * at + 1 : at + 1;
        const mistake = mistakes.find(({ position }) => position.line === line);
        const suggested = mistake?.suggestion?.replace(/[<>]/g, '') ?? 'nothing';
        // Of names that are as near as the one that was meant, any will do.
        const isFair = suggested === name || isOneEditAway(suggested, written);
        expect(isFair, `${written}: suggests ${suggested}, not ${name}`).toBe(true);
        expect([mistake?.column, mistake?.excerpt?.start], written).toEqual([1, 0]);
      }
    },
    60_000,
  );

  it.each([...daemonOptions.keys()])('of the option %s of WSGIDaemonProcess too', (option) => {
    for (const wrong of mistype(option)) {
      if (daemonOptions.has(wrong)) continue;
      const [mistake] = load(`Listen 8080\nWSGIDaemonProcess x ${wrong}=1\n`);
      expect(isOneEditAway(mistake?.suggestion ?? '', wrong), `${wrong}: ${mistake?.message}`).toBe(true);
      expect(mistake?.column).toBe('WSGIDaemonProcess x '.length + 1);
    }
  });

  it.each(['process-group', 'application-group', 'callable-object', 'pass-authorization', 'interface'])(
    'of the option %s of WSGIScriptAlias too',
    (option) => {
      for (const wrong of mistype(option)) {
        const [mistake] = load(`Listen 8080\nWSGIScriptAlias /x /x.py ${wrong}=1\n`);
        expect(mistake?.suggestion, wrong).toBe(option);
        expect(mistake?.column).toBe('WSGIScriptAlias /x /x.py '.length + 1);
      }
    },
  );
});

/** Apart from case: one letter put in, left out or replaced, or two neighbours swapped. */
function isOneEditAway(a: string, b: string): boolean {
  const [x, y] = [a.toLowerCase(), b.toLowerCase()];
  let start = 0;
  while (start < x.length && x[start] === y[start]) start += 1;
  const rests = [x.slice(start), y.slice(start)] as const;
  const [s, t] = rests;
  return (
    s.slice(1) === t.slice(1) ||
    s.slice(1) === t ||
    s === t.slice(1) ||
    (s[0] === t[1] && s[1] === t[0] && s.slice(2) === t.slice(2))
  );
}

/** How many arguments the usage of a directive asks for, as far as it says. */
function countArguments(usage: string): { readonly least: number; readonly most: number } {
  const words = splitUsage(usage);
  const least = words.filter((word) => !word.startsWith('[') && word !== '…').length;
  // `[!]variable` and `[+|-]option` are one argument that has to be there.
  const marked = words.filter((word) => /^\[[^[\]]*\][^\s\]]/.test(word)).length;
  return { least: least + marked, most: usage.includes('…') ? Number.POSITIVE_INFINITY : words.length };
}

/** Brackets hold blanks together. */
function splitUsage(usage: string): readonly string[] {
  const words: string[] = [];
  let depth = 0;
  for (const part of usage.split(' ')) {
    if (depth > 0) words[words.length - 1] += ` ${part}`;
    else words.push(part);
    depth += part.split('[').length - part.split(']').length;
  }
  return words
    .filter((word) => word !== '')
    .flatMap((word) => (/^\[.* \[/.test(word) ? word.slice(1, -1).split(/ (?=\[)/) : [word]));
}

describe('forgotten arguments', () => {
  it.each(honoured.filter(({ arguments: usage }) => countArguments(usage).least > 0))(
    '$name asks for $arguments',
    (definition) => {
      const { arguments: usage, name } = definition;
      const { least } = countArguments(usage);
      for (let count = 0; count < least; count += 1) {
        const args = ['/x', 'b'].slice(0, count).join(' ');
        const mistakes = mistakesOf(definition, args);
        const [mistake] = mistakes;
        // Error says its text, which is none.
        if (name === 'Error') continue;
        expect(mistake, `${count} arguments`).toBeDefined();
        expect(mistake?.column).toBeGreaterThan(0);
        if (count > 0) continue;
        const says = mistakes.map(({ message }) => message).join('; ');
        const isTold = usage.split(/[ |[\]…]+/).some((word) => word !== '' && says.includes(word));
        expect(isTold, says).toBe(true);
      }
    },
  );
});

/** On or Off takes what follows for a comment, as httpd does; these say more than how many. */
const takesMore = ['Error', 'Define'];

describe('too many arguments', () => {
  it.each(
    honoured.filter(
      ({ name, arguments: usage, apply, open }) =>
        (apply ?? open) !== undefined &&
        !takesMore.includes(name) &&
        usage !== 'On|Off' &&
        Number.isFinite(countArguments(usage).most),
    ),
  )('$name takes no more than $arguments', (definition) => {
    const { most } = countArguments(definition.arguments);
    const args = ['/a', '/b', '/c', '/d', '/e'].slice(0, most + 1).join(' ');
    const [mistake] = mistakesOf(definition, args);
    expect(mistake?.column).toBeGreaterThan(0);
    expect(mistake?.code).toBeDefined();
  });
});

describe('a wrong word', () => {
  const choices = honoured.filter(({ arguments: usage }) => /^[A-Za-z,-]+(\|[A-Za-z,-]+)+$/.test(usage));

  it('is looked for in enough directives', () => {
    expect(choices.length).toBeGreaterThan(25);
  });

  it.each(choices)('$name: one of $arguments', (definition) => {
    const words = definition.arguments.split('|');
    const [mistake] = mistakesOf(definition, 'Zyxwvu');
    const isOpen = mistake === undefined || /host|realm|file|charset|type/.test(definition.arguments);
    for (const word of isOpen ? [] : words) expect(mistake?.message).toMatch(new RegExp(word, 'i'));
    for (const word of isOpen ? [] : words.filter(({ length }) => length > 3)) {
      const [near] = mistakesOf(definition, `${word.slice(0, 2)}${word.slice(3)}`);
      expect(near?.suggestion?.toLowerCase()).toBe(word.toLowerCase());
      expect(near?.column).toBe(definition.name.length + 2);
    }
  });
});

const contexts: readonly Context[] = ['server', 'virtual-host', 'section'];
const where: Readonly<Record<Context, string>> = {
  server: 'outside every section',
  'virtual-host': 'in <VirtualHost>',
  section: 'in <Directory>, <Files> or <Location>',
};

describe('a directive in the wrong place', () => {
  it.each(
    definitions
      .filter(({ contexts: allowed }) => allowed.length < contexts.length)
      // Whatever encloses it, the read phase carries it out.
      .filter((row) => row.class !== 'honoured' || (row.apply ?? row.open) !== undefined),
  )('$name says where it may stand', (definition) => {
    for (const context of contexts.filter((one) => !definition.contexts.includes(one))) {
      const [mistake] = mistakesOf(definition, 'x', context);
      expect(mistake?.message).toContain('not allowed ');
      for (const allowed of definition.contexts) expect(mistake?.message).toContain(where[allowed]);
    }
  });
});
