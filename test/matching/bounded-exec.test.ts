import { describe, expect, it } from 'vitest';
import { execBounded, PatternTooSlow, replaceBounded, translatePattern } from '../../src/matching/index.js';

function patternOf(text: string): RegExp {
  const result = translatePattern(text);
  if (result.kind === 'wrong') throw new Error(result.message);
  return result.pattern;
}

const longText = 'a'.repeat(2000);

describe('a pattern that cannot be matched in linear time', () => {
  it.each([
    ['looks ahead', '(?=(a+)+b)a'],
    ['looks ahead for what is not there', '^(a+)+(?!a)b'],
    ['looks back', '(?<=a)(a*)*b'],
    ['refers back', '^(a*)*\\1b'],
    ['counts', '^(a{1,50}){1,50}b$'],
    ['counts choices', '^(?:a?){40}a{40}b$'],
    ['has choices in a row', `(?=x)|${'a?'.repeat(40)}${'a'.repeat(40)}b`],
    ['has repetitions in a row', '(?!b)a*a*a*a*a*b'],
  ])('and %s is given up, and sooner when it was before', (_, text) => {
    const pattern = patternOf(text);
    expect(() => execBounded(pattern, longText)).toThrow(PatternTooSlow);
    const started = performance.now();
    for (let count = 0; count < 5; count += 1)
      expect(() => execBounded(pattern, longText)).toThrow(/too many ways to compare 2000 bytes with the/);
    expect(performance.now() - started).toBeLessThan(900);
  });

  it.each([
    ['^(?!public/|static/)(.*)$', 'index.html'],
    ['^(?!public/|static/)(.*)$', 'public/index.html'],
    ['^(?!public/|static/)(.*)$', longText],
    ['^(a+)+(?=b)', `${longText}b`],
    ['(a)(?<=a)\\1', 'xaay'],
    ['^(?<year>\\d{4})-(\\d{2})', '2026-11'],
    ['^(\\d{1,3}\\.){3}\\d{1,3}$', '192.168.100.200'],
    ['^(a+)+$', longText],
  ])('means what it says: %s', (text, subject) => {
    const pattern = patternOf(text);
    expect(execBounded(pattern, subject)).toEqual(pattern.exec(subject));
    const shown = (...groups: unknown[]) => `<${String(groups[0])}>`;
    expect(replaceBounded(subject, pattern, shown)).toBe(subject.replace(pattern, shown));
  });

  it('can be replaced in no text for which that takes too long', () => {
    expect(() => replaceBounded(longText, patternOf('^(a+)+(?!a)b'), () => '')).toThrow(PatternTooSlow);
  });

  it('tells faults of its own as they are', () => {
    const replace = () =>
      replaceBounded('a'.repeat(50), patternOf('(a)+(?=a)'), () => {
        throw new TypeError('of its own');
      });
    expect(replace).toThrow(new TypeError('of its own'));
  });
});
