import { describe, expect, it } from 'vitest';
import { findSessionRoute } from '../../src/balancing/index.js';

const sticky = { cookie: 'CK', parameter: 'pth', separator: '.', semicolonEnds: false };

describe('the route of a session', () => {
  it.each([
    ['CK=x.r2', 'r2'],
    ['a=b; CK=x.r2; c=d', 'r2'],
    ['a=b,CK = x.r2', 'r2'],
    ['CK=x.y.r2', 'y.r2'],
    ['CK=.r2', 'r2'],
    ['CK=x.', ''],
    ['CK=x.one; CK=x.two', 'one'],
    ['CK=r2', undefined],
    ['CK=', undefined],
    ['XCK=x.r2', undefined],
    ['ck=x.r2', undefined],
    ['pth=x.r2', undefined],
  ])('is in the cookie %s: %s', (cookies, route) => {
    expect(findSessionRoute(sticky, '/a', cookies)?.route).toBe(route);
  });

  it.each([
    ['/a;pth=x.r2', 'r2'],
    ['/a;pth=x.r2?q', 'r2'],
    ['/a?b=c&pth=x.r2&d', 'r2'],
    ['/pthx?pth=x.r2', 'r2'],
    ['/a;pth=x.r2;b=c', 'r2;b=c'],
    ['/a?CK=x.r2', undefined],
  ])('is in the URL %s: %s', (url, route) => {
    expect(findSessionRoute(sticky, url, undefined)?.route).toBe(route);
  });

  it('is that of the URL where there is one, even if that is nobody’s', () => {
    expect(findSessionRoute(sticky, '/a;pth=x.r1', 'CK=x.r2')).toEqual({ name: 'pth', route: 'r1' });
    expect(findSessionRoute(sticky, '/a;pth=nothing', 'CK=x.r2')).toBeUndefined();
    expect(findSessionRoute(sticky, '/a;pth=', 'CK=x.r2')).toEqual({ name: 'CK', route: 'r2' });
  });

  it('ends at a semicolon, stands behind another separator, or is the whole value, where the site file says so', () => {
    expect(findSessionRoute({ ...sticky, semicolonEnds: true }, '/a;pth=x.r2;b=c', undefined)?.route).toBe(
      'r2',
    );
    expect(findSessionRoute({ ...sticky, separator: '!' }, '/a', 'CK=x!r.2')?.route).toBe('r.2');
    expect(findSessionRoute({ ...sticky, separator: '' }, '/a', 'CK=x.r2')?.route).toBe('x.r2');
  });
});
