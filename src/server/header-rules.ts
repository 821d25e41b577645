import { loadavg } from 'node:os';
import type { HeaderChange, HeaderCondition, HeaderRule, HeaderValue } from '../config/model.js';
import { evaluateCondition, evaluateText, type Subject } from '../expressions/index.js';
import {
  type HeaderList,
  headerValue,
  headerValues,
  isHeaderValue,
  isServersOwn,
  setHeader,
  withoutHeader,
} from '../http/index.js';
import { hideSecretValue } from '../log/index.js';
import {
  matchingEverywhere,
  PatternTooSlow,
  replaceBounded,
  substituteGroups,
  testBounded,
  withoutMemory,
} from '../matching/index.js';
import type { Step, Trace } from '../trace/index.js';

/** What Header and RequestHeader may look at. */
export interface HeaderFacts {
  /** What expressions see while the fields are such. */
  subject(fields: HeaderList): Subject;
  /** Milliseconds since the epoch, fractions allowed. */
  readonly startedAt: number;
  readonly requestHeaders: HeaderList;
  keepNote(name: string, value: string): void;
  /** Is told what each rule did; absent while serving. */
  readonly trace?: Trace | undefined;
}

export type ChangedHeaders =
  | { readonly kind: 'changed'; readonly headers: HeaderList }
  /** Nobody may go on with these fields. */
  | { readonly kind: 'fault'; readonly rule: HeaderRule; readonly reason: string };

/**
 * The fields after the rules, one after the other. An expression that cannot be evaluated and a value that is none (a line end in it
 * would begin a field of a stranger's choice) are faults: what the rule was to protect must not go without it.
 */
export function applyHeaderRules(
  rules: readonly HeaderRule[],
  headers: HeaderList,
  facts: HeaderFacts,
): ChangedHeaders {
  let current = headers;
  for (const rule of rules) {
    const changed = tryRule(rule, current, facts);
    if (changed.kind === 'fault') return { ...changed, rule };
    facts.trace?.(describeRule(rule, current, changed.headers));
    current = changed.headers;
  }
  return { kind: 'changed', headers: current };
}

function describeRule(rule: HeaderRule, before: HeaderList, after: HeaderList): Step {
  const { change, position } = rule;
  const name = 'name' in change ? change.name : change.pattern.source;
  const values = 'name' in change ? hideSecretValue(name, headerValues(after, name).join(', ')) : '';
  const isSame = before.length === after.length && before.every((text, at) => text === after[at]);
  const outcome = isSame ? 'changes nothing' : values === '' ? 'is done' : `makes it ${values}`;
  return { stage: 'headers', text: `${change.action} ${name} ${outcome}`, position };
}

interface Fault {
  readonly kind: 'fault';
  readonly reason: string;
}

type Outcome = { readonly kind: 'changed'; readonly headers: HeaderList } | Fault;

function tryRule(rule: HeaderRule, headers: HeaderList, facts: HeaderFacts): Outcome {
  try {
    return applyRule(rule, headers, facts);
  } catch (error) {
    if (error instanceof PatternTooSlow) return fault(error.message);
    throw error;
  }
}

function applyRule({ change, condition }: HeaderRule, headers: HeaderList, facts: HeaderFacts): Outcome {
  const subject = facts.subject(headers);
  const holds = condition === undefined || asks(condition, subject);
  if (typeof holds === 'string') return fault(holds);
  if (!holds) return { kind: 'changed', headers };
  if (!('value' in change)) return { kind: 'changed', headers: changeWithoutValue(change, headers, facts) };
  if (change.action === 'setifempty' && headerValue(headers, change.name) !== undefined)
    return { kind: 'changed', headers };
  const made = makeValue(change.value, subject, facts.startedAt);
  if (made.kind === 'fault') return made;
  const changed = changeValue(change, headers, made.text);
  const wrong = headerValues(changed, change.name).find((value) => !isHeaderValue(value));
  return wrong === undefined
    ? { kind: 'changed', headers: changed }
    : fault(`the value of ${change.name} would hold a control character: ${JSON.stringify(wrong)}`);
}

function fault(reason: string): Fault {
  return { kind: 'fault', reason };
}

function asks(condition: HeaderCondition, subject: Subject): boolean | string {
  if (condition.kind === 'variable')
    return (subject.environment(condition.variable) !== undefined) !== condition.negated;
  const evaluation = evaluateCondition(condition.condition, subject);
  return evaluation.kind === 'fault' ? evaluation.reason : evaluation.holds;
}

