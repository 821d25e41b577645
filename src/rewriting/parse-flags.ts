import { reasonPhrase, toByteString } from '../http/index.js';
import type { BackreferenceEscape, RuleFlags } from './model.js';
import { parseTemplate, type TemplateNotes } from './parse-template.js';

export type ParsedFlags =
  | { readonly kind: 'flags'; readonly flags: RuleFlags; readonly caseless: boolean }
  | {
      readonly kind: 'wrong';
      readonly message: string;
      /** Which of the flags. */
      readonly word: string;
      /** A flag that nobody knows, and those that there are. */
      readonly wanted?: { readonly name: string; readonly known: readonly string[] };
    };

type Draft = { -readonly [Member in keyof RuleFlags]: RuleFlags[Member] } & { caseless?: boolean };

/** What a flag does to the draft; a text says what was expected of its value. */
type Flag = (draft: Draft, value: string, notes: TemplateNotes) => string | undefined;

/** `[R=301,L,E=a:b]` */
export function parseFlags(text: string, notes: TemplateNotes): ParsedFlags {
  if (!/^\[.*\]$/s.test(text))
    // What they are may be a password: E=…
    return { kind: 'wrong', message: 'expected flags in brackets without blanks: [L,R=302]', word: text };
  const draft: Draft = {};
  for (const written of text.slice(1, -1).split(',')) {
    const word = written.trim();
    if (word === '') continue;
    const equals = word.indexOf('=');
    const name = (equals === -1 ? word : word.slice(0, equals)).toLowerCase();
    const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
    if (flag === undefined) {
      // Perhaps what stands behind a comma in a password.
      const message = 'there is no such flag';
      return { kind: 'wrong', message, word, wanted: { name, known: Object.keys(flags) } };
    }
    const problem = flag(draft, equals === -1 ? '' : word.slice(equals + 1), notes);
    if (problem !== undefined) return { kind: 'wrong', message: problem, word };
  }
  const { caseless = false, ...rest } = draft;
  return { kind: 'flags', flags: rest, caseless };
}

const set =
  (change: Partial<Draft>): Flag =>
  (draft) => {
    Object.assign(draft, change);
    return undefined;
  };

const flags: Readonly<Record<string, Flag>> = {
  ...named(['b'], (draft, value) => changeEscape(draft, value === '' ? { which: 'all' } : some(value))),
  ...named(['bctls'], (draft) => changeEscape(draft, { which: 'controls' })),
  ...named(['bne'], (draft, value) =>
    value === '' ? 'expected the characters: BNE=…' : changeEscape(draft, { except: toByteString(value) }),
  ),
  ...named(['bnp', 'backrefnoplus'], (draft) => changeEscape(draft, { plus: false })),
  ...named(['c', 'chain'], set({ chain: true })),
  ...named(['co', 'cookie'], (draft, value, notes) => {
    if (value === '') return 'expected a cookie: CO=name:value:domain';
    draft.cookies = [...(draft.cookies ?? []), parseTemplate(value, notes)];
    return undefined;
  }),
  ...named(['dpi', 'discardpath'], set({ discardPathInfo: true })),
  ...named(['e', 'env'], readEnvironment),
  end: set({ end: true }),
  ...named(['f', 'forbidden'], set({ status: 403 })),
  ...named(['g', 'gone'], set({ status: 410 })),
  ...named(['h', 'handler'], (draft, value) => {
    if (value === '') return 'expected the name of a handler: H=wsgi-script';
    // The URL of a server keeps its case.
    draft.handler = /^proxy:/i.test(value) ? `proxy:${value.slice('proxy:'.length)}` : value.toLowerCase();
    return undefined;
  }),
  ...named(['l', 'last'], set({ last: true })),
  ...named(['n', 'next'], (draft, value) => {
    if (!/^\d{0,6}$/.test(value)) return 'expected a number of rounds: N=1000';
    draft.nextRounds = value === '' ? mostRounds : Number(value);
    return undefined;
  }),
  ...named(['nc', 'nocase'], set({ caseless: true })),
  ...named(['ne', 'noescape'], set({ noEscape: true })),
  ...named(['ns', 'nosubreq'], set({ notInSubrequests: true })),
  ...named(['p', 'proxy'], set({ proxy: true })),
  ...named(['pt', 'passthrough'], set({ passThrough: true })),
  ...named(['qsa', 'qsappend'], set({ query: 'append' })),
  ...named(['qsd', 'qsdiscard'], set({ query: 'discard' })),
  ...named(['qsl', 'qslast'], set({ queryAtLast: true })),
  ...named(['r', 'redirect'], (draft, value) => {
    const status = readStatus(value);
    if (status === undefined)
      return 'expected a status such as R=301, R=permanent, R=temp, R=seeother or R=404';
    draft.status = status;
    return undefined;
  }),
  ...named(['s', 'skip'], (draft, value) => {
    if (!/^\d{1,6}$/.test(value)) return 'expected how many rules to skip: S=2';
    draft.skip = Number(value);
    return undefined;
  }),
  ...named(['t', 'type'], (draft, value, notes) => {
    if (value === '') return 'expected a media type: T=text/plain';
    draft.mediaType = parseTemplate(value, notes);
    return undefined;
  }),
  // Empty segments never reach the file system.
  unc: set({}),
  unsafeallow3f: set({ allowQuestionMark: true }),
  unsafeprefixstat: set({ allowAnyPrefix: true }),
};

