import type { Context, Definition } from './definition.js';
import type { Here, HtaccessDraft, Scope } from './draft.js';
import { describeForeignName } from './foreign-names.js';
import type { MistakeDetails, MistakeList, Place } from './mistakes.js';
import { findNearest } from './nearest-name.js';
import { applyTo } from './origins.js';
import { isOverridable, overrideClassesOf } from './override-classes.js';
import type { Node } from './tree.js';
import { listWords } from './values.js';

/** All definitions by lower-case name; sections with their bracket. */
export type DefinitionTable = ReadonlyMap<string, Definition>;

/** Carries out the directives of a tree in their order, each in the scope it stands in. Reports every mistake and goes on. */
export function walkNodes(nodes: readonly Node[], scope: Scope, table: DefinitionTable, parent = ''): void {
  for (const node of nodes) {
    const name = node.kind === 'section' ? `<${node.name}` : node.name;
    const shown = node.kind === 'section' ? `<${node.name}>` : node.name;
    const definition = table.get(name.toLowerCase());
    const { htaccess } = scope.draft;
    const here = lookFrom(scope, node.place, shown, definition);
    if (definition === undefined) {
      const { message, ...details } = describeUnknown(name, node.kind, table, scope.draft.mistakes);
      if (htaccess?.overrides.forgives.has('unknown')) {
        here.warn(`${message}, and is skipped (AllowOverride Nonfatal)`, details);
        continue;
      }
      here.fail(message, details);
      continue;
    }
    if (htaccess !== undefined && !isOverridable(definition.name, htaccess.overrides)) {
      reportForbidden(here, definition, htaccess);
      continue;
    }
    const misplaced = checkContext(definition, here, parent);
    if (misplaced !== undefined) {
      here.fail(misplaced, { kind: 'not-allowed-here', at: 'name' });
      continue;
    }
    if (definition.class !== 'honoured') report(definition, here, node.text);
    else if (node.kind === 'directive')
      applyTo(here.section, node.place.position, () => definition.apply?.(here, node.text));
    else definition.open?.(here, node.text, (inner) => walkNodes(node.children, inner, table, shown));
  }
}

function lookFrom(scope: Scope, place: Place, directive: string, definition: Definition | undefined): Here {
  const { mistakes } = scope.draft;
  return {
    ...scope,
    place,
    directive,
    fail: (message, details) =>
      mistakes.error(place, directive, message + describeUsage(message, details, definition), details),
    warn: (message, details) => mistakes.warning(place, directive, message, details),
  };
}

/** Beyond that, it would hide what is wrong. */
const longestUsage = 60;

/** Whoever has forgotten an argument is told all of them. */
function describeUsage(
  message: string,
  details: MistakeDetails | undefined,
  definition: Definition | undefined,
): string {
  if (details?.kind !== 'argument-count' || definition === undefined) return '';
  const { name, arguments: usage } = definition;
  if (usage === '' || usage.length > longestUsage || message.includes(usage)) return '';
  return name.startsWith('<') ? `; it is written ${name} ${usage}>` : `; it is written ${name} ${usage}`;
}

function describeUnknown(
  name: string,
  nodeKind: Node['kind'],
  table: DefinitionTable,
  { wantsSuggestion }: MistakeList,
): MistakeDetails & { readonly message: string } {
  const isSection = nodeKind === 'section';
  const unknown = {
    message: isSection ? 'is not a known section' : 'is not a known directive',
    kind: isSection ? 'unknown-section' : 'unknown-directive',
    at: 'name',
  } as const;
  if (!wantsSuggestion) return unknown;
  const candidates = [...table.values()].map((definition) => definition.name);
  const fitting = candidates.filter((candidate) => candidate.startsWith('<') === isSection);
  const foreign = describeForeignName(name);
  if (foreign !== undefined) return { ...unknown, message: `${unknown.message}: it ${foreign}` };
  // A name can also be glued to its argument or stand without its bracket.
  const glued = candidates.find(
    (candidate) =>
      candidate.length > 6 &&
      name.toLowerCase().startsWith(candidate.toLowerCase()) &&
      !/^\w/.test(name.slice(candidate.length)),
  );
  if (glued !== undefined)
    return { ...unknown, message: `${unknown.message}; expected a blank after ${glued}` };
  // Copied from a web page or a word processor.
  if (/[\u00a0\u2000-\u200f\u2018-\u201f\u202f\u3000\ufeff]/.test(name))
    return {
      ...unknown,
      message: `${unknown.message}; it holds an invisible or a typographic character`,
    };
  const bracketed = table.get(`<${name.toLowerCase()}`)?.name;
  const nearest = bracketed ?? findNearest(name, fitting);
  if (nearest === undefined) return unknown;
  return { ...unknown, suggestion: nearest.startsWith('<') ? `${nearest}>` : nearest };
}

function checkContext(definition: Definition, here: Here, parent: string): string | undefined {
  // In <RequireAll> and its kin nothing else has a meaning.
  if (here.container !== undefined && !/^(<require(all|any|none)|require)$/i.test(definition.name))
    return `not allowed in ${parent}; expected Require, <RequireAll>, <RequireAny> or <RequireNone>`;
  if (here.only !== undefined && !here.only.includes(definition.name))
    return `not allowed in ${parent}; expected ${here.only.length === 0 ? 'nothing in it' : listWords(here.only)}`;
  if (here.limit !== undefined && /^<(?!require(all|any|none)$)/i.test(definition.name))
    return `not allowed in ${parent}; expected it outside`;
  const context = contextOf(here);
  if (definition.contexts.includes(context)) return undefined;
  const place = parent === '' ? 'outside every section' : `in ${parent}`;
  return `not allowed ${place}; expected it ${describeContexts(definition.contexts)}`;
}

/** In Apache's words. A conditional that is skipped as a whole could take a protection with it, so that is never forgiven. */
function reportForbidden(
  here: Here,
  { name, open }: Definition,
  { overrides, directory }: HtaccessDraft,
): void {
  const isForgiven = overrides.forgives.has('override') && (!name.startsWith('<') || open !== undefined);
  const classes = listWords([...overrideClassesOf(name)]);
  const message = `not allowed here; ${
    classes === ''
      ? 'expected it in the site file'
      : `AllowOverride ${classes} for ${directory || '/'} would let it stand here`
  }`;
  if (isForgiven)
    here.warn(`${message}; it is skipped (AllowOverride Nonfatal)`, { kind: 'not-allowed-here', at: 'name' });
  else here.fail(message, { kind: 'not-allowed-here', at: 'name' });
}

function contextOf(scope: Scope): Context {
  if (scope.enclosing.length > 0) return 'section';
  return scope.server.id === 0 ? 'server' : 'virtual-host';
}

function describeContexts(contexts: readonly Context[]): string {
  const words: Readonly<Record<Context, string>> = {
    server: 'outside every section',
    'virtual-host': 'in <VirtualHost>',
    section: 'in <Directory>, <Files> or <Location>',
  };
  return contexts.map((context) => words[context]).join(' or ');
}

function report(definition: Definition, here: Here, text: string): void {
  if (definition.refusedWhen?.pattern.test(text))
    here.fail(`not supported yet: ${definition.refusedWhen.doc}`, { kind: 'refused', at: 'arguments' });
  else if (definition.class === 'accepted' || definition.harmless?.test(text)) return;
  else if (definition.class === 'refused')
    here.fail(`not supported yet: ${definition.doc}`, { kind: 'refused', at: 'name' });
  else here.warn(`has no effect in modhost: ${definition.doc}`, { kind: 'no-effect', at: 'name' });
}