function changeWithoutValue(
  change: Exclude<HeaderChange, { readonly value: HeaderValue }>,
  headers: HeaderList,
  { requestHeaders, keepNote }: HeaderFacts,
): HeaderList {
  switch (change.action) {
    case 'unset':
      return withoutHeader(headers, change.name);
    case 'echo': {
      const echoed = [...headers];
      for (let at = 0; at < requestHeaders.length; at += 2) {
        const name = requestHeaders[at] as string;
        if (testBounded(change.pattern, name) && !isServersOwn(name))
          echoed.push(name, requestHeaders[at + 1] as string);
      }
      return echoed;
    }
    case 'note': {
      const value = headerValue(headers, change.name);
      if (value !== undefined) keepNote(change.note, value);
      return headers;
    }
  }
}

function changeValue(
  change: Extract<HeaderChange, { readonly value: HeaderValue }>,
  headers: HeaderList,
  text: string,
): HeaderList {
  const { name } = change;
  switch (change.action) {
    case 'set':
    case 'setifempty':
      return replaceHeader(headers, name, text);
    case 'add':
      return [...headers, name, text];
    case 'append':
      return appendValue(headers, name, text);
    case 'merge':
      return listedValues(headers, name).includes(text.trim()) ? headers : appendValue(headers, name, text);
    case 'edit':
    case 'edit*': {
      const remake = change.action === 'edit' ? withoutMemory : matchingEverywhere;
      const pattern = remake(change.pattern);
      return mapValues(headers, name, (value) => editValue(value, pattern, text));
    }
  }
}

function editValue(value: string, pattern: RegExp, template: string): string {
  return replaceBounded(value, pattern, (...groups) =>
    substituteGroups(template, groups.filter(isGroup) as (string | undefined)[]),
  );
}

/** What replace() gives besides groups: the place, and for named groups an object. */
function isGroup(given: unknown): boolean {
  return given === undefined || typeof given === 'string';
}

/** At the place of the first field of that name, and with its spelling. */
function replaceHeader(headers: HeaderList, name: string, value: string): HeaderList {
  const at = placeOf(headers, name);
  if (at < 0) return setHeader(headers, name, value);
  const before = [...headers.slice(0, at), headers[at] as string, value];
  return [...before, ...withoutHeader(headers.slice(at + 2), name)];
}

/** To the first field of that name. */
function appendValue(headers: HeaderList, name: string, value: string): HeaderList {
  const at = placeOf(headers, name);
  if (at < 0) return [...headers, name, value];
  return headers.map((text, index) => (index === at + 1 ? `${text}, ${value}` : text));
}

function listedValues(headers: HeaderList, name: string): string[] {
  return headerValues(headers, name).flatMap((value) => value.split(',').map((item) => item.trim()));
}

function mapValues(headers: HeaderList, name: string, map: (value: string) => string): HeaderList {
  const wanted = name.toLowerCase();
  return headers.map((text, at) =>
    at % 2 === 1 && (headers[at - 1] as string).toLowerCase() === wanted ? map(text) : text,
  );
}

function placeOf(headers: HeaderList, name: string): number {
  const wanted = name.toLowerCase();
  return headers.findIndex((text, at) => at % 2 === 0 && text.toLowerCase() === wanted);
}

function makeValue(
  value: HeaderValue,
  subject: Subject,
  startedAt: number,
): { readonly kind: 'made'; readonly text: string } | Fault {
  if (value.kind === 'expression') {
    const made = evaluateText(value.text, subject);
    return made.kind === 'fault' ? made : { kind: 'made', text: made.text };
  }
  const texts = value.parts.map((part) =>
    typeof part === 'string' ? part : readItem(part, subject, startedAt),
  );
  return { kind: 'made', text: texts.join('') };
}

function readItem(
  part: Exclude<Extract<HeaderValue, { kind: 'format' }>['parts'][number], string>,
  subject: Subject,
  startedAt: number,
): string {
  switch (part.kind) {
    case 'started':
      return `t=${Math.round(startedAt * 1000)}`;
    case 'duration':
      return `D=${Math.max(0, Math.round((Date.now() - startedAt) * 1000))}`;
    case 'load':
      return `l=${loadavg()
        .map((load) => load.toFixed(2))
        .join('/')}`;
    case 'variable':
      return subject.environment(part.name) ?? '(null)';
    case 'tls-variable':
      // Certificates have several lines (as httpd).
      return (subject.tlsVariable(part.name) ?? '(null)').replaceAll('\n', ' ');
  }
}
