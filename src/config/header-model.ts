/** Types of the configuration, entered by model.ts. Header and RequestHeader. */

import type { Condition, Text as ExpressionText } from '../expressions/index.js';
import type { Position } from './model.js';

/** Header, RequestHeader: one change to the fields of a message. */
export interface HeaderRule {
  readonly change: HeaderChange;
  /** `always`: also to what the server says itself, errors and redirects. Of RequestHeader: no difference. */
  readonly table: 'always' | 'onsuccess';
  readonly condition?: HeaderCondition;
  readonly position: Position;
}

/** Names as written, checked to be names of fields. */
export type HeaderChange =
  | {
      readonly action: 'set' | 'setifempty' | 'append' | 'merge' | 'add';
      readonly name: string;
      readonly value: HeaderValue;
    }
  | { readonly action: 'unset'; readonly name: string }
  /** `edit*` is everywhere; `edit` once per value. The value may hold `$0` … `$9`. */
  | {
      readonly action: 'edit' | 'edit*';
      readonly name: string;
      readonly pattern: RegExp;
      readonly value: HeaderValue;
    }
  /** Copies request fields with such names into the response. */
  | { readonly action: 'echo'; readonly pattern: RegExp }
  /** Copies the value of a response field where %{note:…} and the log's %{…}n find it. */
  | { readonly action: 'note'; readonly name: string; readonly note: string };

export type HeaderCondition =
  /** `env=NAME` / `env=!NAME` */
  | { readonly kind: 'variable'; readonly variable: string; readonly negated: boolean }
  /** `expr=…` */
  | { readonly kind: 'expression'; readonly condition: Condition };

/** The value of a field: an expression, or literal texts (byte strings) and `%…` one behind the other. */
export type HeaderValue =
  | { readonly kind: 'expression'; readonly text: ExpressionText }
  | { readonly kind: 'format'; readonly parts: readonly HeaderValuePart[] };

export type HeaderValuePart =
  | string
  /** `%t`: microseconds since the epoch when the request came in; `%D`: microseconds since then; `%l`: the load of the machine. */
  | { readonly kind: 'started' | 'duration' | 'load' }
  /** `%{NAME}e`, and `%{NAME}s` of the TLS connection. */
  | { readonly kind: 'variable' | 'tls-variable'; readonly name: string };
