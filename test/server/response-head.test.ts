import { describe, expect, it } from 'vitest';
import { KnownHeads, prepareResponseHead } from '../../src/server/response-head.js';

function prepare(headers: readonly string[], status = 200, charset = '', size = 100) {
  const head = prepareResponseHead({ status, reason: '', headers }, size, charset);
  return head.kind === 'head' ? head.headers : head.reason;
}

describe('the head of an application', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['goes out as it is', ['A', '1', 'b', '2'], ['A', '1', 'b', '2']],
    ['joins what comes twice', ['A', '1', 'B', 'x', 'a', '2'], ['A', '1, 2', 'B', 'x']],
    [
      'takes the last of what makes no list',
      ['ETag', '"1"', 'Content-Type', 'a/b', 'etag', '"2"', 'content-type', 'c/d'],
      ['ETag', '"2"', 'Content-Type', 'c/d'],
    ],
    [
      'keeps cookies and challenges apart, behind the rest',
      ['Set-Cookie', 'a', 'A', '1', 'set-cookie', 'b', 'WWW-Authenticate', 'x', 'WWW-Authenticate', 'y'],
      ['A', '1', 'Set-Cookie', 'a', 'set-cookie', 'b', 'WWW-Authenticate', 'x', 'WWW-Authenticate', 'y'],
    ],
    ['leaves out what the server says', ['Date', 'now', 'Server', 'me', 'A', '1'], ['A', '1']],
    [
      'leaves out what is about the connection',
      [
        'Connection',
        'close, X-A',
        'X-A',
        '1',
        'x-a',
        '2',
        'Keep-Alive',
        '5',
        'TE',
        'x',
        'Trailer',
        'y',
        'B',
        '1',
      ],
      ['B', '1'],
    ],
    [
      'keeps a length that Connection names',
      ['Connection', 'content-length', 'Content-Length', '5'],
      ['Content-Length', '5'],
    ],
    [
      'takes out a field with a bad value that is about the connection',
      ['Upgrade', 'a\nb', 'B', '1'],
      ['B', '1'],
    ],
  ])('%s', (_, given, expected) => {
    expect(prepare(given)).toEqual(expected);
    // Once more, when the names are known.
    expect(prepare(given)).toEqual(expected);
  });

  it.each<[string, readonly string[]]>([
    ['"a b" is no header name', ['a b', '1']],
    ['"" is no header name', ['', '1']],
    ['the value of A holds a control character', ['A', 'x\ny']],
    ['the value of Server holds a control character', ['Server', 'x\ry']],
    ['the header A is longer than 100 bytes (header-buffer-size)', ['A', 'x'.repeat(98)]],
    ['Content-Length "5x" is no number of bytes', ['Content-Length', '5x']],
    ['Content-Length "" is no number of bytes', ['Content-Length', '']],
    ['Content-Length "-1" is no number of bytes', ['Content-Length', '4', 'Content-Length', '-1']],
  ])('is refused: %s', (reason, headers) => {
    expect(prepare(headers)).toBe(reason);
    expect(prepare(headers)).toBe(reason);
  });

  it('has no length where there is no body', () => {
    for (const status of [204, 304])
      expect(prepare(['A', '1', 'Content-Length', '5', 'Content-Type', 'a/b'], status)).toEqual([
        'A',
        '1',
        'Content-Type',
        'a/b',
      ]);
  });

  it('is given a character set where it names none', () => {
    expect(prepare(['Content-Type', 'text/plain', 'A', '1'], 304, 'utf-8')).toEqual([
      'Content-Type',
      'text/plain; charset=utf-8',
      'A',
      '1',
    ]);
  });

  it('is refused for a status that is none, and for a reason that is none', () => {
    for (const status of [100, 199, 1000])
      expect(prepareResponseHead({ status, reason: '', headers: [] }, 100)).toMatchObject({
        kind: 'invalid',
      });
    expect(prepareResponseHead({ status: 200, reason: 'a\rb', headers: [] }, 100)).toMatchObject({
      kind: 'invalid',
    });
  });

  it('is found again for the same message, and only for that', () => {
    const heads = new KnownHeads();
    const messages = Array.from({ length: 6 }, (_, at) => ({
      status: 200,
      reason: '',
      headers: ['A', String(at)],
    }));
    for (const message of [...messages, ...messages.toReversed(), ...messages])
      expect(heads.prepare(message, 100)).toMatchObject({ kind: 'head', headers: message.headers });
    const [first] = messages;
    if (first !== undefined) expect(heads.prepare(first, 100)).toBe(heads.prepare(first, 100));
  });
});
