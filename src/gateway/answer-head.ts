import { isHeaderName, isHeaderValue, trimBlanks } from '../http/index.js';

/** The head of an answer that is not read by node:http. Byte strings. */
export interface AnswerHead {
  readonly kind: 'head';
  /** Absent: none was said (CGI). */
  readonly status: number | undefined;
  readonly reason: string;
  /** name, value, …. */
  readonly headers: readonly string[];
  /** Content-Length. */
  readonly length: number | undefined;
}

export type ParsedHead = AnswerHead | { readonly kind: 'invalid'; readonly reason: string };

/** In the form of HTTP/1, as uWSGI gives it: all lines but the empty one, with CRLF between them. Strict: what could be read in two ways is no answer. */
export function parseAnswerHead(text: string): ParsedHead {
  const [first = '', ...lines] = text.split('\r\n');
  const [, digits = '', reason = ''] = /^HTTP\/1\.[01] ([2-9]\d\d)(?: (.*))?$/s.exec(first) ?? [];
  if (digits === '' || !isHeaderValue(reason))
    return invalid('no status line of HTTP/1 that ends an exchange');
  const fields = parseFields(lines);
  return typeof fields === 'string' ? invalid(fields) : makeHead(Number(digits), reason, fields);
}

/** In the form of CGI (RFC 3875 section 6), whose lines may end in LF alone: all lines but the empty one. */
export function parseCgiHead(text: string): ParsedHead {
  const fields = text === '' ? 'no header' : parseFields(text.split(/\r?\n/));
  if (typeof fields === 'string') return invalid(fields);
  const places = [...fields.keys()].filter((at) => at % 2 === 0);
  const findValues = (name: string) =>
    places.filter((at) => fields[at]?.toLowerCase() === name).map((at) => fields[at + 1] ?? '');
  const [status, ...more] = findValues('status');
  const [, digits = '', reason = ''] = /^([2-9]\d\d)(?: +(.*))?$/s.exec(status ?? '') ?? [];
  if (more.length > 0 || (status !== undefined && digits === '')) return invalid('no clear Status');
  const headers = places
    .filter((at) => fields[at]?.toLowerCase() !== 'status')
    .flatMap((at) => [fields[at] ?? '', fields[at + 1] ?? '']);
  return makeHead(digits === '' ? undefined : Number(digits), reason, headers);
}

/** The first empty line, whichever way its end and the one before it are written; it does not begin before `searchFrom`. */
export function findCgiHeadEnd(
  text: string,
  searchFrom: number,
): { readonly from: number; readonly to: number } | undefined {
  const blank = /^\r?\n/.exec(text);
  if (blank !== null) return { from: 0, to: blank[0].length };
  const pattern = /\r?\n\r?\n/g;
  pattern.lastIndex = searchFrom;
  const end = pattern.exec(text);
  return end === null ? undefined : { from: end.index, to: end.index + end[0].length };
}

function makeHead(status: number | undefined, reason: string, headers: readonly string[]): ParsedHead {
  const lengths = new Set<string>();
  for (let at = 0; at < headers.length; at += 2)
    if (headers[at]?.toLowerCase() === 'content-length') lengths.add(headers[at + 1] ?? '');
  const [length] = lengths;
  if (lengths.size > 1 || (length !== undefined && !/^\d{1,15}$/.test(length)))
    return invalid('no clear Content-Length');
  return {
    kind: 'head',
    status,
    reason,
    headers,
    length: length === undefined ? undefined : Number(length),
  };
}

/** A text: why they cannot be understood. */
function parseFields(lines: readonly string[]): string | readonly string[] {
  const fields: string[] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon));
    const value = trimBlanks(line, colon + 1);
    if (!isHeaderName(name) || !isHeaderValue(value)) return 'a line that is no header';
    if (/^transfer-encoding$/i.test(name)) return 'Transfer-Encoding, which the protocol does not have';
    fields.push(name, value);
  }
  return fields;
}

function invalid(reason: string): ParsedHead {
  return { kind: 'invalid', reason };
}