/** As often as this the rules begin anew by N without a number. */
const mostRounds = 10_000;

function named<Value>(names: readonly string[], value: Value): Record<string, Value> {
  return Object.fromEntries(names.map((name) => [name, value]));
}

function some(characters: string): Partial<BackreferenceEscape> {
  return { which: 'some', characters: toByteString(characters) };
}

function changeEscape(draft: Draft, change: Partial<BackreferenceEscape>): undefined {
  const before = draft.escape ?? { which: 'all', characters: '', except: '', plus: true };
  draft.escape = { ...before, ...change };
}

const statusWords: Readonly<Record<string, number>> = { '': 302, permanent: 301, temp: 302, seeother: 303 };

function readStatus(value: string): number | undefined {
  const word = value.toLowerCase();
  if (Object.hasOwn(statusWords, word)) return statusWords[word];
  const status = /^[345]\d\d$/.test(word) ? Number(word) : 0;
  return status === 304 || reasonPhrase(status) === '' ? undefined : status;
}

/** `E=name[:value]`, `E=!name` */
function readEnvironment(draft: Draft, value: string, notes: TemplateNotes): string | undefined {
  const isRemoved = value.startsWith('!');
  const text = isRemoved ? value.slice(1) : value;
  const colon = isRemoved ? -1 : findColon(text);
  const name = colon === -1 ? text : text.slice(0, colon);
  if (name === '') return 'expected a variable: E=name:value';
  const change = {
    name: parseTemplate(name, notes),
    ...(isRemoved ? {} : { value: parseTemplate(colon === -1 ? '' : text.slice(colon + 1), notes) }),
  };
  draft.environment = [...(draft.environment ?? []), change];
  return undefined;
}

/** The first one outside `%{…}`. */
function findColon(text: string): number {
  let open = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '{') open += 1;
    else if (text[at] === '}') open -= 1;
    else if (text[at] === ':' && open === 0) return at;
  }
  return -1;
}

export type ParsedConditionFlags =
  | { readonly kind: 'flags'; readonly caseless: boolean; readonly orNext: boolean; readonly noVary: boolean }
  | { readonly kind: 'wrong'; readonly message: string; readonly word: string };

/** `[NC,OR]` behind a condition. */
export function parseConditionFlags(text: string): ParsedConditionFlags {
  if (!/^\[.*\]$/s.test(text))
    return { kind: 'wrong', message: 'expected flags in brackets without blanks: [NC,OR]', word: text };
  let [caseless, orNext, noVary] = [false, false, false];
  for (const word of text.slice(1, -1).split(',')) {
    switch (word.trim().toLowerCase()) {
      case '':
        break;
      case 'nc':
      case 'nocase':
        caseless = true;
        break;
      case 'or':
      case 'ornext':
        orNext = true;
        break;
      case 'nv':
      case 'novary':
        noVary = true;
        break;
      default:
        return {
          kind: 'wrong',
          message: 'expected the flags NC, OR or NV',
          word: word.trim(),
        };
    }
  }
  return { kind: 'flags', caseless, orNext, noVary };
}
