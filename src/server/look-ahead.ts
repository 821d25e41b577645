import type { LookAhead, LookAheadKind } from '../rewriting/index.js';
import { Exchange } from './exchange.js';
import { isThere } from './find-index.js';
import type { Reply, RequestRecord } from './request-record.js';
import { readVariable } from './rewrite-subject.js';
import type { Refusal } from './site.js';

/** Goes the way of a path as far as it is settled who may enter. */
export type DecidePath = (
  exchange: Exchange,
  path: string,
  isSubrequest: boolean,
  /** In the place of what the path would be mapped to. */
  filename?: string,
) => Decision | Promise<Decision>;

type Decision = Refusal | { readonly kind: 'decided' };

const nothing: LookAhead = { isReachable: false, variable: () => '' };

/** What a GET of the same client for another path, or for a file in the place of this one, would meet. Nothing is answered or logged. */
export async function lookAhead(
  exchange: Exchange,
  what: LookAheadKind,
  target: string,
  decide: DecidePath,
): Promise<LookAhead> {
  const { path = '/', lookAheadDepth } = exchange;
  // A look ahead that looks ahead again would hardly end.
  if (lookAheadDepth > 0 || !target.startsWith('/')) return nothing;
  const ahead = beginLookAhead(exchange);
  const decided =
    what === 'url' ? await decide(ahead, target, true) : await decide(ahead, path, true, target);
  const isReachable = decided.kind !== 'refusal' || decided.status < 400;
  // A name that was offered with a wrong password is nobody's.
  if (!isReachable) ahead.user = undefined;
  const mapping = ahead.route?.mapping;
  const isFile = mapping !== undefined && isThere(mapping);
  return {
    isReachable: isReachable && (what === 'url' || isFile),
    variable: (name) => {
      const { filename = '', pathInfo = '' } = ahead.route?.accessed ?? {};
      switch (name) {
        case 'QUERY_STRING':
          return ahead.query;
        case 'PATH_INFO':
          return pathInfo;
        case 'REQUEST_FILENAME':
        case 'SCRIPT_FILENAME':
          return filename;
        default:
          return readVariable(ahead, name, { isSubrequest: true });
      }
    },
  };
}

/** An exchange that nobody sees: a GET of the same client. */
export function beginLookAhead(exchange: Exchange): Exchange {
  const { virtualHost, host, headers, path, query, lookAheadDepth, rewriteHoldsSecret, secretVariables } =
    exchange;
  const ahead = new Exchange(silence(exchange.record), exchange.site);
  Object.assign(ahead, { virtualHost, host, headers, path, query, lookAheadDepth: lookAheadDepth + 1 });
  Object.assign(ahead, { rewriteHoldsSecret, secretVariables });
  ahead.environment.addList(exchange.environment.toList());
  return ahead;
}

/** The same request, to be answered to nobody. */
function silence(record: RequestRecord): RequestRecord {
  return { ...record, method: 'GET', reply: silentReply };
}

const silentReply: Reply = {
  start: () => {},
  inform: () => {},
  switchProtocol: () => {
    throw new Error('a look ahead answers nobody');
  },
  write: () => true,
  writeText: () => true,
  onDrain: () => {},
  end: () => {},
  cut: () => {},
  closeConnection: () => {},
  setTimeout: () => {},
  isStarted: false,
  status: 0,
  sentHeaders: [],
  bodyBytes: 0,
  firstByteAt: undefined,
  onClosed: () => {},
  willClose: false,
};
