import { expect, it } from 'vitest';
import { withoutSocket } from '../../src/http/index.js';

it.each([
  ['unix:/run/a.sock|http://inner/a', 'http://inner/a'],
  ['UNIX:/run/a.sock|http://inner/a|b', 'http://inner/a|b'],
  ['http://inner/unix:/a|b', 'http://inner/unix:/a|b'],
])('%s knows of no socket', (url, expected) => {
  expect(withoutSocket(url)).toBe(expected);
});
