import type { HeaderList } from '../http/index.js';
import { type OutgoingRequest, type Runtime, type SharedPairs, sharePairs } from '../proxy/index.js';
import {
  addUser,
  describeConnection,
  describeRequest,
  headerVariables,
  listFacts,
  pairsOf,
  passedHeaders,
  type ScriptFacts,
  urlBelowMount,
} from './environ.js';
import type { Exchange, SelfName } from './exchange.js';
import type { ConnectionFacts } from './request-record.js';
import type { Presented } from './trusted-headers.js';

/** What of a message to a daemon process says what the request is. */
export type EnvironParts = Required<
  Pick<OutgoingRequest, 'environ' | 'facts' | 'shared' | 'headers' | 'sharedHeaders'>
>;

/** The script, as far as it matters for one request. `shared`: what the environ says of it and of the server. */
export interface CalledScript extends Pick<ScriptFacts, 'scriptName' | 'pathInfo' | 'passAuthorization'> {
  readonly runtime: Runtime;
  readonly shared: SharedPairs;
}

/**
 * The environ as `buildEnviron` has it, in parts: what is likely to be the same for the next request is joined, checked and kept. Of pairs
 * with one name the later counts, so that no variable of a request can replace what the server says. Node callables get the headers as they were sent.
 */
export function buildEnvironParts(
  exchange: Exchange,
  script: CalledScript,
  { headers, variables }: Presented,
): EnvironParts {
  const connection = shareConnection(exchange);
  const fields = shareHeaders(exchange.record.connection, headers, script);
  const own = exchange.environment.toList();
  // What comes before the connection's part, and what wins over it, cannot be where nothing else is told of the request.
  const isPlain = own.length === 0 && variables.length === 0;
  const environ = isPlain
    ? []
    : [...own, ...connection.pairs, ...describeRequest(exchange, script), ...variables];
  if (isPlain) addUser(environ, exchange);
  if (script.runtime === 'node') environ.push('modhost.url', urlBelowMount(exchange, script));
  const facts = isPlain ? listFacts(exchange, script) : undefined;
  if (script.runtime === 'node') {
    const shared = isPlain ? [connection, script.shared] : [script.shared];
    return { environ, facts, shared, headers: noPairs, sharedHeaders: fields };
  }
  const shared = isPlain ? [connection, fields, script.shared] : [fields, script.shared];
  return { environ, facts, shared, headers: noPairs, sharedHeaders: undefined };
}

/** The same, with nothing of the environ that would be shared with other requests. */
export function joinParts(parts: EnvironParts): EnvironParts {
  const { environ, facts, shared } = parts;
  const named = facts === undefined ? [] : pairsOf(facts);
  const pairs = [...environ, ...named, ...shared.flatMap((part) => part.pairs)];
  return { ...parts, environ: pairs, facts: undefined, shared: [] };
}

const noPairs: readonly string[] = [];

interface KnownConnection {
  readonly clientAddress: string;
  readonly self: SelfName;
  readonly shared: SharedPairs;
}

/** Of the last request of each connection. */
const knownConnections = new WeakMap<ConnectionFacts, KnownConnection>();

function shareConnection(exchange: Exchange): SharedPairs {
  const { clientAddress, record, selfName } = exchange;
  const { connection } = record;
  const known = knownConnections.get(connection);
  if (
    known !== undefined &&
    known.clientAddress === clientAddress &&
    known.self.name === selfName.name &&
    known.self.port === selfName.port
  )
    return known.shared;
  const shared = sharePairs(describeConnection(exchange));
  knownConnections.set(connection, { clientAddress, self: selfName, shared });
  return shared;
}

interface KnownHeaders {
  readonly headers: HeaderList;
  readonly runtime: Runtime;
  readonly passAuthorization: boolean;
  readonly shared: SharedPairs;
}

/** Of the last request of each connection: clients send mostly the same fields with each of their requests. */
const knownHeaders = new WeakMap<ConnectionFacts, KnownHeaders>();
/** Bytes; whoever has many connections shall not fill the memory with long headers. */
const longestKnown = 4_096;

/** What a callable gets of the headers: as variables for Python, as they were sent for Node. */
function shareHeaders(
  connection: ConnectionFacts,
  headers: HeaderList,
  { passAuthorization, runtime }: CalledScript,
): SharedPairs {
  const known = knownHeaders.get(connection);
  if (
    known !== undefined &&
    known.runtime === runtime &&
    known.passAuthorization === passAuthorization &&
    isSameList(known.headers, headers)
  )
    return known.shared;
  const shared = sharePairs(
    runtime === 'python'
      ? headerVariables(headers, passAuthorization)
      : passedHeaders(headers, passAuthorization),
  );
  if (countBytes(headers) <= longestKnown)
    knownHeaders.set(connection, { headers, runtime, passAuthorization, shared });
  return shared;
}

function isSameList(one: HeaderList, other: HeaderList): boolean {
  if (one === other) return true;
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}

function countBytes(headers: HeaderList): number {
  let bytes = 0;
  for (const text of headers) bytes += text.length;
  return bytes;
}
