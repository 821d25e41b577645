import { describe, expect, it } from 'vitest';
import { definitions } from '../../src/config/index.js';
import { overridableNames, overrideClassesOf } from '../../src/config/override-classes.js';

describe('the classes of AllowOverride', () => {
  it('are those of directives that there are', () => {
    const known = new Set(definitions.map(({ name }) => name.toLowerCase()));
    expect(overridableNames.filter((name) => !known.has(name))).toEqual([]);
  });

  it('are given to nothing that stands outside of sections only', () => {
    const misplaced = definitions.filter(
      ({ overrides, contexts }) => overrides && !contexts.includes('section'),
    );
    expect(misplaced.map(({ name }) => name)).toEqual([]);
  });

  it.each([
    ['Require', ['AuthConfig']],
    ['redirectmatch', ['FileInfo']],
    ['Order', ['Limit']],
    ['<Limit', ['AuthConfig', 'Limit']],
    ['<Files', ['AuthConfig', 'FileInfo', 'Indexes', 'Limit', 'Options']],
    ['WSGIProcessGroup', []],
    ['AllowOverride', []],
    ['Include', []],
  ])('of %s are %j', (name, classes) => {
    expect([...overrideClassesOf(name)]).toEqual(classes);
  });
});
