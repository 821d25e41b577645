import { describe, expect, it } from 'vitest';
import type { DirectorySettings, Redirect } from '../../src/config/model.js';
import { createRouter, type Redirection } from '../../src/routing/index.js';
import { alias, host, position, section, site } from './site.js';

function redirect(from: string | RegExp, target?: string, status = 302): Redirect {
  return { match: alias(from, '').match, status, position, ...(target === undefined ? {} : { target }) };
}

function ask(path: string, redirects: readonly Redirect[], mainRedirects: readonly Redirect[] = []) {
  const virtualHost = host(1, { redirects, aliases: [alias('/a', '/srv')] });
  const { mapping } = createRouter(site(host(0, { redirects: mainRedirects }), [virtualHost])).route(
    virtualHost,
    path,
  );
  return mapping.kind === 'redirect' ? mapping : undefined;
}

describe('a redirect outside every section', () => {
  it.each([
    ['/a', '/a', 'http://x/n', 'http://x/n'],
    ['/a', '/a/b c%\xe9', 'http://x/n', 'http://x/n/b%20c%25%e9'],
    ['/a', '/a//b///', 'http://x/n', 'http://x/n//b///'],
    ['/a', '//a/b', 'http://x/n', 'http://x/n/b'],
    ['/a/', '/a/b', 'http://x/n', 'http://x/nb'],
    ['/', '/x', 'https://x/', 'https://x/x'],
    ['/a', '/a/"<\r\n', '/n', '/n/%22%3c%0d%0a'],
    ['/a', '/a', 'http://x/\u00fc b', 'http://x/%c3%bc%20b'],
  ])('from %s takes %j with %s to %s', (from, path, target, location) => {
    expect(ask(path, [redirect(from, target)])).toEqual({
      kind: 'redirect',
      status: 302,
      location,
      takesQuery: true,
      position,
    });
  });

  it.each([
    [/^\/m\/(.*)$/, '/m/a b', 'http://x/$1', 'http://x/a%20b', true],
    [/m/, '/m', 'http://x/a%20b', 'http://x/a%2520b', true],
    [/m(.*)/s, '/m\r\nX: y', 'http://x/?q=$1', 'http://x/?q=%0d%0aX:%20y', false],
    [/m(.)?/, '/m', '/n$1$0', '/nm', true],
    [/^\/(.*)/, '/y.example/z', 'http://$1', 'http://y.example/z', true],
  ])('from %s takes %j with %s to %s', (from, path, target, location, takesQuery) => {
    expect(ask(path, [redirect(from, target)])).toEqual({
      kind: 'redirect',
      status: 302,
      location,
      takesQuery,
      position,
    });
  });

  it.each(['/ab', '/b', '/A', '/'])('from /a leaves %s alone', (path) => {
    expect(ask(path, [redirect('/a', '/n')])).toBeUndefined();
  });

  it('is the first that matches, and the main server comes second', () => {
    const location = (path: string, own: Redirect[], main: Redirect[] = []) => ask(path, own, main)?.location;
    const wide = redirect('/a', '/wide');
    const narrow = redirect('/a/b', '/narrow');
    const pattern = redirect(/^\/a/, '/pattern');
    expect(location('/a/b', [wide, narrow])).toBe('/wide/b');
    expect(location('/a/b', [narrow, wide])).toBe('/narrow');
    expect(location('/a/b', [pattern, narrow])).toBe('/pattern');
    expect(location('/a/b', [narrow, pattern])).toBe('/narrow');
    expect(location('/a/b', [], [wide])).toBe('/wide/b');
    expect(location('/a/b', [narrow], [wide])).toBe('/narrow');
  });

  it('may be a status alone', () => {
    expect(ask('/a/b', [redirect('/a', undefined, 410)])).toEqual({
      kind: 'redirect',
      status: 410,
      takesQuery: false,
      position,
    });
  });
});

describe('the redirects of sections', () => {
  const find = (path: string, settings: DirectorySettings): Redirection | undefined =>
    createRouter(site(host(0))).findSectionRedirect(settings, path);

  it('begin with the one for everything', () => {
    const redirects = [redirect('/a', '/list')];
    const fixedRedirect = { status: 301, target: '/fixed?x', position };
    expect(find('/a', { redirects, fixedRedirect })).toEqual({
      status: 301,
      location: '/fixed?x',
      takesQuery: false,
      position,
    });
    expect(find('/a/b', { redirects })?.location).toBe('/list/b');
    expect(find('/c', { redirects })).toBeUndefined();
    expect(find('/c', { fixedRedirect: { status: 410, position } })).toEqual({
      status: 410,
      takesQuery: false,
      position,
    });
  });

  it('are no part of the mapping, so that access is asked first', () => {
    const sections = [section('location', '/', { fixedRedirect: { status: 301, target: '/x', position } })];
    const main = host(0, { sections });
    expect(createRouter(site(main)).route(main, '/a').mapping.kind).toBe('missing');
  });
});
