import { asksFor } from '../../expressions/index.js';
import { overlaps, parseAddressRange } from '../../matching/index.js';
import {
  flag,
  honoured,
  honouredSection,
  inModule,
  insideSections,
  mainServerOnly,
  one,
  raw,
} from '../definition.js';
import { createSectionDraft, type Here, type Scope } from '../draft.js';
import { takeCondition } from '../expression.js';
import { isHostName } from '../host-name.js';
import { knownMethods, withoutHead } from '../methods.js';
import type { MistakeDetails } from '../mistakes.js';
import type { AddressRange, Requirement } from '../model.js';
import { findNearest } from '../nearest-name.js';
import { chooseWord } from '../values.js';
import { splitWords, takeWord } from '../words.js';

/** Who may enter. */
export const authz = inModule('authz_core', [
  honoured(
    'Require',
    insideSections,
    raw(
      '[not] all|valid-user|user|group|wsgi-group|ip|host|forward-dns|local|env|method|expr|ssl|ssl-verify-client …',
    ),
    'What a request must fulfil.',
    addRequirement,
  ),
  honouredSection(
    '<AuthzProviderAlias',
    mainServerOnly,
    'requirement name ["words"]',
    'A requirement under a name of its own, for Require.',
    defineAlias,
  ),
  container('<RequireAll', 'every', 'All of these must hold, and one of them must grant.'),
  container('<RequireAny', 'any', 'One of these must hold.'),
  container('<RequireNone', 'none', 'None of these may hold.'),
  honoured(
    'AuthMerging',
    insideSections,
    one('Off|And|Or'),
    'How the Require lines of sections add up.',
    (here, text) => {
      const word = chooseWord(here, text, ['off', 'and', 'or']);
      if (word !== undefined) here.section.settings.authMerging = word;
    },
    'Off',
  ),
  honoured(
    'AuthzSendForbiddenOnFailure',
    insideSections,
    flag,
    'Whether somebody who has authenticated and may not enter is answered 403 in place of 401.',
    (here, on) => {
      here.section.settings.sendForbiddenOnFailure = on;
    },
    'Off',
  ),
]);

/** Kinds of requirement that Apache's modules bring and modhost lacks: leaving one out could open what it closes. */
const missingKinds: readonly string[] = [
  'dbd-group',
  'dbd-login',
  'dbd-logout',
  'dbm-file-group',
  'dbm-group',
  'file-group',
  'file-owner',
  'ldap-attribute',
  'ldap-dn',
  'ldap-filter',
  'ldap-group',
  'ldap-search',
  'ldap-user',
];

const kinds: readonly string[] = [
  'all',
  'valid-user',
  'user',
  'group',
  'wsgi-group',
  'ip',
  'host',
  'forward-dns',
  'local',
  'env',
  'method',
  'expr',
  'ssl',
  'ssl-verify-client',
];

function container(name: string, kind: 'any' | 'every' | 'none', doc: string) {
  return honouredSection(name, insideSections, '', doc, (here, text, walk) => {
    if (text !== '') here.fail('takes no arguments', { kind: 'argument-count' });
    const requirements: Requirement[] = [];
    if (kind === 'none' && here.container?.kind !== 'every')
      here.fail('has no effect here; expected it in <RequireAll>, beside something that grants', {
        kind: 'requirements',
        at: 'name',
      });
    const isNegated = kind === 'none' || here.container?.isNegated === true;
    const scope: Scope = { ...here, container: { kind, isNegated, requirements } };
    const errorsBefore = countErrors(here);
    walk(scope);
    // What a mistake kept out is not missing.
    if (countErrors(here) === errorsBefore) checkContents(here, kind, requirements);
    addTo(here, { kind, requirements, position: here.place.position });
  });
}

function countErrors({ draft }: Here): number {
  return draft.mistakes.all.filter(({ severity }) => severity === 'error').length;
}

