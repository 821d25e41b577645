import { isHeaderName, isServersOwn, toByteString } from '../../http/index.js';
import { translatePattern } from '../../matching/index.js';
import { anywhere, honoured, inModule, raw } from '../definition.js';
import type { Here } from '../draft.js';
import { takeCondition } from '../expression.js';
import type { HeaderChange, HeaderCondition, HeaderRule } from '../model.js';
import { findNearest } from '../nearest-name.js';
import { listWords } from '../values.js';
import { splitWords } from '../words.js';
import { takeHeaderValue } from './header-value.js';

type Direction = 'request' | 'response';

/** What is changed in the fields of requests and responses. */
export const headers = inModule('headers', [
  honoured(
    'Header',
    anywhere,
    raw('[always|onsuccess] action name [value [replacement]] [early|env=[!]variable|expr=…]'),
    'Changes a field of responses: set, setifempty, append, merge, add, unset, edit, edit*, echo, note.',
    (here, text) => addRule(here, 'response', splitWords(text)),
  ),
  honoured(
    'RequestHeader',
    anywhere,
    raw('action name [value [replacement]] [early|env=[!]variable|expr=…]'),
    'Changes a field of requests before applications and other servers see them: set, setifempty, append, merge, add, unset, edit, edit*.',
    (here, text) => addRule(here, 'request', splitWords(text)),
  ),
]);

const actions = {
  response: ['set', 'setifempty', 'append', 'merge', 'add', 'unset', 'edit', 'edit*', 'echo', 'note'],
  request: ['set', 'setifempty', 'append', 'merge', 'add', 'unset', 'edit', 'edit*'],
} as const;

function addRule(here: Here, direction: Direction, words: readonly string[]): void {
  const table = direction === 'response' ? takeTable(words[0]) : undefined;
  const [action, ...operands] = table === undefined ? words : words.slice(1);
  const taken = takeChange(here, direction, action ?? '', operands);
  if (taken === undefined) return;
  const clause = takeClause(here, taken.rest);
  const { change } = taken;
  if (clause === undefined || (direction === 'response' && !canChange(here, change))) return;
  const rule: HeaderRule = {
    change,
    table: table ?? 'onsuccess',
    ...(clause.condition === undefined ? {} : { condition: clause.condition }),
    position: here.place.position,
  };
  if (!clause.isEarly) here.section.headers[direction].push(rule);
  else if (mayBeEarly(here, direction, change)) here.server.earlyHeaders[direction].push(rule);
}

function takeTable(word = ''): HeaderRule['table'] | undefined {
  const table = word.toLowerCase();
  return table === 'always' || table === 'onsuccess' ? table : undefined;
}

interface Taken {
  readonly change: HeaderChange;
  /** What stands behind: at most one word is right. */
  readonly rest: readonly string[];
}

function takeChange(
  here: Here,
  direction: Direction,
  word: string,
  operands: readonly string[],
): Taken | undefined {
  const action = actions[direction].find((known) => known === word.toLowerCase());
  const [name, value, replacement] = operands;
  if (word === '')
    return failCount(here, 'an action and the name of a header, such as set X-Frame-Options DENY');
  switch (action) {
    case undefined:
      here.fail(`expected ${listWords(actions[direction])}, not '${word}'`, {
        suggestion: findNearest(word, actions[direction]),
      });
      return undefined;
    case 'echo': {
      const pattern = name === undefined ? failCount(here, 'echo pattern') : takePattern(here, name);
      return pattern && { change: { action, pattern }, rest: operands.slice(1) };
    }
    case 'unset': {
      const field = takeName(here, direction, name ?? '');
      return field === undefined ? undefined : { change: { action, name: field }, rest: operands.slice(1) };
    }
    case 'note': {
      if (name === undefined || value === undefined) return failCount(here, 'note name note');
      const field = takeName(here, direction, name);
      return field === undefined
        ? undefined
        : { change: { action, name: field, note: toByteString(value) }, rest: operands.slice(2) };
    }
    case 'edit':
    case 'edit*': {
      if (name === undefined || value === undefined || replacement === undefined)
        return failCount(here, `${action} name pattern replacement`);
      const [field, pattern] = [takeName(here, direction, name), takePattern(here, value)];
      const made = takeHeaderValue(here, replacement);
      if (field === undefined || pattern === undefined || made === undefined) return undefined;
      return { change: { action, name: field, pattern, value: made }, rest: operands.slice(3) };
    }
    default: {
      if (name === undefined || value === undefined) return failCount(here, `${action} name value`);
      const [field, made] = [takeName(here, direction, name), takeHeaderValue(here, value)];
      if (field === undefined || made === undefined) return undefined;
      return { change: { action, name: field, value: made }, rest: operands.slice(2) };
    }
  }
}

