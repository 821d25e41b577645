import { expect, it } from 'vitest';
import { RecentObjects } from '../../src/server/recent-objects.js';

it('finds what was made of the very list, and of no other that reads the same', () => {
  const recent = new RecentObjects<object, string>(8);
  const list = ['A', '1'];
  recent.keep(list, 'first');
  expect(recent.find(list)).toBe('first');
  expect(recent.find(['A', '1'])).toBeUndefined();
  recent.keep(list, 'second');
  expect(recent.find(list)).toBe('second');
});

it('keeps a few, and gives none of them what belongs to another', () => {
  const recent = new RecentObjects<object, number>(8);
  const lists = Array.from({ length: 40 }, (_, at) => ['A', String(at)]);
  for (const [at, list] of lists.entries()) recent.keep(list, at);
  const found = lists.map((list) => recent.find(list));
  expect(found.filter((made) => made !== undefined)).toEqual([32, 33, 34, 35, 36, 37, 38, 39]);
  expect(found.lastIndexOf(32)).toBe(32);
});
