import { type PreparedHead, prepareHead } from '../reply.js';
import { GenuineHeaders } from './genuine.js';

/** Header fields as a Headers object lists them: names in lower case and sorted, Set-Cookie once per cookie. Never changed. */
export class FieldList {
  /** Name, value, name, value, …. */
  readonly pairs: readonly string[];
  /** The same as they were given: in that order, and with the names as they were written. */
  readonly #given: readonly string[];
  #head: PreparedHead | undefined;
  #reason = '';
  #length: number | undefined;
  #typed: { readonly type: string; readonly list: FieldList } | undefined;

  constructor(pairs: readonly string[], given = pairs) {
    this.pairs = pairs;
    this.#given = given;
  }

  /** These fields, and Content-Type if they have none. */
  withType(type: string): FieldList {
    if (this.#typed?.type !== type) this.#typed = { type, list: this.#addType(type) };
    return this.#typed.list;
  }

  #addType(type: string): FieldList {
    const after = this.pairs.findIndex((text, at) => at % 2 === 0 && text >= 'content-type');
    if (this.pairs[after] === 'content-type') return this;
    const pairs = [...this.pairs];
    pairs.splice(after === -1 ? pairs.length : after, 0, 'content-type', type);
    return new FieldList(pairs, [...this.#given, 'content-type', type]);
  }

  /** As `prepareHead`, with the length of the body if it is known and the fields say none; many answers have the same of all. */
  prepareHead(status: number, reason: string, length: number | undefined): PreparedHead {
    if (this.#head?.status !== status || this.#reason !== reason || this.#length !== length) {
      this.#head = prepareHead(status, reason, withLength(this.pairs, length));
      this.#reason = reason;
      this.#length = length;
    }
    return this.#head;
  }

  toHeaders(): Headers {
    const headers = new GenuineHeaders();
    for (let at = 0; at + 1 < this.#given.length; at += 2)
      headers.append(this.#given[at] as string, this.#given[at + 1] as string);
    return headers;
  }
}

/** Fields with lower-case names, and Content-Length if they have none and `length` (in bytes) is known. */
export function withLength(pairs: readonly string[], length: number | undefined): readonly string[] {
  if (length === undefined) return pairs;
  for (let at = 0; at < pairs.length; at += 2) if (pairs[at] === 'content-length') return pairs;
  return [...pairs, 'content-length', String(length)];
}

const noFields = new FieldList([]);

/**
 * What an application gave as `headers`, if it is nothing, a Headers object or a plain object of plain values, of which it takes a copy. Undefined for everything
 * else, mistakes among it: the genuine classes know what to do with that.
 */
export function readFields(given: unknown): FieldList | undefined {
  if (given === undefined) return noFields;
  if (typeof given !== 'object' || given === null) return undefined;
  const prototype: unknown = Object.getPrototypeOf(given);
  if (prototype === Object.prototype) return readRecord(given as Record<string, unknown>);
  return prototype === GenuineHeaders.prototype ? readHeaders(given as Headers) : undefined;
}

export function readHeaders(headers: Headers): FieldList {
  const pairs: string[] = [];
  for (const [name, value] of headers) pairs.push(name, value);
  return new FieldList(pairs);
}

/** What was read lately and what it became: most answers of an application have one of a few. A place for each length of the values. */
const recent: ({ readonly given: readonly string[]; readonly list: FieldList } | undefined)[] = new Array(
  128,
).fill(undefined);

/** Longer ones are not kept. */
const longestRecent = 2048;

function readRecord(record: Readonly<Record<string, unknown>>): FieldList | undefined {
  const names = Object.keys(record);
  // Symbols, or names that are not enumerable.
  if (Reflect.ownKeys(record).length !== names.length) return undefined;
  const given: string[] = [];
  let length = 0;
  for (const name of names) {
    const value = record[name];
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text !== 'string') return undefined;
    given.push(name, text);
    length += text.length;
  }
  if (length > longestRecent) return sortFields(given);
  const place = length % recent.length;
  const known = recent[place];
  if (known !== undefined && isSame(known.given, given)) return known.list;
  const list = sortFields(given);
  if (list !== undefined) recent[place] = { given, list };
  return list;
}

function isSame(texts: readonly string[], others: readonly string[]): boolean {
  if (texts.length !== others.length) return false;
  for (let at = 0; at < texts.length; at += 1) if (texts[at] !== others[at]) return false;
  return true;
}

const plainName = /^[A-Za-z0-9-]+$/;
/** Without blanks at its ends, which would be taken away. */
const plainValue = /^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/;

/** Undefined if a name or value is not plain, or a name comes twice. */
function sortFields(given: readonly string[]): FieldList | undefined {
  const pairs: string[] = [];
  for (let at = 0; at + 1 < given.length; at += 2) {
    const name = given[at] as string;
    const value = given[at + 1] as string;
    if (!plainName.test(name) || !plainValue.test(value)) return undefined;
    const lower = name.toLowerCase();
    let place = pairs.length;
    while (place > 0 && (pairs[place - 2] as string) > lower) place -= 2;
    if (place > 0 && pairs[place - 2] === lower) return undefined;
    pairs.splice(place, 0, lower, value);
  }
  return new FieldList(pairs, given);
}