function failCount(here: Here, expected: string): undefined {
  here.fail(`expected ${expected}`, { kind: 'argument-count', at: 'arguments' });
  return undefined;
}

/** A colon behind the name is left out, as in httpd. */
function takeName(here: Here, direction: Direction, word: string): string | undefined {
  const name = word.replace(/:$/, '');
  if (!isHeaderName(name)) {
    here.fail(`'${word}' is no name of a header`);
    return undefined;
  }
  if (direction === 'request' && /^(content-length|transfer-encoding|trailer)$/i.test(name)) {
    here.fail(`'${name}' tells where a request ends: it cannot be changed`, { kind: 'argument-refused' });
    return undefined;
  }
  return name;
}

/** Warns of what does nothing, here as in httpd. */
function canChange(here: Here, change: HeaderChange): boolean {
  if (change.action === 'echo' || change.action === 'note') return true;
  const { action, name } = change;
  if (isServersOwn(name)) {
    here.warn(`the server itself says '${name}': nothing changes it`);
    return false;
  }
  const adds = action === 'append' || action === 'merge' || action === 'add';
  if (!adds || name.toLowerCase() !== 'content-type') return true;
  here.warn(`'${action}' does nothing to Content-Type: there is only one media type`);
  return false;
}

function takePattern(here: Here, text: string): RegExp | undefined {
  const result = translatePattern(text);
  if (result.kind === 'pattern') return result.pattern;
  here.fail(result.message, { kind: 'pattern', at: { word: text } });
  return undefined;
}

interface Clause {
  readonly isEarly: boolean;
  readonly condition?: HeaderCondition;
}

/** Without the word: where quotes are forgotten it is part of the value, and that may be a password. */
const clauseExpected = 'expected early, env=[!]variable or expr=… at the end';

function takeClause(here: Here, [word, more]: readonly string[]): Clause | undefined {
  if (word === undefined) return { isEarly: false };
  if (more !== undefined) {
    here.fail('one word too many: a value with blanks takes quotes', {
      kind: 'argument-count',
      at: { word: more },
    });
    return undefined;
  }
  if (word.toLowerCase() === 'early') return { isEarly: true };
  if (/^expr=/i.test(word)) {
    const condition = takeCondition(here, word.slice('expr='.length));
    return condition && { isEarly: false, condition: { kind: 'expression', condition } };
  }
  const variable = /^env=(!?)(.+)$/i.exec(word);
  if (variable === null) {
    here.fail(clauseExpected, { at: { word } });
    return undefined;
  }
  const condition: HeaderCondition = {
    kind: 'variable',
    variable: toByteString(variable[2] ?? ''),
    negated: variable[1] === '!',
  };
  return { isEarly: false, condition };
}

/** In a section httpd takes it and never does it; to lose the change of a request could be to lose a protection. */
function mayBeEarly(here: Here, direction: Direction, change: HeaderChange): boolean {
  if (direction === 'request' && 'value' in change && /^remote[-_]user$/i.test(change.name)) {
    here.fail(`'${change.name}' is taken away once it is known who asks: it cannot be set before`);
    return false;
  }
  if (here.enclosing.length === 0) return true;
  const text = "'early' is before any section is looked at: it cannot stand in one";
  if (direction === 'request') here.fail(text);
  else here.warn(text);
  return false;
}
