import { describe, expect, it } from 'vitest';
import { parseGroupFile } from '../../src/auth/group-file.js';
import { parseWhole } from './parse-whole.js';

describe('parseGroupFile', () => {
  it.each<[string, string, Record<string, string[]>]>([
    ['one group', 'staff: bob amy', { bob: ['staff'], amy: ['staff'] }],
    ['two groups', 'staff: bob\neditors: bob', { bob: ['staff', 'editors'] }],
    ['a group that comes again', 'staff: bob\nstaff: amy\n', { bob: ['staff'], amy: ['staff'] }],
    ['CRLF and blanks', '  staff :\tbob   amy \r\n', { bob: ['staff'], amy: ['staff'] }],
    ['no blank after the colon', 'staff:bob', { bob: ['staff'] }],
    ['members with blanks', `s: "a b" 'c d' e`, { 'a b': ['s'], 'c d': ['s'], e: ['s'] }],
    ['quotes in members', `s: "a\\"b" 'c\\'d' e"f`, { 'a"b': ['s'], "c'd": ['s'], 'e"f': ['s'] }],
    ['an open quote', 's: a "b c', { a: ['s'], 'b c': ['s'] }],
    ['an open quote and a backslash', 's: a "b c\\', { a: ['s'], 'b c\\': ['s'] }],
    ['what stands right behind a quoted member', `s: "a"b'c'`, { a: ['s'], "b'c'": ['s'] }],
    ['a member who comes again', 's: bob bob\nt: bob\ns: bob', { bob: ['s', 't'] }],
    [
      'many groups of one',
      's: bob amy\nt: bob\nu: bob joe',
      { bob: ['s', 't', 'u'], amy: ['s'], joe: ['u'] },
    ],
    ['a group name with blanks', 'c d: bob', { bob: ['c d'] }],
    ['comments, empty lines, no colon', '# s: bob\n\nnocolon amy\n', {}],
    ['a group without members', 's:', {}],
    ['names of object members', '__proto__: constructor', { constructor: ['__proto__'] }],
    ['a byte that Unicode calls a blank', 's: a\xa0b', { 'a\xa0b': ['s'] }],
    ['a colon in a member', 's: a:b', { 'a:b': ['s'] }],
  ])('%s', (_, text, expected) => {
    const found = [...parseWhole(parseGroupFile(text))].map(([user, groups]) => [user, [...groups]]);
    expect(found).toEqual(Object.entries(expected));
  });
});
