/** Rules of mod_rewrite as plain data that survives a structured clone. Literal texts are byte strings. */

import type { Condition } from '../expressions/index.js';
import type { RewriteVariable } from './variables.js';

/** Where something stands in a site file; the same shape as the configuration's. */
export interface RulePosition {
  readonly file: string;
  readonly line: number;
}

/** What one section, or one server outside its sections, says. Absent: not said there. */
export interface RewriteSettings {
  readonly engine?: boolean;
  readonly options?: RewriteOptions;
  /** RewriteBase: a URL path that begins with `/`. */
  readonly base?: string;
  /** What is cut off file names before they are compared, with a slash at its end; '' in a server. */
  readonly directory: string;
  readonly rules: readonly RewriteRule[];
}

export const rewriteOptionNames = [
  'Inherit',
  'InheritBefore',
  'InheritDown',
  'InheritDownBefore',
  'IgnoreInherit',
  'AllowNoSlash',
  'AllowAnyURI',
  'MergeBase',
  'IgnoreContextInfo',
  'LegacyPrefixDocRoot',
  'LongURLOptimization',
] as const;

export type RewriteOption = (typeof rewriteOptionNames)[number];
export type RewriteOptions = readonly RewriteOption[];

/** RewriteRule with the RewriteConds before it. */
export interface RewriteRule {
  readonly pattern: RegExp;
  readonly negated: boolean;
  /** The pattern and the substitution as written, for logs. */
  readonly text: string;
  readonly conditions: readonly RewriteCondition[];
  /** Absent: `-`, nothing is put in its place. */
  readonly substitution?: Substitution;
  readonly flags: RuleFlags;
  readonly position: RulePosition;
}

export interface Substitution {
  readonly template: Template;
  /** A `?` stands in the text itself, and does not only come from what is put in. */
  readonly hasQuestionMark: boolean;
  /** The text up to the first thing that is put in. */
  readonly literalStart: string;
  /** With P: `scheme://host[:port]` that every result begins with; absent: the request has a say in it. */
  readonly fixedServer?: string;
}

export interface RuleFlags {
  /** What ends the rules, or sends them elsewhere in their list. */
  readonly last?: boolean;
  readonly end?: boolean;
  readonly chain?: boolean;
  /** Start over, at most so many times. */
  readonly nextRounds?: number;
  readonly skip?: number;
  readonly notInSubrequests?: boolean;
  /** What becomes of the result. */
  readonly status?: number;
  readonly passThrough?: boolean;
  readonly proxy?: boolean;
  readonly noEscape?: boolean;
  readonly escape?: BackreferenceEscape;
  readonly query?: 'append' | 'discard';
  readonly queryAtLast?: boolean;
  readonly discardPathInfo?: boolean;
  readonly allowQuestionMark?: boolean;
  readonly allowAnyPrefix?: boolean;
  /** What the request gets besides. */
  readonly environment?: readonly EnvironmentChange[];
  readonly cookies?: readonly Template[];
  readonly mediaType?: Template;
  /** In lower case, but for what follows `proxy:`. */
  readonly handler?: string;
}

/** B, BCTLS, BNE, BNP: how what a pattern caught is put in. */
export interface BackreferenceEscape {
  /** `all`: every byte but letters, digits and `_`; `controls`: blanks and control characters. */
  readonly which: 'all' | 'controls' | 'some';
  /** With `some`: these. */
  readonly characters: string;
  /** Never these. */
  readonly except: string;
  /** A blank becomes `+`, or else `%20`. */
  readonly plus: boolean;
}

/** `E=name:value`, `E=!name`. */
export interface EnvironmentChange {
  readonly name: Template;
  /** Absent: the variable is removed. */
  readonly value?: Template;
}

export interface RewriteCondition {
  /** Absent for `expr`. */
  readonly subject?: Template;
  readonly test: ConditionTest;
  readonly negated: boolean;
  /** It or the next one. */
  readonly orNext: boolean;
  /** The headers it reads are not told to caches. */
  readonly noVary: boolean;
  /** As written, for logs. */
  readonly text: string;
}

export type ConditionTest =
  | { readonly kind: 'pattern'; readonly pattern: RegExp }
  | {
      readonly kind: 'compare-texts';
      readonly operator: '<' | '>' | '=' | '<=' | '>=';
      readonly text: string;
      readonly caseless: boolean;
    }
  | { readonly kind: 'compare-numbers'; readonly operator: NumberOperator; readonly number: number }
  | { readonly kind: 'file'; readonly test: 'd' | 'f' | 's' | 'L' | 'x' }
  /** Whether somebody who asked for it would be let in. */
  | { readonly kind: 'reachable'; readonly what: LookAheadKind }
  | { readonly kind: 'expression'; readonly condition: Condition };

export type NumberOperator = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';

/** `url`: a path is looked ahead at as if it had been asked for; `file`: the name of a file. */
export type LookAheadKind = 'url' | 'file';

/** A text with things to put in. */
export type Template = readonly TemplatePart[];

export type TemplatePart =
  | { readonly kind: 'literal'; readonly text: string }
  /** `$1` of the rule's pattern, `%1` of the last condition that matched. */
  | { readonly kind: 'group'; readonly of: 'rule' | 'condition'; readonly number: number }
  | { readonly kind: 'variable'; readonly name: RewriteVariable }
  | { readonly kind: 'header' | 'environment' | 'tls'; readonly name: string }
  | { readonly kind: 'look-ahead'; readonly what: LookAheadKind; readonly name: RewriteVariable }
  | {
      readonly kind: 'map';
      readonly name: string;
      readonly key: Template;
      readonly fallback: Template;
    };

/** RewriteMap. */
export type RewriteMap =
  /** `path` absolute. `random`: a value is a list with `|`, of which one is taken. */
  | { readonly kind: 'text'; readonly path: string; readonly random: boolean }
  | { readonly kind: 'internal'; readonly name: 'toupper' | 'tolower' | 'escape' | 'unescape' };
