import { expect, it } from 'vitest';
import { dropTrailingSlashes } from '../../src/http/index.js';

it.each([
  ['', ''],
  ['/', ''],
  ['/a//', '/a'],
  ['//a', '//a'],
])('%j', (path, without) => {
  expect(dropTrailingSlashes(path)).toBe(without);
});

it('takes no longer for slashes within', () => {
  const path = `${'/'.repeat(2 ** 24)}a`;
  expect(dropTrailingSlashes(path)).toBe(path);
});
