import { toByteString } from '../../http/index.js';
import { translatePattern } from '../../matching/index.js';
import { anywhere, honoured, inModule, raw } from '../definition.js';
import type { Here } from '../draft.js';
import { takeCondition } from '../expression.js';
import type { EnvironmentAttribute, EnvironmentRule } from '../model.js';
import { splitWords, takeWord } from '../words.js';

/** Variables of the request that depend on what the request is. */
export const setEnvIf = inModule('setenvif', [
  honoured(
    'SetEnvIf',
    anywhere,
    raw('attribute pattern [!]variable[=value] …'),
    'Sets variables when a property of the request matches a pattern.',
    (here, text) => addMatchRule(here, takeAttribute(here, text), false),
  ),
  honoured(
    'SetEnvIfNoCase',
    anywhere,
    raw('attribute pattern [!]variable[=value] …'),
    'The same, whatever the case.',
    (here, text) => addMatchRule(here, takeAttribute(here, text), true),
  ),
  honoured(
    'SetEnvIfExpr',
    anywhere,
    raw('expression [!]variable[=value] …'),
    'Sets variables when an expression holds.',
    addExpressionRule,
  ),
  honoured(
    'BrowserMatch',
    anywhere,
    raw('pattern [!]variable[=value] …'),
    'Sets variables when the User-Agent header matches a pattern.',
    (here, text) => addMatchRule(here, { attribute: userAgent, rest: text }, false),
  ),
  honoured(
    'BrowserMatchNoCase',
    anywhere,
    raw('pattern [!]variable[=value] …'),
    'The same, whatever the case.',
    (here, text) => addMatchRule(here, { attribute: userAgent, rest: text }, true),
  ),
]);

const userAgent: EnvironmentAttribute = { kind: 'header', name: 'user-agent' };

const requestAttributes = [
  'remote_addr',
  'remote_host',
  'remote_user',
  'request_method',
  'request_protocol',
  'request_uri',
  'server_addr',
] as const;

interface Taken {
  readonly attribute: EnvironmentAttribute;
  readonly rest: string;
}

function takeAttribute(here: Here, text: string): Taken | undefined {
  const { word, rest } = takeWord(text);
  if (word === '') {
    here.fail('expected the name of a header, such as User-Agent, or Request_URI, Remote_Addr, …', {
      kind: 'argument-count',
    });
    return undefined;
  }
  if (/^oid\(/i.test(word)) {
    here.fail('OID(…) is not supported: there are no client certificates', { kind: 'argument-refused' });
    return undefined;
  }
  const name = requestAttributes.find((attribute) => attribute === word.toLowerCase());
  if (name !== undefined) return { attribute: { kind: 'request', name }, rest };
  if (/^[\w-]+$/.test(word)) return { attribute: { kind: 'header', name: word.toLowerCase() }, rest };
  // Names of headers have no case.
  const pattern = takePattern(here, word, true);
  return pattern === undefined ? undefined : { attribute: { kind: 'headers', pattern }, rest };
}

function addMatchRule(here: Here, taken: Taken | undefined, isCaseless: boolean): void {
  if (taken === undefined) return;
  const { word, rest } = takeWord(taken.rest);
  if (word === '' && rest === '') {
    here.fail('expected a pattern and a variable', { kind: 'argument-count' });
    return;
  }
  const pattern = takePattern(here, word, isCaseless);
  const changes = takeChanges(here, rest);
  if (pattern === undefined || changes === undefined) return;
  addRule(here, { kind: 'pattern', attribute: taken.attribute, pattern }, changes);
}

function addExpressionRule(here: Here, text: string): void {
  const { word, rest } = takeWord(text);
  if (word === '') {
    here.fail('expected an expression and a variable', { kind: 'argument-count' });
    return;
  }
  const condition = takeCondition(here, word);
  const changes = takeChanges(here, rest);
  if (condition === undefined || changes === undefined) return;
  addRule(here, { kind: 'expression', condition }, changes);
}

function addRule(here: Here, test: EnvironmentRule['test'], changes: EnvironmentRule['changes']): void {
  here.section.environmentRules.push({ test, changes, position: here.place.position });
}

function takePattern(here: Here, text: string, isCaseless: boolean): RegExp | undefined {
  const result = translatePattern(isCaseless ? `(?i)${text}` : text);
  if (result.kind === 'pattern') return result.pattern;
  here.fail(result.message, { kind: 'pattern', at: { word: text } });
  return undefined;
}

/** `name`, `name=value`, `!name` */
function takeChanges(here: Here, text: string): EnvironmentRule['changes'] | undefined {
  const changes = splitWords(text).map((word) => {
    if (word.startsWith('!')) return { name: toByteString(word.slice(1)) };
    const equals = word.indexOf('=');
    if (equals < 0) return { name: toByteString(word), value: '1' };
    return { name: toByteString(word.slice(0, equals)), value: toByteString(word.slice(equals + 1)) };
  });
  if (changes.length > 0 && changes.every(({ name }) => name !== '')) return changes;
  here.fail('expected variables to set: name, name=value or !name', { kind: 'argument-count' });
  return undefined;
}
