import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseFixture, runFixture } from './run-fixture.js';

const folder = join(import.meta.dirname, 'fixtures');

describe('site files', () => {
  it.each(readdirSync(folder).map((name) => [name.replace(/\.txt$/, '')]))('%s', (name) => {
    const fixture = parseFixture(readFileSync(join(folder, `${name}.txt`), 'utf8'));
    const outcome = runFixture(fixture);
    expect(outcome.mistakes).toEqual(fixture.mistakes);
    if (fixture.config === undefined) expect(outcome.config).toBeUndefined();
    else expect(outcome.config).toMatchObject(fixture.config as object);
  });
});
