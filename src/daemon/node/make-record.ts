import type { Pairs } from '../../wire/index.js';

type TextRecord = Record<string, string>;

/** The names of pairs, in their order. */
interface Shape {
  readonly names: readonly string[];
  /** The same, but undefined for those that are left out. */
  readonly keys: readonly (string | undefined)[];
  /** Has those keys; made when the same names have come twice. */
  readonly template: Readonly<TextRecord> | undefined;
}

/** Those that were seen lately: most requests of an application have one of a few. A place for each number of pairs. */
const recent: (Shape | undefined)[] = new Array(64).fill(undefined);

/**
 * Pairs as an object with that prototype, but for the names that are to be left out, the same ones each time; of a name that comes twice the last value
 * counts. It is a copy of one that has these keys already, where there is one: put together key by key, the engine would make a table of
 * it, which takes twice the time and three times the memory.
 */
export function makeRecord(
  pairs: Pairs,
  without: ReadonlySet<string>,
  prototype: object = Object.prototype,
): TextRecord {
  const place = (pairs.length >> 1) % recent.length;
  const shape = recent[place];
  if (shape === undefined || !hasNames(pairs, shape.names)) {
    const names = pairs.filter((_, at) => at % 2 === 0 && at + 1 < pairs.length);
    const keys = names.map((name) => (without.has(name) ? undefined : name));
    recent[place] = { names, keys, template: undefined };
    return fillRecord(Object.create(prototype) as TextRecord, keys, pairs);
  }
  if (shape.template !== undefined) {
    // A literal that begins with a prototype would be filled key by key.
    const copy = Object.setPrototypeOf({ ...shape.template }, prototype) as TextRecord;
    return fillRecord(copy, shape.keys, pairs);
  }
  const record = fillRecord(Object.create(prototype) as TextRecord, shape.keys, pairs);
  recent[place] = { ...shape, template: createTemplate(record) };
  return record;
}

/** With the same keys, and none of the values: what JSON.parse makes is no table, and so is no copy of it. */
function createTemplate(record: Readonly<TextRecord>): TextRecord {
  return JSON.parse(JSON.stringify(record, (key, value: unknown) => (key === '' ? value : ''))) as TextRecord;
}

function hasNames(pairs: Pairs, names: readonly string[]): boolean {
  if (pairs.length >> 1 !== names.length) return false;
  for (let at = 0; at < names.length; at += 1) if (pairs[2 * at] !== names[at]) return false;
  return true;
}

function fillRecord(record: TextRecord, keys: readonly (string | undefined)[], pairs: Pairs): TextRecord {
  for (let at = 0; at < keys.length; at += 1) {
    const key = keys[at];
    if (key !== undefined) record[key] = pairs[2 * at + 1] as string;
  }
  return record;
}
