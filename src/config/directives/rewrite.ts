import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseBalancerUrl } from '../../http/index.js';
import { translatePattern } from '../../matching/index.js';
import {
  createTemplateNotes,
  findFixedServer,
  findServerMap,
  knownVariables,
  parseConditionFlags,
  parseConditionTest,
  parseFlags,
  parseTemplate,
  type RewriteCondition,
  type RewriteMap,
  type RewriteOption,
  rewriteOptionNames,
  type Substitution,
  splitRuleWords,
  type Template,
  type TemplateNotes,
} from '../../rewriting/index.js';
import {
  anywhere,
  flag,
  honoured,
  inModule,
  insideSections,
  list,
  one,
  outsideSections,
  raw,
  two,
} from '../definition.js';
import type { Here } from '../draft.js';
import { takeCondition } from '../expression.js';
import { findNearest } from '../nearest-name.js';
import { takeProxyUrl } from '../proxy-target.js';
import { createRewriteDraft, type RewriteDraft } from '../rewrite-draft.js';
import { referToBalancer } from './balancer.js';
import { takeServerHandler } from './handler.js';
import { expectHandler, ownHandlers } from './handler-script.js';

/** Rules that change where a request goes, before anything else decides it or in a directory. */
export const rewrite = inModule('rewrite', [
  honoured(
    'RewriteEngine',
    anywhere,
    flag,
    'Whether rules are applied.',
    (here, isOn) => {
      const draft = takeDraft(here);
      if (draft !== undefined) draft.engine = isOn;
    },
    'Off',
  ),
  honoured(
    'RewriteOptions',
    anywhere,
    list('option …'),
    'How rules are inherited and to which requests they are applied.',
    addOptions,
  ),
  honoured(
    'RewriteBase',
    insideSections,
    one('URL-path'),
    'The URL path of the directory whose rules follow.',
    setBase,
  ),
  honoured(
    'RewriteMap',
    outsideSections,
    two('name txt:file|rnd:file|int:function'),
    'Names a table that rules look up in.',
    addMap,
  ),
  honoured(
    'RewriteCond',
    anywhere,
    raw('text condition [flags]'),
    'What has to hold for the rule that follows.',
    addCondition,
  ),
  honoured(
    'RewriteRule',
    anywhere,
    raw('pattern substitution [flags]'),
    'Puts another path, file or URL in the place of those that the pattern matches.',
    addRule,
  ),
]);

/** Where rules have no directory that they are about, they mean nothing (httpd takes them, and never applies them as written). */
function takeDraft(here: Here): RewriteDraft | undefined {
  const outer = here.enclosing.at(-1);
  if (outer === 'files' || outer === 'if') {
    here.fail(
      `not supported in <${outer === 'files' ? 'Files' : 'If'}>; expected it in <Directory>, in <Location> or outside every section`,
      { kind: 'not-allowed-here', at: 'name' },
    );
    return undefined;
  }
  here.section.rewriting ??= createRewriteDraft();
  return here.section.rewriting;
}

function addOptions(here: Here, words: readonly string[]): void {
  const draft = takeDraft(here);
  for (const word of words) {
    const lower = word.toLowerCase();
    const option = rewriteOptionNames.find((name) => name.toLowerCase() === lower);
    if (option === undefined) {
      here.fail(`there is no option '${word}'`, { suggestion: findNearest(word, rewriteOptionNames) });
    } else if (option === 'LegacyPrefixDocRoot') {
      here.fail(`the option ${word} is not supported: what lies in the document root stays there`, {
        kind: 'argument-refused',
      });
    } else if (draft !== undefined && !draft.options?.includes(option))
      draft.options = [...(draft.options ?? []), option satisfies RewriteOption];
  }
}

function setBase(here: Here, path: string): void {
  const draft = takeDraft(here);
  if (!path.startsWith('/')) here.fail(`expected a URL path that begins with '/', not '${path}'`);
  else if (draft !== undefined) draft.base = path;
}

function addMap(here: Here, name: string, source: string): void {
  const map = readMap(here, source);
  if (map !== undefined) here.server.rewriteMaps.set(name, map);
}

const internalMaps = ['toupper', 'tolower', 'escape', 'unescape'] as const;

function readMap(here: Here, source: string): RewriteMap | undefined {
  const [, type = '', rest = ''] = /^([a-z]+):(.*)$/i.exec(source) ?? [];
  switch (type.toLowerCase()) {
    case 'int': {
      const name = internalMaps.find((known) => known === rest);
      if (name === undefined)
        here.fail(`expected one of the functions ${internalMaps.join(', ')}, not '${rest}'`, {
          suggestion: findNearest(rest, internalMaps),
        });
      return name && { kind: 'internal', name };
    }
    case 'txt':
    case 'rnd': {
      const path = resolve(here.draft.serverRoot, rest);
      if (!existsSync(path))
        here.fail(`expected a file that exists, not '${rest}'`, {
          kind: 'missing-file',
          at: { word: source },
        });
      return { kind: 'text', path, random: type.toLowerCase() === 'rnd' };
    }
    case 'dbm':
    case 'prg':
    case 'dbd':
    case 'fastdbd':
      here.fail(`maps of the type ${type} are not supported; expected txt:, rnd: or int:`, {
        kind: 'argument-refused',
      });
      return undefined;
    default:
      here.fail(`expected txt:file, rnd:file or int:function, not '${source}'`);
      return undefined;
  }
}

