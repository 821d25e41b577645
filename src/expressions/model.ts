/** Parsed expressions: plain data that survives a structured clone. Literal texts are byte strings. */

import type { AddressRange } from '../matching/index.js';
import type { FunctionName, VariableName } from './names.js';

export type Condition =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'not'; readonly condition: Condition }
  | { readonly kind: 'every' | 'any'; readonly conditions: readonly Condition[] }
  /** Byte by byte. */
  | {
      readonly kind: 'compare-texts';
      readonly operator: Comparison;
      readonly left: Text;
      readonly right: Text;
    }
  /** A text counts as the whole number that it begins with, or 0. */
  | {
      readonly kind: 'compare-numbers';
      readonly operator: Comparison;
      readonly left: Text;
      readonly right: Text;
    }
  /** Leaves its groups behind for `$0` … `$9`. */
  | { readonly kind: 'pattern'; readonly subject: Text; readonly pattern: RegExp }
  | { readonly kind: 'one-of'; readonly subject: Text; readonly texts: readonly Text[] }
  | { readonly kind: 'address'; readonly subject: Text; readonly range: AddressRange }
  | {
      readonly kind: 'wildcard';
      readonly subject: Text;
      readonly wildcard: Text;
      /** `path`: no wildcard matches `/`. */
      readonly how: 'text' | 'caseless-text' | 'path';
    }
  | { readonly kind: 'test'; readonly test: TestName; readonly operand: Text };

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** The letters of the tests: `-d`, `-e`, … */
export type TestName = 'd' | 'e' | 'f' | 's' | 'L' | 'h' | 'x' | 'n' | 'z' | 'T';

export type Text =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'variable'; readonly name: VariableName }
  /** `SSL_…`: what mod_ssl knows of the connection. */
  | { readonly kind: 'tls-variable'; readonly name: string }
  | { readonly kind: 'function'; readonly name: FunctionName; readonly argument: Text }
  /** `$0` … `$9` of the last pattern that was tried. */
  | { readonly kind: 'group'; readonly number: number }
  | { readonly kind: 'joined'; readonly texts: readonly Text[] };
