import { describe, expect, it } from 'vitest';
import {
  execBounded,
  matchingEverywhere,
  PatternTooSlow,
  replaceBounded,
  translatePattern,
  withoutMemory,
} from '../../src/matching/index.js';

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
    ['counts choices', '^(?:a?){40}b$', 10],
    ['repeats choices', '^(?:a|[ab]|[ac]|[ad]|[ae])*(?=x)b', 12],
    ['repeats repetitions', '^((((((a*)*)*)*)*)*)(?=x)b', 12],
    ['has choices of what is escaped', `^${'\\(?'.repeat(40)}(?=x)b`, 40, '('],
    ['has too many groups', `${'(a?)'.repeat(400)}b`, 4000],
    ['is too large', '^(?:(?:(?:(?:a?){50}){50}){50}){50}(?=x)b$', 2],
  ])('and %s is given up even for a short text', (_, text, length, byte = 'a') => {
    const pattern = patternOf(text);
    const subject = `${byte.repeat(length)}!`;
    const started = performance.now();
    expect(() => execBounded(pattern, subject)).toThrow(PatternTooSlow);
    expect(performance.now() - started).toBeLessThan(4000);
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

  it('holds nobody up, whether the linear-time matcher takes so many repetitions within each other or not', () => {
    const pattern = patternOf('^(((((a+)+)+)+)+)+$');
    const started = performance.now();
    try {
      expect(execBounded(pattern, `${'a'.repeat(30)}!`)).toBeNull();
    } catch (error) {
      expect(error).toBeInstanceOf(PatternTooSlow);
    }
    expect(performance.now() - started).toBeLessThan(4000);
  });

  it('can be replaced in all places of a text only if that does not take too long', () => {
    const pattern = matchingEverywhere(patternOf('a(?:.*.*z)?'));
    expect(() => replaceBounded('a'.repeat(8000), pattern, () => '')).toThrow(PatternTooSlow);
    expect(replaceBounded('a'.repeat(20), pattern, () => 'b')).toBe('b'.repeat(20));
  });

  it.each([withoutMemory, matchingEverywhere])('is remembered in what is made of it: %o', (remake) => {
    const pattern = new RegExp(patternOf('^(a+)+(?!a)b').source, 'y');
    expect(remake(pattern)).toBe(remake(pattern));
    expect(remake(pattern)).not.toBe(pattern);
  });

  it('tells faults of its own as they are', () => {
    const replace = () =>
      replaceBounded('a'.repeat(50), patternOf('(a)+(?=a)'), () => {
        throw new TypeError('of its own');
      });
    expect(replace).toThrow(new TypeError('of its own'));
  });
});
