import type { LookAheadKind, RewriteRule, RulePosition } from './model.js';
import type { Query } from './query.js';

/** What comes of a list of rules. Byte strings. */
export type RewriteOutcome =
  /** An answer of its own. */
  | { readonly kind: 'status'; readonly status: number; readonly effects: RewriteEffects }
  | {
      readonly kind: 'redirect';
      readonly status: number;
      /** A URL, or what a name in a directory has to be turned into one. */
      readonly target: string;
      readonly query: Query;
      readonly noEscape: boolean;
      readonly effects: RewriteEffects;
    }
  /** Another server answers. */
  | {
      readonly kind: 'proxied';
      /** Its URL without the query, decoded. */
      readonly target: string;
      readonly query: Query;
      /** The path is sent as it is. */
      readonly noEscape: boolean;
      readonly rule: RewriteRule;
      readonly effects: RewriteEffects;
    }
  /** Another path or file name. */
  | {
      readonly kind: 'rewritten';
      readonly target: string;
      readonly query: Query;
      readonly effects: RewriteEffects;
      /** The modules that map paths see it as if it had been asked for. */
      readonly passThrough: boolean;
      /** Made by a rule with B. */
      readonly isEscaped: boolean;
      /** The rule that made it may name a file outside the document root that begins so. */
      readonly mayBeginWith: (directory: string) => boolean;
    }
  | { readonly kind: 'unchanged'; readonly query: Query; readonly effects: RewriteEffects }
  /** Nobody knows: the request has to be refused. */
  | { readonly kind: 'fault'; readonly status: 403 | 500; readonly reason: string }
  /** Call again with a subject that can tell. */
  | { readonly kind: 'look-ahead'; readonly what: LookAheadKind; readonly path: string };

/** What rules do besides. */
export interface RewriteEffects {
  /** In order; undefined: removed. */
  readonly environment: readonly (readonly [name: string, value: string | undefined])[];
  /** Values of Set-Cookie. */
  readonly cookies: readonly string[];
  /** Headers that the answer depends on. */
  readonly vary: readonly string[];
  readonly mediaType?: string;
  readonly handler?: string;
  /** Of the rule that chose it. */
  readonly handlerPosition?: RulePosition;
  /** What was made holds what nobody should read: it is not to be shown. */
  readonly holdsSecret: boolean;
  /** Variables, in lower case, whose values hold such a thing. */
  readonly secretVariables: readonly string[];
  /** END. */
  readonly isEnd: boolean;
  readonly matched: readonly MatchedRule[];
}

/** A rule that matched, and what it made of what. */
export interface MatchedRule {
  readonly rule: RewriteRule;
  /** Both as they may be shown. */
  readonly before: string;
  readonly after: string;
}
