import { isHeaderName, isHeaderValue } from '../http/index.js';

/** The head of an answer in the form of HTTP/1, as uWSGI gives it. Byte strings. */
export interface AnswerHead {
  readonly kind: 'head';
  readonly status: number;
  readonly reason: string;
  /** name, value, …. */
  readonly headers: readonly string[];
  /** Content-Length. */
  readonly length: number | undefined;
}

export type ParsedHead = AnswerHead | { readonly kind: 'invalid'; readonly reason: string };

/** `text`: all lines but the empty one, with CRLF between them. Strict: what could be read in two ways is no answer. */
export function parseAnswerHead(text: string): ParsedHead {
  const [first = '', ...lines] = text.split('\r\n');
  const [, digits = '', reason = ''] = /^HTTP\/1\.[01] ([2-9]\d\d)(?: (.*))?$/s.exec(first) ?? [];
  if (digits === '' || !isHeaderValue(reason))
    return invalid('no status line of HTTP/1 that ends an exchange');
  const headers: string[] = [];
  const lengths = new Set<string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon));
    const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '');
    if (!isHeaderName(name) || !isHeaderValue(value)) return invalid('a line that is no header');
    if (/^transfer-encoding$/i.test(name))
      return invalid('Transfer-Encoding, which the protocol does not have');
    if (/^content-length$/i.test(name)) lengths.add(value);
    headers.push(name, value);
  }
  const [length] = lengths;
  if (lengths.size > 1 || (length !== undefined && !/^\d{1,15}$/.test(length)))
    return invalid('no clear Content-Length');
  return {
    kind: 'head',
    status: Number(digits),
    reason,
    headers,
    length: length === undefined ? undefined : Number(length),
  };
}

function invalid(reason: string): ParsedHead {
  return { kind: 'invalid', reason };
}
