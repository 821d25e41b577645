import mime from 'mime';
import otherTypes from 'mime/types/other.js';
import standardTypes from 'mime/types/standard.js';
import { expect, it } from 'vitest';
import { widelyKnownType } from '../../src/files/known-types.js';

const extensions = Object.values({ ...standardTypes, ...otherTypes })
  .flat()
  .map((extension) => extension.replace('*', ''));

it('knows each extension as the package mime does', () => {
  expect(extensions.length).toBeGreaterThan(1_000);
  const differing = extensions.filter((extension) => widelyKnownType(extension) !== mime.getType(extension));
  expect(differing).toEqual([]);
});

it('knows html, and nothing of what nobody uses', () => {
  expect(widelyKnownType('html')).toBe('text/html');
  expect(widelyKnownType('no-such-extension')).toBeUndefined();
  expect(widelyKnownType('')).toBeUndefined();
});
