import { expect, it } from 'vitest';
import { trimBlanks, trimSpace } from '../../src/http/index.js';

it.each([
  ['', '', ''],
  [' \t', '', ''],
  [' a b\t', 'a b', 'a b'],
  ['\v\fa\r', '\v\fa\r', 'a'],
  ['\na\n', '\na\n', '\na\n'],
  ['\xa0a\xa0', '\xa0a\xa0', '\xa0a\xa0'],
])('%j', (text, withoutBlanks, withoutSpace) => {
  expect(trimBlanks(text)).toBe(withoutBlanks);
  expect(trimSpace(text)).toBe(withoutSpace);
});

it('cuts a part out of a text', () => {
  expect(trimBlanks('a: b ;', 2, 5)).toBe('b');
  expect(trimSpace('a:\rb ;', 2)).toBe('b ;');
});

it('takes no longer for blanks within', () => {
  // A regular expression would look from each of them to the last.
  const text = `a${' '.repeat(2 ** 24)}b`;
  expect(trimBlanks(text)).toBe(text);
});
