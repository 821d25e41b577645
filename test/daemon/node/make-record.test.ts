import { describe, expect, it } from 'vitest';
import { makeRecord } from '../../../src/daemon/node/make-record.js';

const without = new Set(['left.out']);

/** As it would be without any memory. */
function put(pairs: readonly string[]): Record<string, string> {
  const record: Record<string, string> = {};
  for (let at = 0; at + 1 < pairs.length; at += 2)
    if (pairs[at] !== 'left.out') record[pairs[at] as string] = pairs[at + 1] as string;
  return record;
}

describe('pairs become an object', () => {
  it.each([
    [[]],
    [['A', '1']],
    [['left.out', '1', 'B', '2']],
    [['A', '1', 'B', '2', 'A', '3']],
    [['__proto__', 'x', 'constructor', 'y', 'toString', 'z']],
    [['b', '1', '10', '2', '9', '3', 'a', '4']],
    [['A', '1', 'odd']],
    [Array.from({ length: 300 }, (_, at) => `text ${at}`)],
    [['"\\\u0000\u00ff', '"\\\u0000\u00ff']],
  ])('%j, the first time and later', (pairs) => {
    for (let time = 0; time < 4; time += 1) {
      const values = pairs.map((text, at) => (at % 2 === 0 ? text : text + time));
      const record = makeRecord(values, without);
      expect(record).toEqual(put(values));
      expect(Object.entries(record)).toEqual(Object.entries(put(values)));
      expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
      expect(JSON.stringify(Object.getOwnPropertyDescriptors(record))).toBe(
        JSON.stringify(Object.getOwnPropertyDescriptors(put(values))),
      );
    }
  });

  it('with another prototype than the one before', () => {
    const prototypes = [{ own: 1 }, Object.prototype, null, { own: 2 }];
    const pairs = ['A', '1', 'constructor', 'c', 'own', 'o'];
    for (let time = 0; time < 12; time += 1) {
      const prototype = prototypes[time % prototypes.length] as object;
      const record = makeRecord(pairs, without, prototype);
      expect(Object.getPrototypeOf(record)).toBe(prototype);
      expect(Object.entries(record)).toEqual(Object.entries(put(pairs)));
    }
  });

  it('of which each is its own', () => {
    const made = ['1', '2', '3', '4'].map((value) => makeRecord(['A', value, 'B', 'b'], without));
    for (const [at, record] of made.entries()) {
      expect(record).toEqual({ A: String(at + 1), B: 'b' });
      record.A = 'changed';
      record[`new${at}`] = 'new';
    }
    expect(makeRecord(['A', '5', 'B', 'b'], without)).toEqual({ A: '5', B: 'b' });
  });

  it('whose names have changed, as many as before', () => {
    const kinds = [
      ['A', '1', 'B', '2'],
      ['A', '1', 'C', '2'],
      ['B', '1', 'A', '2'],
      ['left.out', '1', 'A', '2'],
    ];
    for (let time = 0; time < 40; time += 1) {
      const pairs = kinds[(time * 7 + (time >> 2)) % kinds.length] ?? [];
      expect(Object.entries(makeRecord(pairs, without))).toEqual(Object.entries(put(pairs)));
    }
  });
});
