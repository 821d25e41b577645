import { describe, expect, it } from 'vitest';
import { makeRequestHead, makeResponseHead } from '../../src/gateway/index.js';

const client = {
  sentHeaders: [],
  ownFields: new Set<string>(),
  host: 'b:80',
  via: 'off' as const,
  viaEntry: { protocol: '1.1', name: 'front', software: 'modhost/1' },
  expectsContinue: false,
};

describe('the head of a request', () => {
  it('keeps what the server set, though the client names it in Connection', () => {
    const sentHeaders = ['Connection', 'X-User, X-Own', 'X-User', 'mallory', 'X-Own', '1'];
    const headers = ['Connection', 'X-User, X-Own', 'X-User', 'alice', 'X-Own', '1'];
    expect(makeRequestHead({ ...client, headers, sentHeaders })).toEqual(['Host', 'b:80', 'X-User', 'alice']);
  });

  it('keeps what a rule of the site file has set, though the client sends the same and names it in Connection', () => {
    const headers = ['Connection', 'X-User, X-Own', 'X-User', 'alice', 'X-Own', '1'];
    const asked = { ...client, headers, sentHeaders: headers, ownFields: new Set(['x-user']) };
    expect(makeRequestHead(asked)).toEqual(['Host', 'b:80', 'X-User', 'alice']);
  });

  it('says who passed it on, if the site file wants so', () => {
    const headers = ['Via', '1.0 old'];
    expect(makeRequestHead({ ...client, headers, via: 'on' })).toContain('1.0 old, 1.1 front');
    expect(makeRequestHead({ ...client, headers, via: 'full' })).toContain('1.0 old, 1.1 front (modhost/1)');
    expect(makeRequestHead({ ...client, headers, via: 'block' })).toEqual(['Host', 'b:80']);
  });

  it('goes without fields that applications take for those that say who the client is', () => {
    const headers = ['X_Forwarded_For', '192.0.2.1', 'X-Forwarded_Host', 'q', 'X_Own', '1'];
    const forwardedFor = { clientAddress: '10.0.0.1', host: 'a', serverName: 's' };
    expect(makeRequestHead({ ...client, headers, forwardedFor })).toEqual([
      ...['Host', 'b:80', 'X_Own', '1', 'X-Forwarded-For', '10.0.0.1'],
      ...['X-Forwarded-Host', 'a', 'X-Forwarded-Server', 's'],
    ]);
  });

  it('adds to what is said of the client already', () => {
    const headers = ['X-Forwarded-For', '192.0.2.1', 'x-forwarded-for', '192.0.2.2', 'X-Forwarded-Host', 'q'];
    const forwardedFor = { clientAddress: '10.0.0.1', host: 'a', serverName: 's' };
    expect(makeRequestHead({ ...client, headers, forwardedFor })).toEqual([
      ...['Host', 'b:80', 'X-Forwarded-For', '192.0.2.1, 192.0.2.2, 10.0.0.1'],
      ...['X-Forwarded-Host', 'q, a', 'X-Forwarded-Server', 's'],
    ]);
  });

  it('leaves out names that are none', () => {
    expect(makeRequestHead({ ...client, headers: ['a b', 'c', 'ok', '1'] })).toEqual([
      'Host',
      'b:80',
      'ok',
      '1',
    ]);
  });
});

describe('the head of an answer', () => {
  const facts = {
    origin: 'https://front.example',
    reverses: [
      { kind: 'url', internal: 'http://b', external: '/all/' },
      { kind: 'url', internal: 'http://c:81/x/', external: '/c/' },
      { kind: 'url', internal: '/back', external: '/public' },
      { kind: 'cookie-path', internal: '/x', external: '/c' },
      { kind: 'cookie-domain', internal: 'b.example', external: 'front.example' },
    ] as const,
  };
  const one = (name: string, value: string) => makeResponseHead([name, value], facts)[1];

  it.each([
    ['http://b/a?b', 'https://front.example/all/a?b'],
    ['http://B', 'https://front.example/all/'],
    ['http://bad.example/', 'http://bad.example/'],
    ['http://c:81/x/y', 'https://front.example/c/y'],
    ['http://c:81/X/y', 'http://c:81/X/y'],
    ['http://c:8100/x/y', 'http://c:8100/x/y'],
    ['/back/a', 'https://front.example/public/a'],
    ['/other', '/other'],
    ['', ''],
  ])('makes of the address %s %s', (written, wanted) => {
    expect(one('Location', written)).toBe(wanted);
    expect(one('Content-Location', written)).toBe(wanted);
    expect(one('Link', written)).toBe(written);
  });

  it.each([
    ['a=b; Path=/x', 'a=b; Path=/c'],
    ['a=b; path = /x/q; Secure', 'a=b; path = /c; Secure'],
    ['a=path=/x; Path=/y', 'a=path=/x; Path=/y'],
    ['path=/x; Domain=B.example', 'path=/x; Domain=front.example'],
    ['a=b; Domain=.b.example', 'a=b; Domain=.b.example'],
  ])('makes of the cookie %s %s', (written, wanted) => {
    expect(one('Set-Cookie', written)).toBe(wanted);
  });

  it('loses what is of the connection', () => {
    const raw = [
      'Connection',
      'close, X-Hop',
      'X-Hop',
      '1',
      'Keep-Alive',
      '5',
      'Trailer',
      'T',
      'Upgrade',
      'h2c',
      'A',
      '1',
    ];
    expect(
      makeResponseHead([...raw, 'Transfer-Encoding', 'chunked', 'Proxy-Authenticate', 'Basic'], facts),
    ).toEqual(['A', '1']);
  });
});
