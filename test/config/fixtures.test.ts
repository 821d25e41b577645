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

/** The same form, but for what stands behind the dashes: the messages in full, as -t prints them. */
describe('messages', () => {
  const messages = join(import.meta.dirname, 'messages');
  it.each(readdirSync(messages).map((name) => [name.replace(/\.txt$/, '')]))('%s', (name) => {
    const text = readFileSync(join(messages, `${name}.txt`), 'utf8');
    const [, expected = ''] = text.split(/^-{10,}\n/m);
    expect(runFixture(parseFixture(text)).explained).toBe(expected);
  });
});
