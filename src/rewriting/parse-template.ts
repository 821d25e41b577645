import { toByteString } from '../http/index.js';
import type { LookAheadKind, Template, TemplatePart } from './model.js';
import { findRewriteVariable, rewriteVariables } from './variables.js';

/** What was noticed while a text was read: `map` names that have to exist, variables that nobody knows. */
export interface TemplateNotes {
  readonly maps: string[];
  readonly unknownVariables: { readonly name: string; readonly message: string }[];
}

export function createTemplateNotes(): TemplateNotes {
  return { maps: [], unknownVariables: [] };
}

/**
 * `$1`, `%1`, `%{NAME}`, `${map:key|default}`; a backslash makes the next character stand for itself. What is none of these is
 * taken as it stands, and a variable that nobody knows is empty (both as httpd).
 */
export function parseTemplate(text: string, notes: TemplateNotes): Template {
  return parseBytes(toByteString(text), notes, 0);
}

/** `${a:${b:…}}` to this depth; what is deeper is taken as text. */
const deepest = 20;

function parseBytes(text: string, notes: TemplateNotes, depth: number): Template {
  const parts: TemplatePart[] = [];
  let literal = '';
  const add = (part: TemplatePart) => {
    if (literal !== '') parts.push({ kind: 'literal', text: literal });
    literal = '';
    parts.push(part);
  };
  for (let at = 0; at < text.length; ) {
    const sign = text.charAt(at);
    const next = text.charAt(at + 1);
    if (sign === '\\' && next !== '') {
      literal += next;
      at += 2;
      continue;
    }
    if (sign === '$' || sign === '%') {
      if (/[0-9]/.test(next)) {
        add({ kind: 'group', of: sign === '$' ? 'rule' : 'condition', number: Number(next) });
        at += 2;
        continue;
      }
      const end = next === '{' && depth < deepest ? findClosingBrace(text, at + 2) : -1;
      if (end > 0) {
        const inner = text.slice(at + 2, end);
        const part = sign === '$' ? readMap(inner, notes, depth) : readVariable(inner, notes);
        if (part !== undefined) {
          add(part);
          at = end + 1;
          continue;
        }
      }
    }
    literal += sign;
    at += 1;
  }
  if (literal !== '') parts.push({ kind: 'literal', text: literal });
  return parts;
}

function findClosingBrace(text: string, from: number): number {
  return findOutsideBraces(text, from, '}');
}

function findOutsideBraces(text: string, from: number, wanted: string): number {
  let open = 0;
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\\') at += 1;
    else if (character === wanted && open === 0) return at;
    else if (character === '{') open += 1;
    else if (character === '}') open -= 1;
  }
  return -1;
}

/** `map:key|default`; undefined without a colon: plain text. */
function readMap(inner: string, notes: TemplateNotes, depth: number): TemplatePart | undefined {
  const colon = inner.indexOf(':');
  if (colon < 1) return undefined;
  const name = inner.slice(0, colon);
  notes.maps.push(name);
  const bar = findOutsideBraces(inner, colon + 1, '|');
  const key = inner.slice(colon + 1, bar === -1 ? undefined : bar);
  const fallback = bar === -1 ? '' : inner.slice(bar + 1);
  return {
    kind: 'map',
    name,
    key: parseBytes(key, notes, depth + 1),
    fallback: parseBytes(fallback, notes, depth + 1),
  };
}

const prefixes = { HTTP: 'header', ENV: 'environment', SSL: 'tls' } as const;
const lookAheads: Readonly<Record<string, LookAheadKind>> = { 'LA-U': 'url', 'LA-F': 'file' };

function readVariable(inner: string, notes: TemplateNotes): TemplatePart {
  const colon = inner.indexOf(':');
  const prefix = inner.slice(0, Math.max(0, colon)).toUpperCase();
  const rest = inner.slice(colon + 1);
  if (prefix === 'HTTP' || prefix === 'ENV' || prefix === 'SSL')
    return { kind: prefixes[prefix], name: rest };
  const what = Object.hasOwn(lookAheads, prefix) ? lookAheads[prefix] : undefined;
  const name = findRewriteVariable(what === undefined ? inner : rest);
  if (name === undefined) {
    notes.unknownVariables.push({ name: inner, message: describeUnknown(inner) });
    return { kind: 'literal', text: '' };
  }
  return what === undefined ? { kind: 'variable', name } : { kind: 'look-ahead', what, name };
}

function describeUnknown(name: string): string {
  const header = /^HTTP_(.+)$/i.exec(name)?.[1];
  const hint = header === undefined ? '' : `; a request header is %{HTTP:${header.replaceAll('_', '-')}}`;
  return `there is no variable '${name}': it is always empty${hint}`;
}

/** For the nearest name. */
export const knownVariables: readonly string[] = rewriteVariables;
