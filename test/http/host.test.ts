import { describe, expect, it } from 'vitest';
import { type CanonicalNameOptions, parseHost, serverNameAndPort } from '../../src/http/index.js';

describe('parseHost', () => {
  it.each([
    ['example.com', { host: 'example.com' }],
    ['EXAMPLE.com.', { host: 'example.com' }],
    ['example.com:8080', { host: 'example.com', port: 8080 }],
    ['example.com.:80', { host: 'example.com', port: 80 }],
    ['a:00080', { host: 'a', port: 80 }],
    ['a:65535', { host: 'a', port: 65535 }],
    [' a ', { host: 'a' }],
    ['\ta', { host: 'a' }],
    ['1.2.3.4', { host: '1.2.3.4' }],
    ['1.2.3.4.', { host: '1.2.3.4' }],
    ['256.1.1.1', { host: '256.1.1.1' }],
    ['0.0.0.0', { host: '0.0.0.0' }],
    ['.a', { host: '.a' }],
    ['-x', { host: '-x' }],
    ['_x', { host: '_x' }],
    ['a_', { host: 'a_' }],
    ['1a', { host: '1a' }],
    ['1.a', { host: '1.a' }],
    ['00.a', { host: '00.a' }],
    ['1_2', { host: '1_2' }],
    ['[::1]', { host: '::1' }],
    ['[FE80::1]:80', { host: 'fe80::1', port: 80 }],
    [`${'a'.repeat(300)}.b`, { host: `${'a'.repeat(300)}.b` }],
  ])('takes %j', (value, expected) => {
    expect(parseHost(value)).toEqual(expected);
  });

  it.each([
    '',
    ' ',
    '.',
    '..',
    'a..b',
    'x..',
    'a,b',
    'a b',
    ...'@/#*"%!$&\'()=;+~\\<>^`{|}?'.split('').map((character) => `a${character}b`),
    'a\x00b',
    'a\r\n',
    '\xe9',
    'a%2e',
    '1.2.3',
    '123',
    '0',
    '01.2.3.4',
    '1.2.3.04',
    'a.1',
    'a.1b',
    'a.0x',
    'a._b',
    'a.-b',
    'a:',
    'a:0',
    'a:65536',
    'a:x',
    'a:+1',
    'a: 80',
    'a :80',
    'a:80:90',
    '::1',
    '[::1',
    '[::1]x',
    '[::1]:',
    '[::g]',
    '[]',
    '[1.2.3.4]',
    '[fe80::1%eth0]',
    '[fe80::1%25eth0]',
    '[v1.x]',
  ])('refuses %j', (value) => {
    expect(parseHost(value)).toBeUndefined();
  });

  it('is quick about long nonsense', () => {
    const start = performance.now();
    for (const piece of ['a.', '1.', '-', 'a-', '[', ' ', ':']) parseHost(piece.repeat(50_000));
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe('serverNameAndPort', () => {
  const serverName = { host: 'site.example' };
  const base: CanonicalNameOptions = { useCanonicalName: 'off', scheme: 'http', localAddress: '10.0.0.1' };
  it.each<[string, Partial<CanonicalNameOptions>, string, number]>([
    ['Host with port', { serverName, requestHost: { host: 'h', port: 81 } }, 'h', 81],
    ['Host without port', { serverName, requestHost: { host: 'h' } }, 'h', 80],
    [
      "ServerName's port when Host has none",
      { serverName: { host: 's', port: 8443 }, requestHost: { host: 'h' } },
      'h',
      8443,
    ],
    [
      "port of ServerName's scheme",
      { serverName: { scheme: 'https', host: 's' }, requestHost: { host: 'h' } },
      'h',
      443,
    ],
    ['https without a port', { serverName, requestHost: { host: 'h' }, scheme: 'https' }, 'h', 443],
    ['no Host', { serverName: { host: 's', port: 99 } }, 's', 99],
    ['neither', {}, '10.0.0.1', 80],
    [
      'canonical name',
      { useCanonicalName: 'on', serverName, requestHost: { host: 'h', port: 81 } },
      'site.example',
      80,
    ],
    [
      'canonical name dns',
      { useCanonicalName: 'dns', serverName, requestHost: { host: 'h', port: 81 } },
      'site.example',
      80,
    ],
    [
      'canonical without ServerName',
      { useCanonicalName: 'on', requestHost: { host: 'h', port: 81 } },
      'h',
      80,
    ],
    [
      'the physical port before that of ServerName',
      { serverName: { host: 's', port: 99 }, requestHost: { host: 'h' }, physicalPort: 8080 },
      'h',
      8080,
    ],
    [
      'a port of Host before the physical one',
      { serverName, requestHost: { host: 'h', port: 81 }, physicalPort: 8080 },
      'h',
      81,
    ],
    [
      "ServerName's port before the physical one where names are canonical",
      { useCanonicalName: 'on', serverName: { host: 's', port: 99 }, physicalPort: 8080 },
      's',
      99,
    ],
    [
      'the physical port of a canonical name without one',
      { useCanonicalName: 'on', serverName, physicalPort: 8080 },
      'site.example',
      8080,
    ],
    ['IPv6', { requestHost: { host: '::1', port: 8080 } }, '[::1]', 8080],
    ['IPv6 as local address', { localAddress: 'fe80::1' }, '[fe80::1]', 80],
  ])('%s', (_title, options, name, port) => {
    expect(serverNameAndPort({ ...base, ...options })).toEqual({ name, port });
  });
});
