import type { Place } from './mistakes.js';

/** A directive as it was read: variables expanded, arguments not yet split. */
export interface DirectiveNode {
  readonly kind: 'directive';
  readonly name: string;
  readonly text: string;
  readonly place: Place;
}

/** A section: `name` without its bracket, `text` without the closing one. `place` is that of the opening line. */
export interface SectionNode {
  readonly kind: 'section';
  readonly name: string;
  readonly text: string;
  readonly place: Place;
  readonly children: Node[];
}

export type Node = DirectiveNode | SectionNode;
