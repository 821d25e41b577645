import { describe, expect, it } from 'vitest';
import { createBasicScheme } from '../../src/auth/basic-scheme.js';
import { parseCredentials } from '../../src/auth/credentials.js';
import { realmOf } from '../../src/auth/realm.js';

function encode(text: string): string {
  return Buffer.from(text, 'latin1').toString('base64');
}

describe('parseCredentials', () => {
  it.each([
    ['plain', `Basic ${encode('bob:secret')}`, 'bob', 'secret'],
    ['any case of the scheme', `bAsIc ${encode('bob:secret')}`, 'bob', 'secret'],
    ['more blanks', `Basic    ${encode('bob:secret')}`, 'bob', 'secret'],
    ['without padding', `Basic ${encode('bob:s').replace(/=+$/, '')}`, 'bob', 's'],
    ['two headers joined', `Basic ${encode('bob:s')}, Basic ${encode('amy:t')}`, 'bob', 's'],
    ['more after the padding', `Basic ${encode('bob:s')}==extra`, 'bob', 's'],
    ['colons in the password', `Basic ${encode('bob:a:b:')}`, 'bob', 'a:b:'],
    ['no colon', `Basic ${encode('bob')}`, 'bob', ''],
    ['empty password', `Basic ${encode('bob:')}`, 'bob', ''],
    ['empty user', `Basic ${encode(':secret')}`, '', 'secret'],
    ['NUL in the password', `Basic ${encode('bob:sec\0ret')}`, 'bob', 'sec'],
    ['NUL in the user', `Basic ${encode('bo\0b:secret')}`, 'bo', ''],
    ['bytes stay bytes', `Basic ${encode('bj\xf6rn:\xc3\xa4')}`, 'bj\xf6rn', '\xc3\xa4'],
    ['nothing', 'Basic', '', ''],
    ['nothing after a blank', 'Basic ', '', ''],
    ['no base64', 'Basic !!!!', '', ''],
    ['the other base64 alphabet ends the text', 'Basic Ym9iOnM-Ym9i', 'bob', 's'],
    ['one letter too many', `Basic ${encode('bob')}A`, 'bob', ''],
  ])('%s', (_, header, user, password) => {
    expect(parseCredentials(header)).toEqual({ user, password });
  });

  it.each([
    '',
    ' ',
    'Bearer abc',
    'Digest username="bob"',
    `Basic\t${encode('bob:secret')}`,
    `Basic:${encode('bob:secret')}`,
    `Basic${encode('bob:secret')}`,
    `"Basic" ${encode('bob:secret')}`,
    encode('bob:secret'),
  ])('wrong scheme: %j', (header) => {
    expect(parseCredentials(header)).toBe('wrong-scheme');
  });
});

describe('the challenge of Basic', () => {
  it.each([
    ['Members Only', 'Basic realm="Members Only"'],
    ['', 'Basic realm=""'],
    ['a "b" c', 'Basic realm="a \\"b\\" c"'],
    ['a \\"b\\" c', 'Basic realm="a \\"b\\" c"'],
    ['stray c\\d', 'Basic realm="stray cd"'],
    ['c\\\\d', 'Basic realm="c\\\\d"'],
    ['ends with \\', 'Basic realm="ends with \\\\"'],
    ['café', 'Basic realm="caf\xc3\xa9"'],
    ['a\tb', 'Basic realm="a\tb"'],
  ])('%j', (authName, expected) => {
    expect(createBasicScheme(new Map()).challenge(realmOf(authName) ?? '', {})).toBe(expected);
  });

  it.each(['a\r\nSet-Cookie: x', 'a\0', 'a\x7f'])('no header for %j', (authName) => {
    expect(realmOf(authName)).toBeUndefined();
  });
});
