import { describe, expect, it } from 'vitest';
import { parseProxyHeader } from '../../src/server/proxy-header.js';

const signature = '\r\n\r\n\0\r\nQUIT\n';
const ports = '\x04\xd2\x00\x50';
const v4 = `\xcb\x00\x71\x09\xc0\x00\x02\x01${ports}`;
const v6 = `\x20\x01\x0d\xb8${'\0'.repeat(11)}\x09${'\0'.repeat(15)}\x01${ports}`;

/** A header of version 2. */
function binary(command: number, family: number, body: string): string {
  const length = String.fromCharCode(body.length >> 8, body.length & 255);
  return `${signature}${String.fromCharCode(command, family)}${length}${body}`;
}

const parse = (text: string) => parseProxyHeader(Buffer.from(text, 'latin1'));

describe.each([
  ['TCP over IPv4', 'PROXY TCP4 203.0.113.7 192.0.2.1 1111 80\r\n', '203.0.113.7'],
  ['TCP over IPv6', 'PROXY TCP6 2001:DB8::7 ::1 0 65535\r\n', '2001:db8::7'],
  ['IPv4 written as IPv6', 'PROXY TCP6 ::ffff:203.0.113.7 ::1 1 2\r\n', '203.0.113.7'],
  ['an unknown protocol', 'PROXY UNKNOWN\r\n', undefined],
  ['an unknown protocol with more', 'PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n', undefined],
  ['version 2, IPv4', binary(0x21, 0x11, v4), '203.0.113.9'],
  ['version 2, IPv6', binary(0x21, 0x21, v6), '2001:db8::9'],
  ['version 2 with extensions', binary(0x21, 0x11, `${v4}\x04\x00\x02ab`), '203.0.113.9'],
  ['version 2, LOCAL', binary(0x20, 0, ''), undefined],
  ['version 2, LOCAL with addresses', binary(0x20, 0x11, v4), undefined],
])('%s', (_, text, address) => {
  it('is read, and what is behind it is not', () => {
    const wanted = { kind: 'read', length: text.length, ...(address === undefined ? {} : { address }) };
    expect(parse(text)).toEqual(wanted);
    expect(parse(`${text}GET / HTTP/1.1\r\n`)).toEqual(wanted);
  });

  it('can come byte by byte', () => {
    for (let length = 0; length < text.length; length += 1)
      expect(parse(text.slice(0, length))).toEqual({ kind: 'incomplete' });
  });
});

it.each([
  ['HTTP', 'GET / HTTP/1.1\r\n'],
  ['one wrong byte', 'PROXI'],
  ['small letters', 'proxy tcp4 203.0.113.7 192.0.2.1 1 2\r\n'],
  ['UDP', 'PROXY UDP4 203.0.113.7 192.0.2.1 1 2\r\n'],
  ['a name', 'PROXY TCP4 localhost 192.0.2.1 1 2\r\n'],
  ['an address of the other kind', 'PROXY TCP4 2001:db8::7 ::1 1 2\r\n'],
  ['leading zeros', 'PROXY TCP4 203.0.113.07 192.0.2.1 1 2\r\n'],
  ['one address', 'PROXY TCP4 203.0.113.7\r\n'],
  ['a word too many', 'PROXY TCP4 203.0.113.7 192.0.2.1 1 2 3\r\n'],
  ['two blanks', 'PROXY  TCP4 203.0.113.7 192.0.2.1 1 2\r\n'],
  ['a tab', 'PROXY TCP4 203.0.113.7 192.0.2.1\t 1 2\r\n'],
  ['a port that is none', 'PROXY TCP4 203.0.113.7 192.0.2.1 65536 2\r\n'],
  ['a line that never ends', `PROXY UNKNOWN ${'x'.repeat(200)}`],
  ['version 3', binary(0x31, 0x11, v4)],
  ['another command', binary(0x22, 0x11, v4)],
  ['no protocol', binary(0x21, 0, '')],
  ['UDP in version 2', binary(0x21, 0x12, v4)],
  ['Unix sockets', binary(0x21, 0x31, 'a'.repeat(216))],
  ['too few bytes for addresses', binary(0x21, 0x11, v4.slice(0, 11))],
  ['a header of 5000 bytes', binary(0x21, 0x11, v4 + '\0'.repeat(5_000))],
])('%s is refused', (_, text) => {
  expect(parse(text)).toMatchObject({ kind: 'invalid' });
});
