import { describe, expect, it } from 'vitest';
import {
  endToEndHeaders,
  formatHttpDate,
  headerValue,
  headerValues,
  isHeaderName,
  isHeaderValue,
  isToken,
  setHeader,
  withoutHeader,
} from '../../src/http/index.js';

describe('header lists', () => {
  const headers = ['Set-Cookie', 'a=1', 'X-Y', 'z', 'set-cookie', 'b=2'];
  it('finds one, all, none', () => {
    expect(headerValue(headers, 'SET-COOKIE')).toBe('a=1');
    expect(headerValues(headers, 'Set-Cookie')).toEqual(['a=1', 'b=2']);
    expect(headerValues(headers, 'x')).toEqual([]);
  });
  it('sets and takes away without touching the original', () => {
    expect(setHeader(headers, 'Set-cookie', 'c')).toEqual(['X-Y', 'z', 'Set-cookie', 'c']);
    expect(withoutHeader(headers, 'x-y')).toEqual(['Set-Cookie', 'a=1', 'set-cookie', 'b=2']);
    expect(headers).toHaveLength(6);
  });
});

describe('endToEndHeaders', () => {
  it('drops hop-by-hop fields and those that any Connection field names', () => {
    const headers = ['Host', 'h', 'Connection', 'close, X-Mine', 'x-mine', '1', 'connection', '\t Other ,,'];
    expect(endToEndHeaders([...headers, 'OTHER', '2', 'Accept', '*/*'])).toEqual([
      'Host',
      'h',
      'Accept',
      '*/*',
    ]);
  });
  it.each([
    'Connection',
    'Keep-Alive',
    'Proxy-Authenticate',
    'Proxy-Authorization',
    'Proxy-Connection',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
  ])('drops %s', (name) => {
    expect(endToEndHeaders([name, 'x', 'Kept', 'y'])).toEqual(['Kept', 'y']);
  });
  it('keeps what says where the message ends, even when Connection names it', () => {
    const headers = ['Connection', 'content-length, host', 'Content-Length', '3', 'Host', 'h'];
    expect(endToEndHeaders(headers)).toEqual(['Content-Length', '3', 'Host', 'h']);
  });
  it('keeps repeated fields in their order', () => {
    const cookies = ['Set-Cookie', 'a', 'Set-Cookie', 'b'];
    expect(endToEndHeaders(cookies)).toEqual(cookies);
  });
});

describe('syntax', () => {
  it.each(['GET', "!#$%&'*+-.^_`|~09azAZ"])('%s is a token', (text) => {
    expect(isToken(text)).toBe(true);
    expect(isHeaderName(text)).toBe(true);
  });
  it.each(['', 'a b', 'a:', 'a\n', 'a(', '\xe9', 'a\x00', 'a,b', '"a"'])('%j is none', (text) => {
    expect(isToken(text)).toBe(false);
  });
  it.each(['', 'a b', 'a\tb', '\xe9\xff', ' x '])('%j is a header value', (text) => {
    expect(isHeaderValue(text)).toBe(true);
  });
  it.each(['a\r', 'a\nb', 'a\x00', '\x7f', '\x1b', '\u0160'])('%j is none', (text) => {
    expect(isHeaderValue(text)).toBe(false);
  });
  it('writes dates as RFC 9110', () => {
    expect(formatHttpDate(784111777000)).toBe('Sun, 06 Nov 1994 08:49:37 GMT');
  });
});
