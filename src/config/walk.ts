import type { Context, Definition } from './definition.js';
import type { Here, Scope } from './draft.js';
import type { Place } from './mistakes.js';
import { findNearest } from './nearest-name.js';
import type { Node } from './tree.js';

/** All definitions by lower-case name; sections with their bracket. */
export type DefinitionTable = ReadonlyMap<string, Definition>;

/** Carries out the directives of a tree in their order, each in the scope it stands in. Reports every mistake and goes on. */
export function walkNodes(nodes: readonly Node[], scope: Scope, table: DefinitionTable, parent = ''): void {
  for (const node of nodes) {
    const name = node.kind === 'section' ? `<${node.name}` : node.name;
    const shown = node.kind === 'section' ? `<${node.name}>` : node.name;
    const here = lookFrom(scope, node.place, shown);
    const definition = table.get(name.toLowerCase());
    if (definition === undefined) {
      here.fail(describeUnknown(name, node.kind, table));
      continue;
    }
    const misplaced = checkContext(definition, here, parent);
    if (misplaced !== undefined) {
      here.fail(misplaced);
      continue;
    }
    if (definition.class !== 'honoured') report(definition, here, node.text);
    else if (node.kind === 'directive') definition.apply?.(here, node.text);
    else definition.open?.(here, node.text, (inner) => walkNodes(node.children, inner, table, shown));
  }
}

function lookFrom(scope: Scope, place: Place, directive: string): Here {
  const { mistakes } = scope.draft;
  return {
    ...scope,
    place,
    directive,
    fail: (message) => mistakes.error(place, directive, message),
    warn: (message) => mistakes.warning(place, directive, message),
  };
}

function describeUnknown(name: string, kind: Node['kind'], table: DefinitionTable): string {
  const candidates = [...table.values()].map((definition) => definition.name);
  const fitting = candidates.filter((candidate) => candidate.startsWith('<') === (kind === 'section'));
  const what = kind === 'section' ? 'is not a known section' : 'is not a known directive';
  // A name can also be glued to its argument or stand without its bracket.
  const glued = candidates.find(
    (candidate) =>
      candidate.length > 6 &&
      name.toLowerCase().startsWith(candidate.toLowerCase()) &&
      !/^\w/.test(name.slice(candidate.length)),
  );
  if (glued !== undefined) return `${what}; expected a blank after ${glued}`;
  const bracketed = table.get(`<${name.toLowerCase()}`);
  if (bracketed !== undefined) return `${what}; did you mean '${bracketed.name}>'?`;
  const nearest = findNearest(name, fitting);
  if (nearest === undefined) return what;
  return `${what}; did you mean '${kind === 'section' ? `${nearest}>` : nearest}'?`;
}

function checkContext(definition: Definition, here: Here, parent: string): string | undefined {
  // In <RequireAll> and its kin nothing else has a meaning.
  if (here.container !== undefined && !/^(<require(all|any|none)|require)$/i.test(definition.name))
    return `not allowed in ${parent}; expected Require, <RequireAll>, <RequireAny> or <RequireNone>`;
  if (here.limit !== undefined && /^<(?!require(all|any|none)$)/i.test(definition.name))
    return `not allowed in ${parent}; expected it outside`;
  const context = contextOf(here);
  if (definition.contexts.includes(context)) return undefined;
  const place = parent === '' ? 'outside every section' : `in ${parent}`;
  return `not allowed ${place}; expected it ${describeContexts(definition.contexts)}`;
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
    here.fail(`not supported yet: ${definition.refusedWhen.doc}`);
  else if (definition.class === 'accepted' || definition.harmless?.test(text)) return;
  else if (definition.class === 'refused') here.fail(`not supported yet: ${definition.doc}`);
  else here.warn(`has no effect in modhost: ${definition.doc}`);
}
