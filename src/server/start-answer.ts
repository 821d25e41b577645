import { type HeaderList, headerValue, headerValues, withoutHeader } from '../http/index.js';
import { addExpiry } from './add-expiry.js';
import type { Exchange } from './exchange.js';
import { createSubject } from './expression-subject.js';
import { applyHeaderRules, type HeaderFacts } from './header-rules.js';
import { RecentObjects } from './recent-objects.js';

export interface AnswerHead {
  readonly status: number;
  /** '' for the usual one. */
  readonly reason: string;
  /** Without Server. */
  readonly headers: HeaderList;
  /** Server, where another one answers; absent: this one. */
  readonly server?: string;
  /** The media type of a file, where the headers do not tell it: 304. */
  readonly type?: string;
}

export type Started =
  | { readonly kind: 'started' }
  /** Nothing has been sent. */
  | { readonly kind: 'fault'; readonly reason: string };

/**
 * Starts the answer of a file, an application or another server: what was kept for it, what it says, and what Header makes of both.
 * Every answer goes through here or through startOwnPage.
 */
export function startAnswer(
  exchange: Exchange,
  { status, reason, headers, server, type }: AnswerHead,
): Started {
  const { authInfo, earlyAnswer, errorHeaders, headersRead, settings } = exchange;
  const rules = settings.responseHeaders;
  const always = joinLists(earlyAnswer.always, errorHeaders);
  const proof = authInfo === undefined ? noFields : ['Authentication-Info', authInfo];
  const dated = addExpiry(settings, exchange.errorStatus ?? status, headers, type);
  const kept = joinLists(earlyAnswer.onsuccess, varyBy(headersRead));
  const onSuccess = joinLists(joinLists(kept, proof), dated);
  if (rules === undefined || rules.length === 0)
    return send(exchange, status, reason, always, onSuccess, server);
  // Header always changes what was kept, Header the rest; each sees both.
  const changedAlways = applyHeaderRules(
    rules.filter(({ table }) => table === 'always'),
    always,
    factsOf(exchange, status, (kept) => [...onSuccess, ...kept]),
  );
  if (changedAlways.kind === 'fault') return describeFault(changedAlways);
  const changed = applyHeaderRules(
    rules.filter(({ table }) => table === 'onsuccess'),
    onSuccess,
    factsOf(exchange, status, (fields) => [...fields, ...changedAlways.headers]),
  );
  if (changed.kind === 'fault') return describeFault(changed);
  // What the conditions of Header itself have read.
  const readSince = exchange.headersRead.filter((name) => !headersRead.includes(name));
  return send(
    exchange,
    status,
    reason,
    changedAlways.headers,
    joinLists(changed.headers, varyBy(readSince)),
    server,
  );
}

/** Starts a page that the server itself wrote: only `Header always` has a say, and what the page says stays. */
export function startOwnPage(
  exchange: Exchange,
  { status, reason, headers }: AnswerHead,
  how: 'with-rules' | 'without-rules' = 'with-rules',
): Started {
  const { earlyAnswer, settings } = exchange;
  if (how === 'without-rules') return send(exchange, status, reason, [], headers);
  const said = [...earlyAnswer.always, ...addExpiry(settings, status, headers)];
  const added = applyHeaderRules(
    (settings.responseHeaders ?? []).filter(({ table }) => table === 'always'),
    [],
    factsOf(exchange, status, (fields) => [...said, ...fields]),
  );
  if (added.kind === 'fault') return describeFault(added);
  return send(exchange, status, reason, added.headers, said);
}

/** Vary, for an answer that these headers of the request had a say in. */
export function varyBy(headersRead: readonly string[]): HeaderList {
  return headersRead.length === 0 ? noFields : ['Vary', headersRead.join(',')];
}

function factsOf(exchange: Exchange, status: number, seen: (fields: HeaderList) => HeaderList): HeaderFacts {
  return {
    // A part of a file is made of the whole answer, which Header sees (as in httpd).
    subject: (fields) =>
      createSubject(exchange, { status: status === 206 ? 200 : status, responseHeaders: seen(fields) }),
    startedAt: exchange.record.startedAt,
    requestHeaders: exchange.headers,
    keepNote: (name, value) => exchange.notes.set(name.toLowerCase(), value),
    trace: exchange.site.trace,
  };
}

function describeFault(fault: Extract<ReturnType<typeof applyHeaderRules>, { kind: 'fault' }>): Started {
  const { file, line } = fault.rule.position;
  return { kind: 'fault', reason: `Header at ${file}:${line}: ${fault.reason}` };
}

function send(
  { record, site }: Exchange,
  status: number,
  reason: string,
  first: HeaderList,
  second: HeaderList,
  server = site.software,
): Started {
  const { reply } = record;
  const { headers, closes } = finishHeaders(server, first, second);
  // Whether the connection stays is the listener's to say; the wish that it does not is heard.
  if (closes) reply.closeConnection();
  reply.start(status, reason, headers);
  return started;
}

/** What is handed to the listener. */
interface FinishedHeaders {
  readonly server: string;
  readonly headers: HeaderList;
  readonly closes: boolean;
}

/** Of answers that nothing of the server's own goes out with. */
const recentHeaders = new RecentObjects<HeaderList, FinishedHeaders>(8);

function finishHeaders(server: string, first: HeaderList, second: HeaderList): FinishedHeaders {
  if (first.length > 0) return joinHeaders(server, first, second);
  const known = recentHeaders.find(second);
  if (known !== undefined && known.server === server) return known;
  const made = joinHeaders(server, first, second);
  recentHeaders.keep(second, made);
  return made;
}

function joinHeaders(server: string, first: HeaderList, second: HeaderList): FinishedHeaders {
  // There is only one media type.
  const rest =
    headerValue(first, 'content-type') === undefined ? second : withoutHeader(second, 'content-type');
  const all = ['Server', server, ...first, ...rest];
  const wishes = headerValues(all, 'connection');
  const closes = wishes.some((value) => /(?:^|,)\s*close\s*(?:,|$)/i.test(value));
  return { server, headers: wishes.length === 0 ? all : withoutHeader(all, 'connection'), closes };
}

const started: Started = { kind: 'started' };
const noFields: HeaderList = [];

/** Mostly one of them is empty. */
function joinLists(first: HeaderList, second: HeaderList): HeaderList {
  if (first.length === 0) return second;
  return second.length === 0 ? first : [...first, ...second];
}
