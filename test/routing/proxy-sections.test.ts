import { describe, expect, it } from 'vitest';
import type { SectionMatch } from '../../src/config/model.js';
import { foldAuthority } from '../../src/http/index.js';
import { compileUrlMatch } from '../../src/routing/match-url.js';

const literal = (text: string): SectionMatch => ({ kind: 'literal', text });
const wildcard = (text: string): SectionMatch => ({ kind: 'wildcard', text });
const regex = (pattern: RegExp): SectionMatch => ({ kind: 'regex', pattern });

describe('<Proxy>', () => {
  it.each([
    [literal('balancer://Shop'), 'balancer://shop/a', true],
    [literal('balancer://shop/'), 'Balancer://SHOP/a', true],
    [literal('balancer://shop/A'), 'balancer://shop/a', false],
    [literal('balancer://shop'), 'balancer://other/', false],
    [literal('http://Inner.example/'), 'http://inner.example/a', true],
    [literal('unix:/run/A.sock|http://Inner/'), 'unix:/run/A.sock|http://inner/a', true],
    [literal('unix:/run/a.sock|http://inner/'), 'unix:/run/A.sock|http://inner/a', false],
    [wildcard('balancer://S*'), 'balancer://shop/a', true],
    [wildcard('balancer://[R-T]hop/*'), 'balancer://shop/a', true],
    [wildcard('*Shop/a'), 'balancer://Shop/a', true],
    [wildcard('*/A'), 'balancer://Shop/a', false],
    [regex(/^balancer:\/\/Shop\/(?<rest>.*)/), 'balancer://shop/a', true],
    [regex(/^balancer:\/\/shop\//), 'balancer://SHOP/a', true],
    [regex(/^https?:\/\/My\.Inner\D/), 'http://my.inner/a', true],
    [regex(/^balancer:\/\/Shop\/A/), 'balancer://shop/a', false],
  ])('%j: %s: %s', (match, url, holds) => {
    expect(compileUrlMatch(match)(url)).toBe(holds);
  });
});

it('scheme and host are folded, and nothing else', () => {
  expect(foldAuthority('unix:/A/B|HTTP://A.B:80/C')).toBe('unix:/A/B|http://a.b:80/C');
  expect(foldAuthority('balancer://\u00c4B')).toBe('balancer://\u00c4b');
  expect(foldAuthority('*A')).toBe('*A');
});
