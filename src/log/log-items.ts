import type { AccessRecord } from './access-record.js';
import { escapeLogItem } from './escape.js';
import { compileTimeFormat, findTimeFormatProblem } from './time-format.js';

/** The statuses for which an item is logged; with `negated`, those for which it is not. */
export interface StatusFilter {
  readonly codes: readonly number[];
  readonly negated: boolean;
}

/** The text of one `%` directive for one request; undefined is logged as `-`. */
export type LogItemText = (record: AccessRecord) => string | number | undefined;

interface LogItem {
  /** The texts allowed between braces; absent: any. */
  readonly choices?: readonly string[];
  compile(argument: string, which: 'original' | 'final' | undefined): LogItemText;
}

/** Undefined, or what is wrong with `%{argument}code`, as the end of a sentence that names it. */
export function findLogItemProblem(code: string, argument: string): string | undefined {
  const item = logItems[code];
  if (!item) return 'there is no such directive';
  if (item.choices && !item.choices.includes(argument))
    return `expected one of ${item.choices.filter(Boolean).join(', ')} between the braces`;
  return code === 't' ? findTimeFormatProblem(argument) : undefined;
}

/** For codes that `findLogItemProblem` finds nothing wrong with. */
export function compileLogItem(
  code: string,
  argument: string,
  which: 'original' | 'final' | undefined,
): LogItemText {
  const item = logItems[code];
  if (!item) throw new Error(`no log item %${code}`);
  return item.compile(argument, which);
}

/** Everything that a client or an application can influence goes through `escaped`. */
const logItems: Readonly<Record<string, LogItem>> = {
  // The connection
  a: choose({
    '': (record) => escaped(record.clientAddress),
    c: (record) => escaped(record.peerAddress),
  }),
  h: choose({
    '': (record) => escaped(record.clientAddress),
    c: (record) => escaped(record.peerAddress),
  }),
  A: plain((record) => escaped(record.localAddress)),
  p: choose({
    '': (record) => record.canonicalPort,
    canonical: (record) => record.canonicalPort,
    local: (record) => record.localPort,
    remote: (record) => record.peerPort,
  }),
  k: plain((record) => record.keepAliveIndex),
  X: plain((record) => ({ aborted: 'X', kept: '+', closed: '-' })[record.connection]),
  P: choose({
    '': (record) => record.pid,
    pid: (record) => record.pid,
    tid: (record) => record.pid,
    hextid: (record) => record.pid.toString(16),
  }),

  // The request
  l: plain(() => undefined),
  u: plain((record) => (record.user === '' ? '""' : escaped(record.user))),
  r: plain((record) => escaped(maskPassword(record.requestLine))),
  m: plain((record) => escaped(record.method)),
  U: plain((record) => escaped(record.path)),
  q: plain((record) => (record.query === undefined ? '' : escaped(`?${record.query}`))),
  H: plain((record) => escaped(record.protocol)),
  v: plain((record) => escaped(record.serverName)),
  V: plain((record) => escaped(record.canonicalName)),
  f: plain((record) => escaped(record.filename)),
  R: plain((record) => escaped(record.handler)),
  L: plain((record) => escaped(record.logId)),
  i: named((record, name) => record.requestHeader(name)),
  '^ti': named((record, name) => record.requestTrailer?.(name)),
  C: named((record, name) => findCookie(record.requestHeader('cookie'), name)),
  e: named((record, name) => record.environment(name)),
  n: named((record, name) => record.note?.(name)),
  x: named((record, name) => record.tlsVariable?.(name)),
  c: named((record, name) => record.tlsVariable?.(name)),

  // The answer
  s: {
    compile: (_, which) =>
      which === 'final' ? (record) => record.status : (record) => record.originalStatus ?? record.status,
  },
  b: plain((record) => (record.bodyBytesSent === 0 ? undefined : record.bodyBytesSent)),
  B: plain((record) => record.bodyBytesSent),
  I: plain((record) => record.bytesReceived),
  O: plain((record) => record.bytesSent),
  S: plain((record) => record.bytesReceived + record.bytesSent),
  o: named((record, name) => record.responseHeader(name)),
  '^to': named((record, name) => record.responseTrailer?.(name)),

  // Time
  t: { compile: (argument) => compileTimeFormat(argument) },
  D: plain((record) => Math.round(record.durationUs)),
  T: choose({
    '': (record) => Math.floor(record.durationUs / 1_000_000),
    s: (record) => Math.floor(record.durationUs / 1_000_000),
    ms: (record) => Math.floor(record.durationUs / 1_000),
    us: (record) => Math.round(record.durationUs),
  }),
  '^FB': plain((record) =>
    record.timeToFirstByteUs === undefined ? undefined : Math.round(record.timeToFirstByteUs),
  ),
};

function plain(text: LogItemText): LogItem {
  return { compile: () => text };
}

function choose(texts: Readonly<Record<string, LogItemText>>): LogItem {
  return {
    choices: Object.keys(texts),
    compile: (argument) => texts[argument] ?? (() => undefined),
  };
}

function named(look: (record: AccessRecord, name: string) => string | undefined): LogItem {
  return { compile: (argument) => (record) => escaped(look(record, argument)) };
}

function escaped(text: string | undefined): string | undefined {
  return text === undefined ? undefined : escapeLogItem(text);
}

/** `GET http://user:secret@host/ HTTP/1.1`: a password in a log would outlive the request. */
function maskPassword(requestLine: string | undefined): string | undefined {
  if (!requestLine?.includes('@')) return requestLine;
  return requestLine.replace(/^(\S+ [a-z][a-z\d+.-]*:\/\/[^\s/:@?#]*):[^\s/?#]*@/i, '$1:XXXXXXXX@');
}

function findCookie(header: string | undefined, name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (const pair of header?.split(';') ?? []) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim().toLowerCase() === wanted)
      return pair.slice(equals + 1).trim();
  }
  return undefined;
}
