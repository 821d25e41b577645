import type { Context, Definition, DirectiveClass } from '../../definition.js';

/** Rows that share everything but their name. `harmless`: arguments with which nothing is missed. */
export function rows(
  module: string,
  directiveClass: Exclude<DirectiveClass, 'honoured'>,
  contexts: readonly Context[],
  doc: string,
  names: string,
  harmless?: RegExp,
): Definition[] {
  return names
    .split(/\s+/)
    .filter((name) => name !== '')
    .map((name) => ({
      name,
      module,
      contexts,
      arguments: '…',
      doc,
      class: directiveClass,
      ...(harmless === undefined ? {} : { harmless }),
    }));
}
