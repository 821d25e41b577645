import type { AuthRequest } from './index.js';
import type { Witness } from './witness.js';

/** What is known while a decision is made. Absent: not known yet. Byte strings. */
export interface Facts {
  readonly method: string;
  readonly clientAddress: string;
  /** The server's end of the connection. */
  readonly localAddress: string;
  /** A variable of the request that SetEnvIf or its kin have set; the case of its name does not matter. */
  readonly environment: (name: string) => string | undefined;
  /** Absent: plain HTTP. */
  readonly tls?: NonNullable<AuthRequest['tls']>;
  /** What WSGIAccessScript says; 'fault': it could not be asked. */
  readonly scriptAccess?: 'granted' | 'denied' | 'fault';
  /** Answers `Require expr`. */
  readonly holds: AuthRequest['holds'];
  /** The name of the client's address that leads back to it; 'none': it has no such name; 'fault': it cannot be known. */
  readonly clientName?: { readonly name: string } | 'none' | 'fault';
  /** Addresses of the names that `Require forward-dns` speaks of; 'fault': they cannot be known. */
  readonly namedAddresses?: ReadonlyMap<string, readonly string[] | 'fault'>;
  /** Who has authenticated. */
  readonly user?: string;
  /** Groups of the user by AuthGroupFile; 'fault': they cannot be known. */
  readonly fileGroups?: ReadonlySet<string> | 'fault';
  /** Groups of the user by WSGIAuthGroupScript. */
  readonly scriptGroups?: ReadonlySet<string> | 'fault';
  /** Is told how each test went. */
  readonly witness?: Witness;
  /** Why something could not be known, for the error log. */
  readonly faults: readonly string[];
}

/** The answer depends on a fact that is not known yet: find it out and evaluate again. */
export type Question =
  | 'ask-access-script'
  | 'ask-client-name'
  | 'ask-named-addresses'
  | 'ask-group-file'
  | 'ask-group-script';

const questions: ReadonlySet<string> = new Set([
  'ask-access-script',
  'ask-client-name',
  'ask-named-addresses',
  'ask-group-file',
  'ask-group-script',
] satisfies Question[]);

/** Whether something that was to be decided has to wait for a fact. */
export function isQuestion(outcome: unknown): outcome is Question {
  return typeof outcome === 'string' && questions.has(outcome);
}

const noFaults: readonly string[] = [];

/** What a request says by itself. */
export function readFacts(request: AuthRequest, witness?: Witness): Facts {
  const { method, clientAddress, localAddress, environment, holds, tls } = request;
  const facts: Facts = { method, clientAddress, localAddress, environment, holds, faults: noFaults };
  if (tls === undefined && witness === undefined) return facts;
  return { ...facts, ...(tls && { tls }), ...(witness && { witness }) };
}
