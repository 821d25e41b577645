import { describe, expect, it } from 'vitest';
import { authenticate } from '../../src/htpasswd-auth/index.js';
import { parsePasswordFile } from '../../src/htpasswd-auth/password-file.js';

describe('parsePasswordFile', () => {
  it.each([
    ['one entry', 'bob:hash', [['bob', 'hash']]],
    ['nothing', '', []],
    ['comments and empty lines', '# x:y\n\n  #z:a\nbob:h\n', [['bob', 'h']]],
    [
      'CRLF',
      'bob:h\r\namy:i\r\n',
      [
        ['bob', 'h'],
        ['amy', 'i'],
      ],
    ],
    ['blanks around a line', ' \tbob:h \t', [['bob', 'h']]],
    ['blanks beside the colon belong to the words', 'bob : h', [['bob ', ' h']]],
    ['a second colon', 'bob:h:Bob Bobson:x', [['bob', 'h']]],
    ['the first of two entries', 'bob:1\nbob:2', [['bob', '1']]],
    ['a line without colon', 'bob\nbob:2', [['bob', '']]],
    ['the empty user', ':h', [['', 'h']]],
    [
      'capital letters',
      'Bob:1\nbob:2',
      [
        ['Bob', '1'],
        ['bob', '2'],
      ],
    ],
    [
      'names of object members',
      '__proto__:1\nconstructor:2',
      [
        ['__proto__', '1'],
        ['constructor', '2'],
      ],
    ],
    [
      'a byte that Unicode calls a blank',
      'bob\xa0:h\n\xa0amy:i',
      [
        ['bob\xa0', 'h'],
        ['\xa0amy', 'i'],
      ],
    ],
  ])('%s', (_, text, entries) => {
    expect([...parsePasswordFile(text)]).toEqual(entries);
  });
});

describe('authenticate', () => {
  const file = [
    '# made by htpasswd -s and htpasswd -d',
    'bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=',
    'bj\xf6rn:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=',
    'des:abNANd1rDfiNc',
    'plain:secret',
    'none',
  ].join('\r\n');

  it.each([
    ['bob', 'secret', true],
    ['des', 'secret', true],
    ['bj\xf6rn', 'secret', true],
    ['bob', 'Secret', false],
    ['bob', '', false],
    ['Bob', 'secret', false],
    ['amy', 'secret', false],
    ['plain', 'secret', false],
    ['none', '', false],
    ['# made by htpasswd -s and htpasswd -d', '', false],
    ['bob', '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=', false],
    ['des', 'abNANd1rDfiNc', false],
    ['__proto__', 'secret', false],
  ])('%s with %s: %s', async (user, password, expected) => {
    expect(await authenticate(user, password, file)).toBe(expected);
  });
});
