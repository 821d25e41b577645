import type { Condition, Evaluation } from '../expressions/index.js';
import type { LookAheadKind, RewriteMap } from './model.js';
import type { RewriteVariable } from './variables.js';

/** The variables that rules themselves change. */
export type ChangingVariable = 'PATH_INFO' | 'QUERY_STRING' | 'REQUEST_FILENAME' | 'SCRIPT_FILENAME';

/** What rules may ask about a request. Byte strings; undefined counts as empty. */
export interface RewriteSubject {
  variable(name: Exclude<RewriteVariable, ChangingVariable>): string | undefined;
  /** Several fields of one name are joined by `, `. */
  requestHeader(name: string): string | undefined;
  environment(name: string): string | undefined;
  /** Of mod_ssl. */
  tlsVariable(name: string): string | undefined;
  /** `http://name[:port]` as the server calls itself. */
  origin(): string;
  /** Whether a URL with that host and port (0: none given) leads to the server that was asked. */
  isOwnUrl(scheme: string, host: string, port: number): boolean;
  /** The URL path of a file name in a directory whose rules these are. */
  toUrlPath(name: string): string | undefined;
  map(name: string): RewriteMap | undefined;
  /** `onHeader` is told of each request header that is read. */
  evaluate(condition: Condition, onHeader: (name: string) => void): Evaluation;
  /** What a request for the path would meet; undefined: not known yet. */
  lookAhead(what: LookAheadKind, path: string): LookAhead | undefined;
  /** Levels 1 to 8 of LogLevel rewrite:trace…; absent: nobody listens. */
  readonly trace?: (level: 1 | 2 | 3 | 4, text: string) => void;
}

export interface LookAhead {
  /** Somebody who asked for it would be let in; for a file: it exists, too. */
  readonly isReachable: boolean;
  variable(name: RewriteVariable): string | undefined;
}

/** What the rules are about to change. */
export interface RewriteRequest {
  /** In a server: the path. In a directory: the file name as far as it exists. */
  readonly name: string;
  /** In a directory: what follows the name. */
  readonly pathInfo: string;
  readonly query: string;
  /** Of an index or a look ahead. */
  readonly isSubrequest: boolean;
  /** Earlier rules made the name, or the query, of what nobody should read. */
  readonly holdsSecret?: boolean;
  /** Variables, in lower case, that earlier rules put such a thing in. */
  readonly secretVariables?: readonly string[];
}
