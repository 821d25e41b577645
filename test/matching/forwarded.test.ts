import { describe, expect, it } from 'vitest';
import { followForwarded, parseAddress, parseAddressRange } from '../../src/matching/index.js';

const internal = ['127.0.0.1', '10.0.0.0/8'];
const trusted = ['8.8.8.0/24'];
const proxies = [
  ...internal.map((text) => ({ text, isInternal: true })),
  ...trusted.map((text) => ({ text, isInternal: false })),
].flatMap(({ text, isInternal }) => {
  const range = parseAddressRange(text);
  return range === undefined ? [] : [{ range, isInternal }];
});

describe('a list of addresses from a proxy', () => {
  it.each([
    ['1.2.3.4', '1.2.3.4', undefined, []],
    [' \t1.2.3.4 ', '1.2.3.4', undefined, []],
    ['1.2.3.4, 10.0.0.1', '1.2.3.4', undefined, []],
    ['1.2.3.4, 9.9.9.9, 10.0.0.1', '9.9.9.9', '1.2.3.4', []],
    ['10.0.0.2,10.0.0.1', '10.0.0.2', undefined, []],
    ['garbage', '127.0.0.1', 'garbage', []],
    ['1.2.3.4, garbage, 10.0.0.1', '10.0.0.1', '1.2.3.4, garbage', []],
    ['1.2.3.4,', '127.0.0.1', '1.2.3.4,', []],
    ['1.2.3.4, , 10.0.0.1', '10.0.0.1', '1.2.3.4, ', []],
    ['', '127.0.0.1', '', []],
    ['1.2.3.4, 8.8.8.8', '1.2.3.4', undefined, ['8.8.8.8']],
    ['1.1.1.1, 8.8.8.8, 10.1.1.1', '1.1.1.1', undefined, ['8.8.8.8']],
    ['192.168.1.1, 8.8.8.8', '8.8.8.8', '192.168.1.1', []],
    ['127.0.0.1, 8.8.8.8', '8.8.8.8', '127.0.0.1', []],
    ['::1, 8.8.8.8', '8.8.8.8', '::1', []],
    ['fd00::1, 8.8.8.8', '8.8.8.8', 'fd00::1', []],
    ['::ffff:10.1.1.1, 8.8.8.8', '8.8.8.8', '::ffff:10.1.1.1', []],
    ['2001:db8::1, 8.8.8.8', '2001:db8::1', undefined, ['8.8.8.8']],
  ])('%s', (list, address, rest, intermediates) => {
    expect(followForwarded('127.0.0.1', list, proxies)).toEqual({ address, rest, intermediates });
  });

  it('is not believed of somebody who is no proxy', () => {
    const answer = followForwarded('192.0.2.1', '10.0.0.1', proxies);
    expect(answer).toEqual({ address: '192.0.2.1', rest: '10.0.0.1', intermediates: [] });
  });

  it('is believed of everybody where nobody is named, but not for private addresses', () => {
    expect(followForwarded('127.0.0.1', '1.1.1.1, 2.2.2.2', [])).toEqual({
      address: '1.1.1.1',
      rest: undefined,
      intermediates: ['127.0.0.1', '2.2.2.2'],
    });
    expect(followForwarded('127.0.0.1', '10.0.0.1', []).address).toBe('127.0.0.1');
  });
});

describe('an address', () => {
  it.each([
    ...['1.2.3', '01.2.3.4', '1.2.3.256', '16909060', '0x1020304', '1.2.3.4:80'],
    ...['[::1]', 'fe80::1%lo', 'localhost', '1.2.3.4/8', ''],
  ])('is not: %s', (text) => expect(parseAddress(text)).toBeUndefined());

  it('has one form', () => {
    expect(parseAddress('::FFFF:1.2.3.4')).toBe('1.2.3.4');
    expect(parseAddress('2001:0DB8:0:0:0:0:0:1')).toBe('2001:db8::1');
  });
});
