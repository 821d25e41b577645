import { addDefaultCharset, endToEndHeaders, isHeaderName, isHeaderValue } from '../http/index.js';
import type { ResponseMessage } from '../proxy/index.js';

export interface SendableHead {
  readonly kind: 'head';
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly string[];
}

export type PreparedHead = SendableHead | { readonly kind: 'invalid'; readonly reason: string };

/** Fields of which several make no list: the last one counts. */
const lastWins = new Set([
  'content-length',
  'content-range',
  'content-type',
  'etag',
  'last-modified',
  'location',
]);
/** Fields that may be repeated but not joined. */
const neverJoined = new Set(['set-cookie', 'www-authenticate']);
/** What the server says itself. */
const ownFields = new Set(['date', 'server']);

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
  const fields = new Map<string, [name: string, value: string]>();
  const separate: string[] = [];
  const headers = endToEndHeaders(response.headers);
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string;
    const value = headers[at + 1] as string;
    if (!isHeaderName(name)) return invalid(`${JSON.stringify(name)} is no header name`);
    if (!isHeaderValue(value)) return invalid(`the value of ${name} holds a control character`);
    if (name.length + value.length + 2 > headerBufferSize) {
      return invalid(`the header ${name} is longer than ${headerBufferSize} bytes (header-buffer-size)`);
    }
    const key = name.toLowerCase();
    if (ownFields.has(key)) continue;
    if (neverJoined.has(key)) {
      separate.push(name, value);
      continue;
    }
    const before = fields.get(key);
    if (before === undefined) fields.set(key, [name, value]);
    else before[1] = lastWins.has(key) ? value : `${before[1]}, ${value}`;
  }
  const length = fields.get('content-length');
  if (length !== undefined && !/^[0-9]{1,15}$/.test(length[1])) {
    return invalid(`Content-Length ${JSON.stringify(length[1])} is no number of bytes`);
  }
  if (status === 204 || status === 304) fields.delete('content-length');
  const type = fields.get('content-type');
  if (type !== undefined) type[1] = addDefaultCharset(type[1], defaultCharset);
  return { kind: 'head', status, reason, headers: [...[...fields.values()].flat(), ...separate] };
}

function invalid(reason: string): PreparedHead {
  return { kind: 'invalid', reason };
}
