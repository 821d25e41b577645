import { WireViolation } from './frames.js';
import { decodeRequest, type Pairs, type RequestTarget, readTarget } from './messages.js';

/** A REQUEST as it came. */
export interface IncomingRequest {
  /** The same object for requests that begin with the same bytes. */
  readonly target: RequestTarget;
  readonly words: RequestWords;
  /** Read when it is first asked for. */
  readonly environ: Pairs;
  readonly headers: Pairs;
}

/** What the first part of the environ says about what the request is; of pairs with one name the later counts. */
export interface RequestWords {
  /** REQUEST_METHOD; GET if it is not told. */
  readonly method: string;
  /** `modhost.url`: what the application sees as its URL, path below the mount point and query, undecoded. */
  readonly url: string | undefined;
  /** REQUEST_URI. */
  readonly uri: string | undefined;
  readonly scriptName: string;
  /** SERVER_PROTOCOL. */
  readonly protocol: string;
  /** HTTPS. */
  readonly https: string;
}

/** So many beginnings are kept; with one more, all are dropped. */
const mostTargets = 64;

/**
 * Reads the REQUEST frames of one connection. Most begin like the one before, up to their flags, and that is not taken apart again. Nothing else is kept.
 */
export class RequestDecoder {
  readonly #targets = new Map<string, KnownTarget>();
  #latest: KnownTarget | undefined;

  decode(payload: Buffer): IncomingRequest {
    let known = this.#latest;
    if (known === undefined || payload.toString('latin1', 0, known.text.length) !== known.text) {
      known = this.#find(payload);
      this.#latest = known;
    }
    if (known.hasLengths) return decodeByLengths(payload.toString('latin1'), known);
    const { environ, headers } = decodeRequest(payload);
    return { target: known.target, words: readWords(environ), environ, headers };
  }

  #find(payload: Buffer): KnownTarget {
    const texts = firstTexts(payload);
    const length = texts.reduce((sum, one) => sum + one.length + 1, 0);
    const text = payload.toString('latin1', 0, length);
    let known = this.#targets.get(text);
    if (known === undefined) {
      known = { text, target: readTarget(texts), hasLengths: texts[4]?.includes('l') === true };
      if (this.#targets.size === mostTargets) this.#targets.clear();
      this.#targets.set(text, known);
    }
    return known;
  }
}

interface KnownTarget {
  /** Script file, application group, callable, interface and flags, with the NUL behind each. */
  readonly text: string;
  readonly target: RequestTarget;
  readonly hasLengths: boolean;
}

/** Each a string of its own, so that whoever keeps it keeps nothing else of the request. */
function firstTexts(payload: Buffer): string[] {
  const texts: string[] = [];
  for (let start = 0; texts.length < 5; ) {
    const end = payload.indexOf(0, start);
    if (end === -1) throw new WireViolation('REQUEST is too short or names no known interface');
    texts.push(payload.toString('latin1', start, end));
    start = end + 1;
  }
  return texts;
}

/** Behind the beginning: count, length of the environ's first part, length of all of it, the environ, the headers. */
function decodeByLengths(text: string, { text: beginning, target }: KnownTarget): IncomingRequest {
  const countEnd = text.indexOf('\0', beginning.length);
  const ownLengthEnd = text.indexOf('\0', countEnd + 1);
  if (countEnd === -1 || ownLengthEnd === -1) throw new WireViolation('REQUEST lacks its lengths');
  const start = endOfText(text, ownLengthEnd + 1);
  const ownEnd = start + readNumber(text, countEnd + 1, ownLengthEnd);
  const end = start + readNumber(text, ownLengthEnd + 1, start);
  if (ownEnd > end || !isTextEnd(text, ownEnd) || !isTextEnd(text, end))
    throw new WireViolation('the lengths of a REQUEST do not fit into it');
  return new PartedRequest(target, text, start, ownEnd, end);
}

class PartedRequest implements IncomingRequest {
  readonly target: RequestTarget;
  readonly words: RequestWords;
  readonly headers: Pairs;
  readonly #joinedEnviron: string;
  #environ: Pairs | undefined;

  constructor(target: RequestTarget, text: string, start: number, ownEnd: number, end: number) {
    this.target = target;
    this.words = new JoinedWords(text, start, ownEnd);
    this.#joinedEnviron = text.slice(start, end);
    this.headers = readPairs(text, end, text.length);
  }

  get environ(): Pairs {
    this.#environ ??= readPairs(this.#joinedEnviron, 0, this.#joinedEnviron.length);
    return this.#environ;
  }
}

/** The pairs between two places of a text, with a NUL before each name and value. One by one: `split` takes three times as long. */
function readPairs(text: string, start: number, end: number): Pairs {
  const texts: string[] = [];
  for (let at = start; at < end; ) {
    const next = endOfText(text, at + 1);
    texts.push(text.slice(at + 1, next));
    at = next;
  }
  if (texts.length % 2 !== 0) throw noValue();
  return texts;
}

/** Reads them where they stand: of most pairs neither the name nor the value becomes a string. */
class JoinedWords implements RequestWords {
  method = 'GET';
  url: string | undefined;
  uri: string | undefined;
  scriptName = '';
  protocol = '';
  https = '';

  constructor(text: string, start: number, end: number) {
    for (let at = start; at < end; ) {
      const name = at + 1;
      const nameEnd = endOfText(text, name);
      if (nameEnd >= end) throw noValue();
      const value = nameEnd + 1;
      const valueEnd = endOfText(text, value);
      // By length first: most names need no comparison then.
      switch (nameEnd - name) {
        case 5:
          if (text.startsWith('HTTPS', name)) this.https = text.slice(value, valueEnd);
          break;
        case 11:
          if (text.startsWith('modhost.url', name)) this.url = text.slice(value, valueEnd);
          else if (text.startsWith('REQUEST_URI', name)) this.uri = text.slice(value, valueEnd);
          else if (text.startsWith('SCRIPT_NAME', name)) this.scriptName = text.slice(value, valueEnd);
          break;
        case 14:
          if (text.startsWith('REQUEST_METHOD', name)) this.method = text.slice(value, valueEnd);
          break;
        case 15:
          if (text.startsWith('SERVER_PROTOCOL', name)) this.protocol = text.slice(value, valueEnd);
      }
      at = valueEnd;
    }
  }
}

/** The words of pairs that have been taken apart already. */
export function readWords(pairs: Pairs): RequestWords {
  const joined = pairs.map((text) => `\0${text}`).join('');
  return new JoinedWords(joined, 0, joined.length);
}

function noValue(): WireViolation {
  return new WireViolation('REQUEST has a name without a value');
}

function isTextEnd(text: string, at: number): boolean {
  return at === text.length || text.charCodeAt(at) === 0;
}

function endOfText(text: string, start: number): number {
  const end = text.indexOf('\0', start);
  return end === -1 ? text.length : end;
}

/** Digits between two places. */
function readNumber(text: string, start: number, end: number): number {
  let number = 0;
  for (let at = start; at < end; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) throw new WireViolation('a number of a REQUEST is none');
    number = 10 * number + digit;
  }
  return number;
}
