import type { Here, Scope } from './draft.js';
import type { OverrideClass } from './model.js';
import { splitWords, takeWord } from './words.js';

/** Where a directive may stand. */
export type Context = 'server' | 'virtual-host' | 'section';

/** Only in the main server, outside every section. */
export const mainServerOnly: readonly Context[] = ['server'];
/** In the main server and in <VirtualHost>, but in no other section. */
export const outsideSections: readonly Context[] = ['server', 'virtual-host'];
/** In the servers and in <Directory>, <Files>, <Location>. */
export const anywhere: readonly Context[] = ['server', 'virtual-host', 'section'];
/** Only in <Directory>, <Files>, <Location>. */
export const insideSections: readonly Context[] = ['section'];

/**
 * How much of a directive modhost carries out. *accepted*: no effect here and none is missed; *ignored*: an effect is missing, said in a
 * warning; *refused*: about access, identity, encryption or limits and missing, so that starting without it would be unsafe.
 */
export type DirectiveClass = 'honoured' | 'accepted' | 'ignored' | 'refused';

/** One directive (`Alias`) or section (`<Directory`), whatever modhost does with it. */
export interface Definition {
  readonly name: string;
  /** Apache's module without `mod_`. */
  readonly module: string;
  readonly contexts: readonly Context[];
  /** Classes of AllowOverride of which each lets it stand in a .htaccess file; absent: it never may. */
  readonly overrides?: ReadonlySet<OverrideClass>;
  /** What the arguments look like, for messages and the reference page. */
  readonly arguments: string;
  readonly doc: string;
  readonly default?: string;
  readonly class: DirectiveClass;
  /** Honoured directives, unless the read phase carries them out. */
  readonly apply?: (here: Here, text: string) => void;
  /** Honoured sections: `walk` reads the contents in the scope it is given. */
  readonly open?: (here: Here, text: string, walk: (scope: Scope) => void) => void;
  /** Arguments with which the directive does nothing that would be missed here, whatever its class. */
  readonly harmless?: RegExp;
  /** Arguments with which an ignored directive has to be refused, and why. */
  readonly refusedWhen?: { readonly pattern: RegExp; readonly doc: string };
}

/** A kind of arguments: how they are read from the text, and what to say when they cannot be. */
export interface ArgumentShape<Values extends readonly unknown[]> {
  readonly expected: string;
  readonly label: string;
  parse(text: string): Values | undefined;
}

/** On or Off; httpd ignores further words. */
export const flag: ArgumentShape<[boolean]> = {
  label: 'On|Off',
  expected: 'must be On or Off',
  parse(text) {
    const word = takeWord(text).word.toLowerCase();
    return word === 'on' || word === 'off' ? [word === 'on'] : undefined;
  },
};

/** No argument. */
export const nothing: ArgumentShape<[]> = {
  label: '',
  expected: 'takes no arguments',
  parse: (text) => (text === '' ? [] : undefined),
};

/** Exactly one argument, not empty. */
export function one(label: string): ArgumentShape<[string]> {
  return {
    label,
    expected: `takes one argument: ${label}`,
    parse(text) {
      const words = splitWords(text);
      return words.length === 1 && words[0] ? [words[0]] : undefined;
    },
  };
}

/** Exactly two arguments, neither empty. */
export function two(label: string): ArgumentShape<[string, string]> {
  return {
    label,
    expected: `takes two arguments: ${label}`,
    parse(text) {
      const [first, second, ...more] = splitWords(text);
      return first && second && more.length === 0 ? [first, second] : undefined;
    },
  };
}

/** One or two arguments; an empty second one counts as absent. */
export function oneOrTwo(label: string): ArgumentShape<[string, string | undefined]> {
  return {
    label,
    expected: `takes one or two arguments: ${label}`,
    parse(text) {
      const [first, second, ...more] = splitWords(text);
      return first && more.length === 0 ? [first, second || undefined] : undefined;
    },
  };
}

/** Two or three arguments. */
export function twoOrThree(label: string): ArgumentShape<[string, string, string | undefined]> {
  return {
    label,
    expected: `takes two or three arguments: ${label}`,
    parse(text) {
      const [first, second, third, ...more] = splitWords(text);
      return first && second && more.length === 0 ? [first, second, third || undefined] : undefined;
    },
  };
}

/** One or more arguments. */
export function list(label: string): ArgumentShape<[readonly string[]]> {
  return {
    label,
    expected: `takes one or more arguments: ${label}`,
    parse(text) {
      const words = splitWords(text);
      return words.length > 0 ? [words] : undefined;
    },
  };
}

/** The whole tail of the line, for directives with a grammar of their own. */
export function raw(label: string): ArgumentShape<[string]> {
  return { label, expected: '', parse: (text) => [text] };
}

/** What the rows of one module leave out: its name. */
export type ModuleRow = Omit<Definition, 'module'>;

/** Gives rows the name of their module. */
export function inModule(module: string, rows: readonly ModuleRow[]): readonly Definition[] {
  return rows.map((row) => ({ ...row, module }));
}

/** A directive that modhost carries out: `apply` gets the arguments in the types of their shape. */
export function honoured<Values extends readonly unknown[]>(
  name: string,
  contexts: readonly Context[],
  shape: ArgumentShape<Values>,
  doc: string,
  apply: (here: Here, ...values: Values) => void,
  defaultText?: string,
): ModuleRow {
  return {
    name,
    contexts,
    arguments: shape.label,
    doc,
    class: 'honoured',
    ...(defaultText === undefined ? {} : { default: defaultText }),
    apply(here, text) {
      const values = shape.parse(text);
      if (values === undefined) failShape(here, text, shape);
      else apply(here, ...values);
    },
  };
}

function failShape(here: Here, text: string, shape: ArgumentShape<readonly unknown[]>): void {
  if (shape === flag) {
    here.fail(shape.expected);
    return;
  }
  const comment = splitWords(text).find((word) => word.startsWith('#'));
  const hint = comment === undefined ? '' : '; a comment needs a line of its own';
  here.fail(`${shape.expected}${hint}`, { kind: 'argument-count', at: 'arguments' });
}

/** A section that modhost carries out. `name` with its bracket. */
export function honouredSection(
  name: string,
  contexts: readonly Context[],
  label: string,
  doc: string,
  open: NonNullable<Definition['open']>,
): ModuleRow {
  return { name, contexts, arguments: label, doc, class: 'honoured', open };
}

/** Carried out while the file is read; see `read-tree.ts`. */
export function readPhase(name: string, label: string, doc: string): ModuleRow {
  return { name, contexts: anywhere, arguments: label, doc, class: 'honoured' };
}
