import { describe, expect, it } from 'vitest';
import { applicationUrl, type CleanPathOptions, cleanPath } from '../../src/http/index.js';

interface Case {
  readonly title: string;
  readonly target: string;
  readonly scriptName: string;
  readonly pathInfo: string;
  readonly expected: string;
  readonly options?: Partial<CleanPathOptions>;
}

const cases: readonly Case[] = [
  {
    title: 'rest after the mount',
    target: '/app/x?q=1',
    scriptName: '/app',
    pathInfo: '/x',
    expected: '/x?q=1',
  },
  { title: 'mount alone', target: '/app', scriptName: '/app', pathInfo: '', expected: '/' },
  {
    title: 'mount alone with query',
    target: '/app?a=/b?',
    scriptName: '/app',
    pathInfo: '',
    expected: '/?a=/b?',
  },
  { title: 'root mount', target: '/x/', scriptName: '', pathInfo: '/x/', expected: '/x/' },
  {
    title: 'spelling of the client',
    target: '/app/%61%20%c3%A9',
    scriptName: '/app',
    pathInfo: '/a \xc3\xa9',
    expected: '/%61%20%c3%A9',
  },
  { title: 'encoded ?', target: '/app/a%3Fb', scriptName: '/app', pathInfo: '/a?b', expected: '/a%3Fb' },
  {
    title: 'merged slashes are encoded anew',
    target: '/app//a%20b',
    scriptName: '/app',
    pathInfo: '/a b',
    expected: '/a%20b',
  },
  {
    title: 'no second host out of two slashes',
    target: '//evil.example/x',
    scriptName: '',
    pathInfo: '/evil.example/x',
    expected: '/evil.example/x',
  },
  { title: 'dots', target: '/app/a/../b', scriptName: '/app', pathInfo: '/b', expected: '/b' },
  { title: 'encoded dots', target: '/app/a/%2e%2e/b', scriptName: '/app', pathInfo: '/b', expected: '/b' },
  { title: 'encoded mount', target: '/%61pp/x%2B', scriptName: '/app', pathInfo: '/x+', expected: '/x+' },
  {
    title: 'percent in the mount',
    target: '/a%25b/x',
    scriptName: '/a%b',
    pathInfo: '/x',
    expected: '/x',
  },
  {
    title: 'backslashes never become slashes',
    target: '/app/x\\..\\admin',
    scriptName: '/app',
    pathInfo: '/x\\..\\admin',
    expected: '/x%5C..%5Cadmin',
  },
  {
    title: '8-bit bytes',
    target: '/app/\xe9?\xe9',
    scriptName: '/app',
    pathInfo: '/\xe9',
    expected: '/%E9?%E9',
  },
  {
    title: 'encoded slash, decoded',
    target: '/app/a%2Fb',
    scriptName: '/app',
    pathInfo: '/a/b',
    expected: '/a%2Fb',
    options: { allowEncodedSlashes: 'on' },
  },
  {
    title: 'encoded slashes that hide dots',
    target: '/app/a%2F..%2Fb',
    scriptName: '/app',
    pathInfo: '/b',
    expected: '/b',
    options: { allowEncodedSlashes: 'on' },
  },
  {
    title: 'encoded slash, kept',
    target: '/app/a%2Fb',
    scriptName: '/app',
    pathInfo: '/a%2Fb',
    expected: '/a%2Fb',
    options: { allowEncodedSlashes: 'nodecode' },
  },
  {
    title: 'MergeSlashes Off: path info is merged all the same',
    target: '/app//x',
    scriptName: '/app',
    pathInfo: '/x',
    expected: '/x',
    options: { mergeSlashes: false },
  },
  {
    title: 'path info that is no tail of the path',
    target: '/app',
    scriptName: '/app',
    pathInfo: '/',
    expected: '/',
  },
];

describe('applicationUrl', () => {
  it.each(cases)('$title: $target → $expected', ({ target, scriptName, pathInfo, expected, options }) => {
    const cleaned = cleanPath(target, { mergeSlashes: true, allowEncodedSlashes: 'off', ...options });
    if (cleaned.kind !== 'path') throw new Error(cleaned.reason);
    expect(applicationUrl({ ...cleaned, scriptName, pathInfo })).toBe(expected);
  });

  it('means to a URL parser what was decided on', () => {
    const pieces = ['/', '.', '..', '%2e', '%2F', '%5c', '\\', 'a', '%61', '//', '?', ';', '%25', '@', ':'];
    let seed = 11;
    const next = (limit: number) => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed % limit;
    };
    for (let round = 0; round < 5_000; round += 1) {
      const target = `/${Array.from({ length: next(9) }, () => pieces[next(pieces.length)]).join('')}`;
      const cleaned = cleanPath(target, { mergeSlashes: true, allowEncodedSlashes: 'on' });
      if (cleaned.kind !== 'path') continue;
      const url = applicationUrl({ ...cleaned, scriptName: '', pathInfo: cleaned.path });
      const parsed = new URL(url, 'http://here.example');
      expect(parsed.host).toBe('here.example');
      expect(decodeURIComponent(parsed.pathname)).toBe(cleaned.path);
    }
  });
});
