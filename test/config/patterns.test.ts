import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/index.js';

let root = '';

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'modhost-patterns-'));
});

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

/** The pattern that a site file's text becomes, or the message about it. */
function translate(text: string): RegExp | string {
  const file = join(root, 'site.conf');
  const quoted = text.replaceAll('"', '\\"');
  writeFileSync(file, `Listen 80\n<LocationMatch "${quoted}">\n</LocationMatch>\n`);
  const { config, mistakes } = loadConfig({ file, environment: {} });
  const match = config?.mainServer.sections[0]?.match;
  return match?.kind === 'regex' ? match.pattern : mistakes.map(({ message }) => message).join('; ');
}

function matches(text: string, subject: string): boolean {
  const pattern = translate(text);
  if (typeof pattern === 'string') throw new Error(pattern);
  return pattern.test(subject);
}

const utf8 = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

describe('patterns', () => {
  it.each([
    ['abc', 'xxabcxx'],
    ['^/a.b$', '/a\nb'],
    ['(?i)^/ADMIN', '/admin'],
    ['^/(?i)admin', '/ADMIN'],
    ['^/(?i:a)b', '/Ab'],
    ['^/((?i)a)b', '/Ab'],
    ['(?-s)a.b', 'axb'],
    ['(?m)^b$', 'a\nb\nc'],
    ['(?x) a  b # note', 'ab'],
    ['[[:alpha:]][[:digit:]]+', 'a12'],
    ['[^[:space:]]', 'x'],
    ['[[:^digit:]]', 'x'],
    ['[]a]+$', ']a'],
    ['[a\\-z]', '-'],
    ['[\\d-x]', '-'],
    ['(?i)[b-d]', 'C'],
    ['\\x41\\x{42}\\103\\tD', 'ABC\tD'],
    ['\\Qa.b\\E.', 'a.bc'],
    ['(a)(b)\\2\\1', 'abba'],
    ['(?<x>a)\\k<x>', 'aa'],
    ['(?P<x>a)(?P=x)', 'aa'],
    ["(?'x'a)\\g{x}", 'aa'],
    ['(a)\\g1', 'aa'],
    ['a{2}', 'aa'],
    ['a{x}', 'a{x}'],
    ['\\Aa\\z', 'a'],
    ['a\\Z', 'a\n'],
    ['a\\hb', 'a\tb'],
    ['a(?#comment)b', 'ab'],
    ['(?<=/)x(?!y)', '/xz'],
    ['^/größe$', utf8('/größe')],
    ['^/gr..ße$', utf8('/größe')],
    ['\\.(png|jpe?g)$', '/a.jpeg'],
    ['a/b-c_d "e"', 'a/b-c_d "e"'],
  ])('%s matches %j', (pattern, subject) => {
    expect(matches(pattern, subject)).toBe(true);
  });

  it.each([
    ['^/a$', '/a\n'],
    ['(?-s)a.b', 'a\nb'],
    ['^/(?i:a)b', '/AB'],
    ['^/((?i)a)b', '/AB'],
    ['^/admin', '/ADMIN'],
    // Only ASCII letters have two cases: é and É differ in a byte that is a letter in Latin-1.
    ['(?i)^/é', utf8('/É')],
    ['(?i)\\xe9', '\xc9'],
    ['\\s', '\xa0'],
    ['\\w', '\xe9'],
    ['a\\z', 'a\n'],
    ['[[:alpha:]]', '\xe9'],
    ['[^a]', 'a'],
  ])('%s does not match %j', (pattern, subject) => {
    expect(matches(pattern, subject)).toBe(false);
  });

  it.each([
    ['a*+', 'possessive'],
    ['a{1,2}+', 'possessive'],
    ['(?>a)', 'atomic'],
    ['(?|a|b)', 'branch reset'],
    ['(?R)', 'recursion'],
    ['(?1)', 'recursion'],
    ['(?P>x)', 'recursion'],
    ['(*FAIL)', 'verb'],
    ['a(*SKIP)', 'verb'],
    ['(?U)a', '(?U)'],
    ['\\Ka', '\\K'],
    ['\\X', '\\X'],
    ['\\x{100}', 'not a byte'],
    ['(?i)(a)\\1', 'back-reference'],
    ['(a', 'Unterminated group'],
    ['a)', 'Unmatched'],
    ['[z-a]', 'ascending'],
    ['[[:nonsense:]]', 'unknown class'],
    ['[a', "']'"],
    ['*a', 'Nothing to repeat'],
    ['(a)\\2', 'no group 2'],
    ['\\k<y>', "no group 'y'"],
    ['(?P=y)', "no group 'y'"],
    ['(?<x>a)(?<x>b)', 'Duplicate capture group name'],
  ])('%s is refused', (pattern, reason) => {
    expect(String(translate(pattern))).toContain(reason);
  });
});
