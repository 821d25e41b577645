import type { EnvironmentAttribute, EnvironmentRule } from '../config/model.js';
import { evaluateCondition } from '../expressions/index.js';
import { execBounded, substituteGroups, testBounded } from '../matching/index.js';
import type { Exchange } from './exchange.js';
import { createSubject, joinedHeader } from './expression-subject.js';
import { type Refusal, refuse } from './site.js';

/**
 * SetEnvIf and its kin, one after the other. An expression that cannot be evaluated refuses the request: an access rule may
 * depend on what it would have set.
 */
export function applyEnvironmentRules(
  exchange: Exchange,
  rules: readonly EnvironmentRule[],
): Refusal | undefined {
  for (const { test, changes, position } of rules) {
    const groups =
      test.kind === 'pattern'
        ? execBounded(test.pattern, readAttribute(exchange, test.attribute))
        : evaluate(exchange, test.condition);
    if (typeof groups === 'string') {
      const { file, line } = position;
      return refuse(500, 'setenvif', `the expression at ${file}:${line} cannot be evaluated: ${groups}`);
    }
    if (groups !== null) change(exchange, changes, groups);
  }
  obeyEnvironment(exchange);
  return undefined;
}

/** `nokeepalive` is for the server itself. */
export function obeyEnvironment({ environment, record }: Exchange): void {
  if (environment.get('nokeepalive') !== undefined) record.reply.closeConnection();
}

/** The groups of its last pattern if it holds, null if it does not, or why nobody knows. */
function evaluate(
  exchange: Exchange,
  condition: Extract<EnvironmentRule['test'], { kind: 'expression' }>['condition'],
): readonly string[] | null | string {
  const evaluation = evaluateCondition(condition, createSubject(exchange));
  if (evaluation.kind === 'fault') return evaluation.reason;
  return evaluation.holds ? evaluation.groups : null;
}

function change(
  { environment }: Exchange,
  changes: EnvironmentRule['changes'],
  groups: readonly (string | undefined)[],
): void {
  for (const { name, value } of changes) {
    if (value === undefined) environment.unset(name);
    else environment.set(name, substituteGroups(value, groups));
  }
}

/** What is missing is an empty text. */
function readAttribute(exchange: Exchange, attribute: EnvironmentAttribute): string {
  const { environment } = exchange;
  switch (attribute.kind) {
    case 'request':
      return readRequest(exchange, attribute.name);
    case 'header':
      return joinedHeader(exchange.headers, attribute.name) ?? environment.get(attribute.name) ?? '';
    case 'headers':
      return exchange.headers
        .filter((_, at) => at % 2 === 1 && testBounded(attribute.pattern, exchange.headers[at - 1] as string))
        .join(', ');
  }
}

function readRequest(
  { clientAddress, method, path, record, user }: Exchange,
  name: Extract<EnvironmentAttribute, { kind: 'request' }>['name'],
): string {
  switch (name) {
    case 'remote_addr':
    case 'remote_host':
      return clientAddress;
    case 'remote_user':
      return user ?? '';
    case 'request_method':
      return method;
    case 'request_protocol':
      return `HTTP/${record.httpVersion}`;
    case 'request_uri':
      return path ?? '';
    case 'server_addr':
      return record.connection.localAddress;
  }
}
