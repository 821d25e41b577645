import { copyText } from './copy-text.js';
import type { HeaderList } from './header-list.js';
import { trimBlanks } from './trim-blanks.js';

/** The header fields of one request, and what they say about its framing. */
export interface LeanFields {
  /** As they were sent, each line with its end. */
  readonly text: string;
  readonly list: HeaderList;
  /** Content-Length in bytes; undefined: there is none, and no body. */
  readonly bodyLength: number | undefined;
  /** `Connection: close`. */
  readonly closes: boolean;
}

/** One request head of the plain kind. All texts are byte strings. */
export interface LeanHead {
  readonly method: string;
  /** In origin-form, as sent. */
  readonly target: string;
  readonly fields: LeanFields;
  /** Bytes of the head, with the empty line behind it. */
  readonly length: number;
}

export interface LeanHeadLimits {
  /** Bytes of one head. */
  readonly headBytes: number;
  /** Header lines; 0: no limit. */
  readonly headerLines: number;
}

/**
 * Reads the head that `text` begins with, if all of it is there and nothing about it is unusual: one of the common methods, origin-form,
 * HTTP/1.1, CRLF, no folded lines, no control characters, at most one plain Content-Length, no Transfer-Encoding, Expect, Upgrade or
 * Trailer, and Connection absent, keep-alive or close. Undefined says nothing about the request but that somebody else must read it, who
 * may find nothing wrong with it: what is taken here has to mean the same to every strict reader of RFC 9112, and it need not be
 * everything.
 *
 * `known`: fields that were read before, on the same connection. Clients repeat them word by word, and get the same object then.
 */
export function readLeanHead(text: string, limits: LeanHeadLimits, known?: LeanFields): LeanHead | undefined {
  const lineEnd = text.indexOf('\r\n');
  const end = text.indexOf('\r\n\r\n', lineEnd);
  if (lineEnd < 0 || end < 0 || end + 4 > limits.headBytes) return undefined;
  const space = text.indexOf(' ');
  const method = methods.get(text.slice(0, space));
  if (method === undefined || !text.startsWith(versionWord, lineEnd - versionWord.length)) return undefined;
  // Paths and fields may be kept for longer than the request.
  const own = text.length > shortBytes ? copyText : keepText;
  const target = own(text.slice(space + 1, lineEnd - versionWord.length));
  if (!originForm.test(target)) return undefined;
  const fieldsText = text.slice(lineEnd + 2, end + 2);
  const fields = known?.text === fieldsText ? known : readFields(own(fieldsText), limits.headerLines);
  return fields === undefined ? undefined : { method, target, fields, length: end + 4 };
}

const methods: ReadonlyMap<string, string> = new Map(
  ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].map((method) => [method, method]),
);

/** What is cut from a text of up to so many bytes may keep all of it. */
const shortBytes = 1_024;

function keepText(text: string): string {
  return text;
}

const versionWord = ' HTTP/1.1';

/** Characters of RFC 3986 but `#`, with the brackets that queries of forms hold: no two readers take them for different things. */
const originForm = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@%/?[\]]*$/;

/** Whole lines: a name of RFC 9110's token characters right before the colon, a value without control characters but TAB. */
const fieldLines = /^(?:[A-Za-z0-9!#$%&'*+\-.^_`|~]+:[\t\x20-\x7e\x80-\xff]*\r\n)*$/;

function readFields(text: string, mostLines: number): LeanFields | undefined {
  if (!fieldLines.test(text)) return undefined;
  const list: string[] = [];
  let bodyLength: number | undefined;
  let connection: string | undefined;
  for (let at = 0; at < text.length; ) {
    const colon = text.indexOf(':', at);
    const lineEnd = text.indexOf('\r\n', colon);
    const sent = text.slice(at, colon);
    const value = trimBlanks(text, colon + 1, lineEnd);
    const { name, meaning } = knownNames.get(sent) ?? lookUp(sent);
    if (meaning === 'unusual') return undefined;
    if (meaning === 'length') {
      if (bodyLength !== undefined || !plainNumber.test(value)) return undefined;
      bodyLength = Number(value);
    } else if (meaning === 'connection') {
      if (connection !== undefined) return undefined;
      connection = value.toLowerCase();
      if (connection !== 'close' && connection !== 'keep-alive') return undefined;
    }
    list.push(name, value);
    at = lineEnd + 2;
  }
  if (mostLines > 0 && list.length / 2 > mostLines) return undefined;
  return { text, list, bodyLength, closes: connection === 'close' };
}

/** Without a sign, an exponent, or zeros in front. */
const plainNumber = /^(?:0|[1-9][0-9]{0,14})$/;

interface KnownName {
  /** As sent; the same string object every time. */
  readonly name: string;
  readonly meaning: 'length' | 'connection' | 'unusual' | 'none';
}

const meanings: ReadonlyMap<string, KnownName['meaning']> = new Map([
  ['content-length', 'length'],
  ['connection', 'connection'],
  // Some readers take it for Connection.
  ['proxy-connection', 'unusual'],
  ['transfer-encoding', 'unusual'],
  ['trailer', 'unusual'],
  ['upgrade', 'unusual'],
  ['expect', 'unusual'],
]);

function lookUp(name: string): KnownName {
  return { name, meaning: meanings.get(name.toLowerCase()) ?? 'none' };
}

/** As browsers and libraries write them. */
const usualNames = [
  ...['Host', 'User-Agent', 'Accept', 'Accept-Encoding', 'Accept-Language', 'Connection', 'Content-Length'],
  ...['Content-Type', 'Cookie', 'Authorization', 'Referer', 'Origin', 'Cache-Control', 'Pragma', 'DNT'],
  ...[
    'If-None-Match',
    'If-Modified-Since',
    'Range',
    'Upgrade-Insecure-Requests',
    'Sec-Fetch-Dest',
    'Priority',
  ],
  ...['Sec-Fetch-Mode', 'Sec-Fetch-Site', 'Sec-Fetch-User', 'X-Requested-With', 'X-Forwarded-For', 'Via'],
  ...['X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Real-IP', 'X-Request-ID', 'Forwarded', 'Traceparent'],
];

const knownNames: ReadonlyMap<string, KnownName> = new Map(
  usualNames.flatMap((name) => [name, name.toLowerCase()].map((sent) => [sent, lookUp(sent)])),
);