function checkContents(
  here: Here,
  kind: 'any' | 'every' | 'none',
  requirements: readonly Requirement[],
): void {
  if (requirements.length === 0)
    here.fail('expected at least one Require in it', { kind: 'requirements', at: 'name' });
  else if (kind === 'every' && requirements.every(isNegative))
    here.fail('holds only negative requirements; expected one that grants, such as Require all granted', {
      kind: 'requirements',
      at: 'name',
    });
  else if (kind === 'every' && contradict(requirements))
    here.warn('cannot be fulfilled: two of its lines exclude each other', {
      kind: 'never-granted',
      at: 'name',
    });
}

/** Nobody has two names, or comes from two addresses. */
function contradict(requirements: readonly Requirement[]): boolean {
  return requirements.some((one, at) =>
    requirements.slice(at + 1).some((other) => {
      if (one.kind === 'user' && other.kind === 'user')
        return !one.names.some((name) => other.names.includes(name));
      if (one.kind === 'ip' && other.kind === 'ip')
        return !one.ranges.some((range) => other.ranges.some((another) => overlaps(range, another)));
      return false;
    }),
  );
}

function isNegative({ kind }: Requirement): boolean {
  return kind === 'not' || kind === 'none';
}

function defineAlias(here: Here, text: string, walk: (scope: Scope) => void): void {
  walk({ ...here, section: createSectionDraft(), enclosing: ['location'], only: [] });
  const [kind = '', name = '', parameters = '', ...more] = splitWords(text);
  if (name === '') {
    here.fail('takes two or three arguments: requirement name ["words"]', { kind: 'argument-count' });
  } else if (more.length > 0) {
    here.fail(`several words have to stand in quotes: "${[parameters, ...more].join(' ')}"`);
  } else if (kinds.includes(name) || missingKinds.includes(name) || here.draft.authzAliases.has(name)) {
    here.fail(`there is a requirement '${name}' already`, { kind: 'declared-twice' });
  } else {
    // Somebody may negate it.
    const requirement = parseRequirement(here, kind, splitWords(parameters), true);
    if (requirement !== undefined) here.draft.authzAliases.set(name, requirement);
  }
}

function addRequirement(here: Here, text: string): void {
  const first = takeWord(text);
  const isNegated = first.word.toLowerCase() === 'not';
  const { word, rest } = isNegated ? takeWord(first.rest) : first;
  const requirement =
    word === 'expr' ? parseExpression(here, rest) : parseRequirement(here, word, splitWords(rest), isNegated);
  if (isNegated && here.container?.kind !== 'every')
    here.fail("'not' has no effect here; expected it in <RequireAll>, beside something that grants", {
      kind: 'requirements',
      at: { word: first.word },
    });
  if (requirement === undefined) return;
  const { position } = here.place;
  addTo(here, isNegated ? { kind: 'not', requirement, position } : requirement);
}

/** A container in <Limit> is limited as a whole, and so what it holds is not. */
function addTo(here: Here, requirement: Requirement): void {
  const { container, limit, section } = here;
  if (container !== undefined) container.requirements.push(requirement);
  else if (limit === undefined) section.requirements.push(requirement);
  else section.requirements.push({ kind: 'limited', limit, requirement, position: requirement.position });
}

