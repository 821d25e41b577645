import type { ProxyReverse } from '../config/model.js';
import {
  endToEndHeaders,
  type HeaderList,
  isHeaderName,
  isHeaderValue,
  toByteString,
} from '../http/index.js';

/** The head of another server's answer, ready for the client. */
export interface PassedHead {
  readonly status: number;
  readonly reason: string;
  /** name, value, …; no Connection, no Transfer-Encoding. */
  readonly headers: readonly string[];
}

/** What stands for what in the answer. */
export interface ReverseFacts {
  readonly reverses: readonly ProxyReverse[];
  /** `http://name[:port]` of this server. */
  readonly origin: string;
}

/** End-to-end headers with the addresses of this server in them. A line that no header may be like is left out. */
export function makeResponseHead(raw: HeaderList, facts: ReverseFacts): string[] {
  const headers = endToEndHeaders(raw);
  const made: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string;
    const value = headers[at + 1] as string;
    if (isHeaderName(name) && isHeaderValue(value))
      made.push(name, reverse(name.toLowerCase(), value, facts));
  }
  return made;
}

function reverse(name: string, value: string, facts: ReverseFacts): string {
  switch (name) {
    case 'location':
    case 'content-location':
    case 'uri':
      return reverseUrl(value, facts);
    case 'set-cookie':
      return reverseCookie(value, facts.reverses);
    default:
      return value;
  }
}

/** The first whose URL the value begins with. A path alone names no server, and is replaced only by a ProxyPassReverse of a path. */
function reverseUrl(value: string, { reverses, origin }: ReverseFacts): string {
  for (const { kind, internal, external } of reverses) {
    if (kind !== 'url') continue;
    const url = toByteString(internal);
    if (!startsWithUrl(value, url)) continue;
    const rest = value.slice(url.length);
    const path = toByteString(external);
    // `/app/` for `http://b`: the slash of the rest is there already.
    const joined = path.endsWith('/') && rest.startsWith('/') ? path + rest.slice(1) : path + rest;
    return origin + joined;
  }
  return value;
}

/** Scheme and host without case; `http://b` does not begin `http://bad.example`. */
function startsWithUrl(value: string, url: string): boolean {
  const origin = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(url)?.[0] ?? '';
  if (value.slice(0, origin.length).toLowerCase() !== origin.toLowerCase()) return false;
  if (!value.slice(origin.length).startsWith(url.slice(origin.length))) return false;
  return url.length > origin.length || /^([/?#]|$)/.test(value.slice(url.length));
}

function reverseCookie(cookie: string, reverses: readonly ProxyReverse[]): string {
  return cookie
    .split(';')
    .map((part, at) => {
      const [, before = '', name = '', value = ''] = /^(\s*(domain|path)\s*=\s*)(.*)$/i.exec(part)
        ? split(part)
        : [];
      if (at === 0 || before === '') return part;
      const kind = name === 'domain' ? 'cookie-domain' : 'cookie-path';
      const found = reverses.find(
        (candidate) => candidate.kind === kind && fits(kind, value, toByteString(candidate.internal)),
      );
      return found === undefined ? part : before + toByteString(found.external);
    })
    .join(';');
}

function split(part: string): readonly string[] {
  const equals = part.indexOf('=') + 1;
  const blanks = /^\s*/.exec(part.slice(equals))?.[0].length ?? 0;
  const before = part.slice(0, equals + blanks);
  return [part, before, before.replace('=', '').trim().toLowerCase(), part.slice(equals + blanks).trim()];
}

/** A path that begins with the internal one is replaced as a whole (as httpd); a domain has to be the same. */
function fits(kind: ProxyReverse['kind'], value: string, internal: string): boolean {
  return kind === 'cookie-domain'
    ? value.toLowerCase() === internal.toLowerCase()
    : value.startsWith(internal);
}
