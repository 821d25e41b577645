import type { ParsedHead } from './answer-head.js';
import type { RefusalStatus } from './passage.js';

/** What comes of the bytes of an answer, in the order it came. Nothing follows `end` and `invalid`. */
export type AnswerPart =
  /** Of the head and the body. */
  | { readonly kind: 'output'; readonly bytes: Buffer }
  /** For the error log. */
  | { readonly kind: 'error-output'; readonly bytes: Buffer }
  /** The body is complete, but the other server may have more to say. */
  | { readonly kind: 'output-end' }
  /** The answer is complete. `fault`: the other server says that it could not do it. `note`: for the error log. */
  | { readonly kind: 'end'; readonly fault?: Fault; readonly note?: string }
  | { readonly kind: 'invalid'; readonly reason: string };

export interface Fault {
  readonly status: RefusalStatus;
  readonly reason: string;
}

/** A request in the bytes of a protocol; `body` and `end` are empty where the protocol says nothing there. */
export interface EncodedRequest {
  readonly kind: 'request';
  readonly head: Buffer;
  body(piece: Buffer): readonly Buffer[];
  readonly end: Buffer;
}

/** A protocol whose servers are told CGI's variables. */
export interface Dialect {
  /** How a request that fails before it is answered is answered. */
  readonly statuses: {
    readonly closed: RefusalStatus;
    readonly closedInHead: RefusalStatus;
    readonly lost: RefusalStatus;
    readonly silent: RefusalStatus;
    readonly invalid: RefusalStatus;
  };
  /** A short body is collected until its length is known; else one without a length is refused. */
  readonly collectsBody: boolean;
  /** The protocol says where an answer ends; else it ends with the connection. */
  readonly hasEnd: boolean;
  /** Connections serve several requests where the site file says so. */
  readonly mayKeep: boolean;
  /**
   * `variables` of byte strings: name, value, …, without CONTENT_LENGTH; `length` of the body in bytes. Or why it cannot be said.
   * `keeps`: the connection shall stay open.
   */
  encode(
    variables: readonly string[],
    length: number | undefined,
    keeps: boolean,
  ): EncodedRequest | { readonly kind: 'unsayable'; readonly reason: string };
  /** For one answer. */
  createReader(): AnswerReader;
  /** Where the empty line behind the head begins and ends; undefined: it has not come yet. It does not begin before `searchFrom`. */
  findHeadEnd(text: string, searchFrom: number): { readonly from: number; readonly to: number } | undefined;
  /** `text`: the lines of the head without the empty one. */
  parseHead(text: string): ParsedHead;
}

export interface AnswerReader {
  /** The bytes that came next. */
  take(bytes: Buffer): readonly AnswerPart[];
  /** Of what came, something is still here that is no part yet. */
  readonly hasRest: boolean;
}

/** Of a protocol whose answer is all that comes on the connection. */
export function readPlainly(): AnswerReader {
  return { take: (bytes) => [{ kind: 'output', bytes }], hasRest: false };
}