function parseRequirement(
  here: Here,
  kind: string,
  words: readonly string[],
  isNegated: boolean,
): Requirement | undefined {
  const { position } = here.place;
  switch (kind) {
    case 'all': {
      if (words.length === 1 && (words[0] === 'granted' || words[0] === 'denied'))
        return { kind: words[0], position };
      here.fail("'all' takes one argument: granted or denied, in lower case");
      return undefined;
    }
    case 'valid-user':
    case 'local':
    case 'ssl':
    case 'ssl-verify-client':
      return { kind, position };
    case 'user':
    case 'group':
    case 'wsgi-group':
    case 'env':
      if (words.length === 0)
        here.warn(`'${kind}' without a name holds for nobody`, { kind: 'never-granted' });
      for (const word of words)
        if (word.endsWith(','))
          here.warn(`names are separated by blanks: the comma is part of the name '${word}'`);
      return { kind, names: words, position };
    case 'host':
    case 'forward-dns':
      if (words.length === 0) here.warn(`'${kind}' without a name holds for nobody`);
      for (const word of words) if (!isHostName(word)) reportNoHostName(here, word, isNegated);
      return { kind, names: words, position };
    case 'method': {
      const unknown = words.filter((word) => !knownMethods.includes(word));
      for (const word of unknown)
        here.fail(`there is no method '${word}'`, { suggestion: findNearest(word, knownMethods) });
      if (words.length === 0) here.warn("'method' without a name holds for nobody");
      return unknown.length > 0 ? undefined : { kind, names: withoutHead(words), position };
    }
    case 'ip': {
      const ranges = parseRanges(here, words);
      return ranges === undefined ? undefined : { kind: 'ip', ranges, position };
    }
    default: {
      const alias = here.draft.authzAliases.get(kind);
      if (alias === undefined) {
        const isOfFiles = kind === 'file-owner' || kind === 'file-group';
        if (missingKinds.includes(kind) && !isOfFiles && !isNegated && here.container?.isNegated !== true) {
          here.warn(`'${kind}' is not supported, and holds for nobody; expected ${kinds.join(', ')} or not`, {
            kind: 'never-granted',
            at: { word: kind },
          });
          return { kind: 'user', names: [], position };
        }
        const { message, ...details } = describeUnknownKind(kind);
        here.fail(message, details);
        return undefined;
      }
      if (words.length > 0)
        here.fail(`'${kind}' stands for a whole requirement: expected nothing behind it`, {
          kind: 'argument-count',
        });
      return { ...alias, position };
    }
  }
}

/** A test that never holds keeps everybody out, and negated it keeps nobody out. */
function reportNoHostName(here: Here, word: string, isNegated: boolean): void {
  const message = `'${word}' is not the name of a host: it matches nobody`;
  if (isNegated || here.container?.isNegated === true) here.fail(message, { at: { word } });
  else here.warn(message, { kind: 'argument-doubtful', at: { word } });
}

/** The rest of the line, with or without quotes around it: inside them nothing is escaped (as httpd). */
function parseExpression(here: Here, rest: string): Requirement | undefined {
  const text = /^"(.*)"$/s.exec(rest)?.[1] ?? rest;
  if (text === '') {
    here.fail("'expr' takes an expression", { kind: 'argument-count' });
    return undefined;
  }
  const condition = takeCondition(here, text);
  if (condition === undefined) return undefined;
  const asksUser = asksFor('REMOTE_USER', condition);
  return { kind: 'expr', condition, text, asksUser, position: here.place.position };
}

function parseRanges(here: Here, words: readonly string[]): AddressRange[] | undefined {
  if (words.length === 0) here.fail("'ip' takes one or more addresses", { kind: 'argument-count' });
  const ranges: AddressRange[] = [];
  for (const word of words) {
    const range = parseAddressRange(word);
    if (range === undefined)
      here.fail(`expected an address such as 10.1.2.3, 10.1, 10.1.0.0/16 or 2001:db8::/32, not '${word}'`);
    else ranges.push(range);
  }
  return ranges.length === words.length && words.length > 0 ? ranges : undefined;
}

function describeUnknownKind(kind: string): MistakeDetails & { readonly message: string } {
  if (kind === '') return { message: `expected ${kinds.join(', ')} or not`, kind: 'argument-count' };
  if (missingKinds.includes(kind))
    return {
      message: `'${kind}' is not supported yet; expected ${kinds.join(', ')} or not`,
      kind: 'argument-refused',
    };
  return { message: `there is no requirement '${kind}'`, suggestion: findNearest(kind, kinds) };
}