function addCondition(here: Here, text: string): void {
  const draft = takeDraft(here);
  const [subject, test, flagWord = '[]', ...more] = splitRuleWords(text);
  if (subject === undefined || test === undefined || more.length > 0) {
    here.fail('takes two or three arguments: text condition [flags]', {
      kind: 'argument-count',
      at: 'arguments',
    });
    return;
  }
  const flags = parseConditionFlags(flagWord);
  if (flags.kind === 'wrong') {
    here.fail(flags.message, { at: { word: flags.word } });
    return;
  }
  const { caseless, orNext, noVary } = flags;
  const condition = readCondition(here, subject, test, caseless);
  if (condition !== undefined && draft !== undefined)
    draft.conditions.push({ ...condition, orNext, noVary, text: test });
}

function readCondition(
  here: Here,
  subject: string,
  test: string,
  caseless: boolean,
): Pick<RewriteCondition, 'subject' | 'test' | 'negated'> | undefined {
  if (subject.toLowerCase() === 'expr') {
    const negated = test.startsWith('!');
    const condition = takeCondition(here, negated ? test.slice(1) : test);
    return condition && { test: { kind: 'expression', condition }, negated };
  }
  const parsed = parseConditionTest(test, caseless);
  if (parsed.kind === 'wrong') {
    here.fail(parsed.message, { kind: 'pattern', at: { word: test } });
    return undefined;
  }
  const notes = createTemplateNotes();
  const template = parseTemplate(subject, notes);
  reportNotes(here, notes);
  return { subject: template, test: parsed.test, negated: parsed.negated };
}

function addRule(here: Here, text: string): void {
  const draft = takeDraft(here);
  const conditions = draft?.conditions.splice(0) ?? [];
  const [word, result, flagWord = '[]', ...more] = splitRuleWords(text);
  if (word === undefined || result === undefined || more.length > 0) {
    const hint = more.length > 0 ? '; flags have no blanks between them' : '';
    here.fail(`takes two or three arguments: pattern substitution [flags]${hint}`, {
      kind: 'argument-count',
      at: 'arguments',
    });
    return;
  }
  const notes = createTemplateNotes();
  const parsed = parseFlags(flagWord, notes);
  if (parsed.kind === 'wrong') {
    const { message, wanted } = parsed;
    here.fail(message, {
      at: { word: parsed.word },
      suggestion: wanted && findNearest(wanted.name, wanted.known),
    });
    return;
  }
  const { handler = 'none' } = parsed.flags;
  if (handler.startsWith('proxy:')) takeServerHandler(here, handler);
  else if (!ownHandlers.includes(handler))
    expectHandler(here, handler, () =>
      here.fail(
        `expected H=wsgi-script, H=default-handler, H=none or the name of a WSGIHandlerScript; the handler '${handler}' is not supported`,
        { at: { word: flagWord } },
      ),
    );
  const negated = word.startsWith('!');
  const source = negated ? word.slice(1) : word;
  const pattern = translatePattern(parsed.caseless ? `(?i)${source}` : source);
  if (pattern.kind === 'wrong') {
    here.fail(pattern.message, { kind: 'pattern', at: { word } });
    return;
  }
  const isProxied = parsed.flags.proxy === true;
  const substitution = result === '-' ? undefined : readSubstitution(result, notes, isProxied);
  if (isProxied) checkServer(here, result, substitution);
  reportNotes(here, notes);
  draft?.rules.push({
    pattern: pattern.pattern,
    negated,
    text: `${word} ${result}`,
    conditions,
    ...(substitution === undefined ? {} : { substitution }),
    // What looks ahead would look ahead at itself.
    flags: looksAhead(substitution) ? { ...parsed.flags, notInSubrequests: true } : parsed.flags,
    position: here.place.position,
  });
}

function readSubstitution(text: string, notes: TemplateNotes, isProxied: boolean): Substitution {
  const template = parseTemplate(text, notes);
  const [first] = template;
  return {
    template,
    hasQuestionMark: text.includes('?'),
    literalStart: first?.kind === 'literal' ? first.text : '',
    ...(isProxied ? findServer(template) : {}),
  };
}

function findServer(template: Template): Pick<Substitution, 'fixedServer'> {
  const fixedServer = findFixedServer(template);
  return fixedServer === undefined ? {} : { fixedServer };
}

/** With P: the URL of a server, which the site file should choose and not the client. */
function checkServer(here: Here, text: string, substitution: Substitution | undefined): void {
  const { fixedServer, template = [], literalStart = '-' } = substitution ?? {};
  if (fixedServer !== undefined) {
    if (parseBalancerUrl(fixedServer).kind === 'other') takeProxyUrl(here, fixedServer, text);
    else referToBalancer(here, fixedServer, text);
    return;
  }
  const isUrl = template.length > 1 && !literalStart.startsWith('/');
  if (!isUrl && literalStart !== '')
    here.fail(`expected the URL of another server with the flag P, not '${text}'`, { at: { word: text } });
  else if (/^unix:/i.test(literalStart))
    here.fail(`expected a socket and a host that no request has a say in, not '${text}'`, {
      at: { word: text },
    });
  else if (here.server.rewriteMaps.get(findServerMap(template) ?? '')?.kind !== 'text')
    here.warn(
      `requests choose which server is asked: expected a host in '${text}', or conditions that let only known ones through`,
      { at: { word: text } },
    );
}

function looksAhead(substitution: Substitution | undefined): boolean {
  return substitution?.template.some(({ kind }) => kind === 'look-ahead') === true;
}

function reportNotes(here: Here, { maps, unknownVariables }: TemplateNotes): void {
  for (const name of maps)
    here.draft.rewriteMapReferences.push({ name, place: here.place, directive: here.directive });
  for (const { name, message } of unknownVariables)
    here.warn(message, {
      kind: 'argument-no-effect',
      at: { word: name },
      suggestion: findNearest(name, knownVariables),
    });
}
