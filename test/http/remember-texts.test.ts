import { expect, it, vi } from 'vitest';
import { rememberTexts } from '../../src/http/index.js';

const bounds = { most: 3, longest: 5 };

it('makes each answer once, and gives the same one again', () => {
  const make = vi.fn((text: string) => ({ text }));
  const find = rememberTexts(make, bounds);
  expect(find('a')).toEqual({ text: 'a' });
  expect(find('b')).toEqual({ text: 'b' });
  expect(find('a')).toBe(find('a'));
  expect(make).toHaveBeenCalledTimes(2);
});

it('keeps answers that are empty, but not that there is none', () => {
  const make = vi.fn((text: string) => (text === 'none' ? undefined : ''));
  const find = rememberTexts(make, bounds);
  for (let round = 0; round < 2; round += 1) expect([find('a'), find('none')]).toEqual(['', undefined]);
  expect(make.mock.calls.flat()).toEqual(['a', 'none', 'none']);
});

it('keeps no more answers than `most`, and none of longer texts than `longest`', () => {
  const make = vi.fn((text: string) => ({ text }));
  const find = rememberTexts(make, bounds);
  for (const text of ['a', 'b', '12345', '12345', '123456', '123456']) find(text);
  expect(make.mock.calls.flat()).toEqual(['a', 'b', '12345', '123456', '123456']);
  make.mockClear();
  for (const text of ['a', 'one more', 'c', 'a', 'c']) find(text);
  expect(make.mock.calls.flat()).toEqual(['one more', 'c', 'a']);
});
