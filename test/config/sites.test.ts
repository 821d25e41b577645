import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mistakeCodes } from '../../src/config/index.js';
import { parseFixture, runFixture } from './run-fixture.js';

/**
 * Whole site files in the shapes that people write. The form is that of the fixtures, except that each line of mistakes is
 * `line CODE Directive`, and that `waits for: Names…` lists directives that are not carried out yet: those that still are not
 * may be refused or warned of, and nothing has to change here when they are.
 */
const folder = join(import.meta.dirname, 'sites');
const names = readdirSync(folder).map((name) => name.replace(/\.txt$/, ''));

const notYet: readonly string[] = (
  ['refused', 'no-effect', 'argument-refused', 'argument-no-effect', 'module-absent'] as const
).map((kind) => mistakeCodes[kind].code);

describe('sites', () => {
  it.each(names)('%s', (name) => {
    const fixture = parseFixture(readFileSync(join(folder, `${name}.txt`), 'utf8'));
    const { found } = runFixture(fixture);
    const [waiting, expected] = split(fixture.mistakes);
    const isWaitedFor = ({ code, directive = '' }: (typeof found)[number]) =>
      notYet.includes(code) && waiting.includes(directive.replace(/^<|>$/g, ''));
    expect(
      found
        .filter((mistake) => !isWaitedFor(mistake))
        .map(({ severity, code, position, directive = '' }) =>
          [position.line, severity, code, directive].join(' ').trim(),
        ),
    ).toEqual(expected);
  });

  it('are at least forty', () => {
    expect(names.length).toBeGreaterThanOrEqual(40);
  });
});

function split(lines: readonly string[]): [waiting: readonly string[], expected: readonly string[]] {
  const prefix = 'waits for: ';
  const waiting = lines.find((line) => line.startsWith(prefix));
  const expected = lines.filter((line) => !line.startsWith(prefix));
  return [waiting === undefined ? [] : waiting.slice(prefix.length).split(' '), expected];
}
