import { describe, expect, it } from 'vitest';
import { StreamTable } from '../../src/wire/index.js';

describe('StreamTable', () => {
  it('knows what is in it, by id', () => {
    const table = new StreamTable<string>();
    table.add(1, 'one');
    table.add(2, 'two');
    expect(table.size).toBe(2);
    expect([table.get(1), table.get(2), table.get(3)]).toEqual(['one', 'two', undefined]);
    expect([table.has(1), table.has(3)]).toEqual([true, false]);
    expect(table.delete(1)).toBe(true);
    expect(table.delete(1)).toBe(false);
    expect(table.get(1)).toBeUndefined();
    expect(table.values()).toEqual(['two']);
    table.clear();
    expect([table.size, table.values(), table.has(2)]).toEqual([0, [], false]);
  });

  it('tells ids apart that end in the same bits', () => {
    const table = new StreamTable<number>();
    const ids = [1, 1025, 2049, 2_147_483_647, 1023, 1_048_577];
    for (const id of ids) table.add(id, id);
    for (const id of ids) expect(table.get(id)).toBe(id);
    expect(table.has(3073)).toBe(false);
    expect(table.delete(1)).toBe(true);
    expect(table.get(1025)).toBe(1025);
    expect(table.values().sort((a, b) => a - b)).toEqual([1023, 1025, 2049, 1_048_577, 2_147_483_647]);
    expect(table.size).toBe(5);
  });

  it('agrees with a Map over many streams, some of them open for long', () => {
    const table = new StreamTable<number>();
    const map = new Map<number, number>();
    let seed = 42;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    let next = 1;
    for (let step = 0; step < 60_000; step += 1) {
      // Up to thousands at once, then few again.
      const wanted = step < 30_000 ? 3000 : 20;
      if (map.size < wanted || random(3) === 0) {
        table.add(next, step);
        map.set(next, step);
        next += 1 + random(2);
      }
      if (map.size > wanted || random(4) === 0) {
        const ids = [...map.keys()].slice(0, 50);
        const id = ids[random(ids.length)] ?? 0;
        expect(table.delete(id)).toBe(map.delete(id));
      }
      const asked = 1 + random(next);
      if (table.get(asked) !== map.get(asked) || table.size !== map.size)
        expect.fail(`they differ at ${asked} in step ${step}`);
    }
    expect(new Set(table.values())).toEqual(new Set(map.values()));
  });
});
