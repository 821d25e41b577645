import { toByteString } from '../http/index.js';
import type { RewriteCondition, RewriteOption, RewriteRule, RewriteSettings } from '../rewriting/index.js';
import type { Section } from './model.js';

/** What the Rewrite directives of a section, or of a server outside its sections, have said so far. */
export interface RewriteDraft {
  engine?: boolean;
  options?: readonly RewriteOption[];
  base?: string;
  readonly rules: RewriteRule[];
  /** For the rule that follows. */
  readonly conditions: RewriteCondition[];
}

export function createRewriteDraft(): RewriteDraft {
  return { rules: [], conditions: [] };
}

/** `head`: of the section; undefined for a server. */
export function buildRewriting(
  draft: RewriteDraft,
  head: Pick<Section, 'match' | 'argument'> | undefined,
): RewriteSettings {
  const { engine, options, base, rules } = draft;
  return {
    ...(engine === undefined ? {} : { engine }),
    ...(options === undefined ? {} : { options }),
    ...(base === undefined ? {} : { base }),
    directory: directoryOf(head),
    rules,
  };
}

/** What is cut off names before they are compared. Of a pattern it is the text, which no name begins with (as httpd). */
function directoryOf(head: Pick<Section, 'match' | 'argument'> | undefined): string {
  if (head === undefined) return '';
  const text = toByteString(head.match.kind === 'literal' ? head.match.text : head.argument);
  return text.endsWith('/') ? text : `${text}/`;
}
