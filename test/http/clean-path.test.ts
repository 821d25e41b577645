import { describe, expect, it } from 'vitest';
import { type CleanPathOptions, cleanPath, mergeSlashes } from '../../src/http/index.js';

const usual: CleanPathOptions = { mergeSlashes: true, allowEncodedSlashes: 'off' };

function pathOf(target: string, options: Partial<CleanPathOptions> = {}): string | number {
  const cleaned = cleanPath(target, { ...usual, ...options });
  return cleaned.kind === 'path' ? cleaned.path : cleaned.status;
}

describe('cleanPath', () => {
  it.each<[string, string | number]>([
    ['/', '/'],
    ['/a/b', '/a/b'],
    ['/a/', '/a/'],
    ['/%61', '/a'],
    ['/a%20b%C3%A9', '/a b\xc3\xa9'],
    ['/a%3Fb', '/a?b'],
    ['/a%23b', '/a#b'],
    ['/%2561', '/%61'],
    ['/%252f', '/%2f'],
    ['/%252e%252e/x', '/%2e%2e/x'],
    ['/a;b+c', '/a;b+c'],
    ['/\xe9', '/\xe9'],
    // dots
    ['/./a/./b/.', '/a/b/'],
    ['/a/..', '/'],
    ['/a/b/..', '/a/'],
    ['/a/b/../c', '/a/c'],
    ['/x/../a', '/a'],
    ['/%2e/a', '/a'],
    ['/a/%2e%2E/b', '/b'],
    ['/a/.%2e/b', '/b'],
    ['/...', '/...'],
    ['/a/..b', '/a/..b'],
    ['/.a', '/.a'],
    ['/..', 400],
    ['/../x', 400],
    ['/a/../../x', 400],
    ['/%2e%2e/etc', 400],
    ['//..', 400],
    // slashes
    ['//a///b', '/a/b'],
    ['//h/x', '/h/x'],
    ['/a//', '/a/'],
    ['//', '/'],
    ['/a//../b', '/b'],
    // escapes
    ['/%zz', 400],
    ['/%', 400],
    ['/%2', 400],
    ['/a%2gb', 400],
    ['/%00', 404],
    ['/a%00.html', 404],
    ['/a%2Fb', 404],
    ['/a%2fb', 404],
    ['/..%2fx', 404],
    ['/%2F%zz', 400],
    // backslashes are ordinary
    ['/a\\..\\b', '/a\\..\\b'],
    ['/a%5c..%5cb', '/a\\..\\b'],
    // other forms
    ['?x', '/'],
    ['*', '*'],
    ['', 400],
    ['a:80', 400],
    ['f.txt', 400],
    ['*x', 400],
    ['/x#f', 400],
    ['/x?a#f', 400],
    ['/a b', 400],
    ['/a\tb', 400],
    ['/a\x00', 400],
    ['/a\x7f', 400],
    ['/a\r\nHost: x', 400],
    ['/\u0160', 400],
    ['http://h', '/'],
    ['http://h?x', '/'],
    ['HTTP://h/a/../b', '/b'],
    ['https://[::1]:8443/a', '/a'],
    ['http://u:p@h/', 400],
    ['http://h:0/', 400],
    ['http://h:99999/', 400],
    ['http:///x', 400],
    ['http://a..b/', 400],
    ['ftp://h/', 400],
    ['javascript:alert(1)', 400],
  ])('%j → %j', (target, expected) => {
    expect(pathOf(target)).toBe(expected);
  });

  it.each<[string, 'on' | 'nodecode', string | number]>([
    ['/a%2Fb', 'on', '/a/b'],
    ['/a%2F%2Fb', 'on', '/a/b'],
    ['/a%2F..%2Fb', 'on', '/b'],
    ['/a%2fb/../c', 'on', '/c'],
    ['/a/..%2f..%2fx', 'on', 400],
    ['/%2F..', 'on', 400],
    ['/a%2F.', 'on', '/a/'],
    ['/%00%2f', 'on', 404],
    ['/a%2Fb%2fc%20d', 'nodecode', '/a%2Fb%2fc d'],
    ['/a%252Fb', 'nodecode', '/a%2Fb'],
    ['/a/..%2Fb', 'nodecode', '/a/..%2Fb'],
  ])('%j with AllowEncodedSlashes %s → %j', (target, allowEncodedSlashes, expected) => {
    expect(pathOf(target, { allowEncodedSlashes })).toBe(expected);
  });

  it.each<[string, string]>([
    ['/a///b//', '/a///b//'],
    ['//a//b', '/a//b'],
    ['///', '/'],
    ['/.//a', '/a'],
    ['/x/..//a', '/a'],
    ['http://h//a', '/a'],
    ['/a//../b', '/a/b'],
    ['/a//./b', '/a//b'],
  ])('%j with MergeSlashes Off → %j', (target, expected) => {
    expect(pathOf(target, { mergeSlashes: false })).toBe(expected);
  });

  it('gives the raw path, the raw query and the host of an absolute-form target', () => {
    expect(cleanPath('http://Example.com:81//a/%62?x=%2F&y', usual)).toEqual({
      kind: 'path',
      path: '/a/b',
      rawPath: '//a/%62',
      query: 'x=%2F&y',
      host: 'Example.com:81',
    });
    expect(cleanPath('/a?', usual)).toEqual({ kind: 'path', path: '/a', rawPath: '/a', query: '' });
    expect(cleanPath('/a?b?c', usual)).toMatchObject({ path: '/a', query: 'b?c' });
  });

  it('ends soon with what is meant to take long', () => {
    const hostile = [
      '/'.repeat(100_000),
      '/.'.repeat(50_000),
      '/a/..'.repeat(20_000),
      '/%2e'.repeat(20_000),
      `/${'%2f'.repeat(20_000)}`,
      `/${'%'.repeat(50_000)}`,
    ];
    const start = performance.now();
    for (const target of hostile) {
      for (const allowEncodedSlashes of ['off', 'on', 'nodecode'] as const)
        for (const merge of [true, false]) cleanPath(target, { mergeSlashes: merge, allowEncodedSlashes });
    }
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('leaves no dot segment, whatever is sent', () => {
    const pieces = ['/', '.', '..', '%2e', '%2F', '%2f', '%5c', '\\', 'a', '%61', '//', '%252e', '%'];
    let seed = 7;
    const next = (limit: number) => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed % limit;
    };
    for (let round = 0; round < 5_000; round += 1) {
      const target = `/${Array.from({ length: next(9) }, () => pieces[next(pieces.length)]).join('')}`;
      for (const allowEncodedSlashes of ['off', 'on', 'nodecode'] as const) {
        const cleaned = cleanPath(target, { mergeSlashes: round % 2 === 0, allowEncodedSlashes });
        if (cleaned.kind === 'refusal') continue;
        expect(cleaned.path.startsWith('/')).toBe(true);
        expect(cleaned.path.split('/')).not.toContain('..');
        expect(cleaned.path.split('/')).not.toContain('.');
        if (round % 2 === 0) expect(cleaned.path).not.toContain('//');
      }
    }
  });
});

describe('mergeSlashes', () => {
  it.each([
    ['/a//b///', '/a/b/'],
    ['/a', '/a'],
  ])('%s → %s', (path, merged) => {
    expect(mergeSlashes(path)).toBe(merged);
  });
});
