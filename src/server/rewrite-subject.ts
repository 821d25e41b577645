import { evaluateCondition, isClockName, readServerVariable, tellTime } from '../expressions/index.js';
import type { LookAhead, RewriteSubject, RewriteVariable } from '../rewriting/index.js';
import type { Exchange } from './exchange.js';
import { createSubject, joinedHeader } from './expression-subject.js';

/** What is known besides the exchange when rules are asked. */
export interface RewriteContext {
  /** An index, or a look ahead. */
  readonly isSubrequest: boolean;
  /** What looks ahead have found, by `kind:path`. */
  readonly seenAhead: ReadonlyMap<string, LookAhead>;
  toUrlPath(name: string): string | undefined;
}

/** What rules see of a request. */
export function createRewriteSubject(exchange: Exchange, context: RewriteContext): RewriteSubject {
  const subject = createSubject(exchange);
  return {
    variable: (name) => readVariable(exchange, name, context),
    requestHeader: (name) => joinedHeader(exchange.headers, name),
    environment: (name) => exchange.environment.get(name) ?? readServerVariable(name),
    tlsVariable: (name) => exchange.tlsVariable(name),
    origin: () => exchange.origin,
    isOwnUrl: (scheme, host, port) => isOwnUrl(exchange, scheme, host, port),
    toUrlPath: context.toUrlPath,
    map: (name) => exchange.virtualHost.rewriteMaps?.get(name),
    evaluate: (condition, onHeader) =>
      evaluateCondition(condition, {
        ...subject,
        noteRead: onHeader,
      }),
    lookAhead: (what, path) => context.seenAhead.get(`${what}:${path}`),
    trace: (level, text) => exchange.log(`trace${level}`, 'rewrite', text),
  };
}

/** Everything that `%{NAME}` knows, where no rule has changed it. */
export function readVariable(
  exchange: Exchange,
  name: RewriteVariable,
  { isSubrequest }: Pick<RewriteContext, 'isSubrequest'>,
): string | undefined {
  if (isClockName(name)) return tellTime(name, new Date());
  switch (name) {
    case 'IS_SUBREQ':
      return String(isSubrequest);
    case 'SERVER_ADDR':
      return exchange.record.connection.localAddress;
    default:
      return createSubject(exchange).variable(name);
  }
}

/** Only a name that the site file gives a port makes a URL to itself a path (as httpd). */
function isOwnUrl({ virtualHost, origin }: Exchange, scheme: string, host: string, port: number): boolean {
  const { serverName, serverAliases } = virtualHost;
  const wanted = port === 0 ? (scheme === 'https' ? 443 : 80) : port;
  if (serverName?.port !== wanted || !origin.startsWith(`${scheme}://`)) return false;
  const name = host.toLowerCase();
  return serverName.host === name || serverAliases.includes(name);
}
