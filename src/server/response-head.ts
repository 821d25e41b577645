import {
  addDefaultCharset,
  endToEndHeaders,
  isHeaderName,
  isHeaderValue,
  isHopByHop,
  rememberTexts,
} from '../http/index.js';
import type { ResponseMessage } from '../proxy/index.js';
import { RecentObjects } from './recent-objects.js';

export interface SendableHead {
  readonly kind: 'head';
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly string[];
}

export type PreparedHead = SendableHead | { readonly kind: 'invalid'; readonly reason: string };

/** Answers that an application gives again and again. */
export class KnownHeads {
  readonly #recent = new RecentObjects<ResponseMessage, PreparedHead>(mostHeads);

  /** As `prepareResponseHead`; the same head for the same message. */
  prepare(response: ResponseMessage, headerBufferSize: number, defaultCharset?: string): PreparedHead {
    const known = this.#recent.find(response);
    if (known !== undefined) return known;
    const head = prepareResponseHead(response, headerBufferSize, defaultCharset);
    if (countCharacters(response) <= longestKnown) this.#recent.keep(response, head);
    return head;
  }
}

const mostHeads = 4;
const longestKnown = 4_096;

function countCharacters({ reason, headers }: ResponseMessage): number {
  return headers.reduce((sum, { length }) => sum + length, reason.length);
}

/**
 * The head that a daemon process sent, as it may go to the client (mod_wsgi's rules for daemon mode). `defaultCharset`:
 * AddDefaultCharset, which holds for applications, too.
 */
export function prepareResponseHead(
  response: ResponseMessage,
  headerBufferSize: number,
  defaultCharset = '',
): PreparedHead {
  const { status, reason } = response;
  if (status < 200 || status > 999) return invalid(`${status} is no status of a final response`);
  if (!isHeaderValue(reason)) return invalid('the reason phrase holds a control character');
  const headers = holdsHopByHop(response.headers) ? endToEndHeaders(response.headers) : response.headers;
  const keys: string[] = [];
  const fields: string[] = [];
  const separate: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string;
    const value = headers[at + 1] as string;
    const field = describeField(name);
    if (field === undefined) return invalid(`${JSON.stringify(name)} is no header name`);
    if (!isHeaderValue(value)) return invalid(`the value of ${name} holds a control character`);
    if (name.length + value.length + 2 > headerBufferSize) {
      return invalid(`the header ${name} is longer than ${headerBufferSize} bytes (header-buffer-size)`);
    }
    const { key, kind } = field;
    if (kind === 'own') continue;
    if (kind === 'separate') {
      separate.push(name, value);
      continue;
    }
    const before = keys.indexOf(key);
    if (before === -1) {
      keys.push(key);
      fields.push(name, value);
    } else fields[2 * before + 1] = kind === 'last' ? value : `${fields[2 * before + 1] as string}, ${value}`;
  }
  const length = keys.indexOf('content-length');
  if (length !== -1) {
    const text = fields[2 * length + 1] as string;
    if (!/^[0-9]{1,15}$/.test(text))
      return invalid(`Content-Length ${JSON.stringify(text)} is no number of bytes`);
  }
  const type = keys.indexOf('content-type');
  if (type !== -1) fields[2 * type + 1] = addDefaultCharset(fields[2 * type + 1] as string, defaultCharset);
  if (length !== -1 && (status === 204 || status === 304)) fields.splice(2 * length, 2);
  for (const text of separate) fields.push(text);
  return { kind: 'head', status, reason, headers: fields };
}

function invalid(reason: string): PreparedHead {
  return { kind: 'invalid', reason };
}

/** What becomes of a field of which there are several, or of one that the server says itself. */
type FieldKind =
  | 'joined'
  /** Several make no list: the last one counts. */
  | 'last'
  /** May be repeated but not joined. */
  | 'separate'
  | 'own'
  | 'hop-by-hop';

interface Field {
  /** The name in lower case. */
  readonly key: string;
  readonly kind: FieldKind;
}

const kinds: ReadonlyMap<string, FieldKind> = new Map([
  ['content-length', 'last'],
  ['content-range', 'last'],
  ['content-type', 'last'],
  ['etag', 'last'],
  ['last-modified', 'last'],
  ['location', 'last'],
  ['set-cookie', 'separate'],
  ['www-authenticate', 'separate'],
  ['date', 'own'],
  ['server', 'own'],
]);

/** undefined: it is no name. */
const describeField = rememberTexts(
  (name): Field | undefined => {
    if (!isHeaderName(name)) return undefined;
    const key = name.toLowerCase();
    return { key, kind: isHopByHop(key) ? 'hop-by-hop' : (kinds.get(key) ?? 'joined') };
  },
  { most: 1_000, longest: 100 },
);

/** Whether something has to be taken out that is about one connection alone. */
function holdsHopByHop(headers: readonly string[]): boolean {
  for (let at = 0; at < headers.length; at += 2)
    if (describeField(headers[at] as string)?.kind === 'hop-by-hop') return true;
  return false;
}
