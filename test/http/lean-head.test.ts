import { describe, expect, it } from 'vitest';
import { readLeanHead } from '../../src/http/index.js';
import { createRandom, makeCorpus, plain } from '../server/request-corpus.js';

const limits = { headBytes: 8_000, headerLines: 20 };
const request = 'POST /a?b HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\nX-Blank: \t a b\t \r\n\r\n';

describe('a head of the plain kind', () => {
  it('is read as it was sent', () => {
    const head = readLeanHead(`${request}abc`, limits);
    expect(head).toEqual({
      method: 'POST',
      target: '/a?b',
      length: request.length,
      fields: {
        text: 'Host: a.example\r\nContent-Length: 3\r\nX-Blank: \t a b\t \r\n',
        list: ['Host', 'a.example', 'Content-Length', '3', 'X-Blank', 'a b'],
        bodyLength: 3,
        closes: false,
      },
    });
  });

  it.each([
    ['close', true],
    ['CLOSE', true],
    ['keep-alive', false],
  ])('may say Connection: %s', (value, closes) => {
    const head = readLeanHead(`GET / HTTP/1.1\r\nConnection: ${value}\r\n\r\n`, limits);
    expect(head?.fields).toMatchObject({ closes, bodyLength: undefined });
  });

  it('shares its fields with the one before if they are the same, byte by byte', () => {
    const before = readLeanHead(request, limits)?.fields;
    expect(readLeanHead(request.replace('/a', '/other'), limits, before)?.fields).toBe(before);
    const changed = readLeanHead(request.replace('a.example', 'b.example'), limits, before);
    expect(changed?.fields).not.toBe(before);
    expect(changed?.fields.list[1]).toBe('b.example');
  });

  it('is read as far as the limits allow, to the byte and to the line', () => {
    const { length } = request;
    expect(readLeanHead(request, { headBytes: length, headerLines: 3 })).toBeDefined();
    expect(readLeanHead(request, { headBytes: length - 1, headerLines: 3 })).toBeUndefined();
    expect(readLeanHead(request, { headBytes: length, headerLines: 2 })).toBeUndefined();
    expect(readLeanHead(request, { headBytes: length, headerLines: 0 })).toBeDefined();
  });

  it('has to be there as a whole', () => {
    for (let at = 0; at < request.length; at += 1)
      expect(readLeanHead(request.slice(0, at), limits), String(at)).toBeUndefined();
  });

  it('holds no byte where it may not stand', () => {
    const allowed = (pattern: RegExp) => bytes.filter((byte) => pattern.test(byte)).join('');
    const taken = (make: (byte: string) => string) =>
      bytes.filter((byte) => readLeanHead(make(byte), limits) !== undefined).join('');
    expect(taken((byte) => `GET /${byte} HTTP/1.1\r\n\r\n`)).toBe(allowed(/[\w\-.~!$&'()*+,;=:@%/?[\]]/));
    expect(taken((byte) => `GET / HTTP/1.1\r\nX: a${byte}b\r\n\r\n`)).toBe(allowed(/[\t\x20-\x7e\x80-\xff]/));
    expect(taken((byte) => `GET / HTTP/1.1\r\nX${byte}: a\r\n\r\n`)).toBe(allowed(/[\w!#$%&'*+\-.^`|~:]/));
    expect(taken((byte) => `GET${byte}/ HTTP/1.1\r\n\r\n`)).toBe(' ');
    expect(taken((byte) => `GET /${byte}HTTP/1.1\r\n\r\n`)).toBe(' ');
    expect(taken((byte) => `GET / HTTP/1.1${byte}\n\r\n`)).toBe('\r');
    expect(taken((byte) => `GET / HTTP/1.1\r${byte}\r\n`)).toBe('\n');
    expect(taken((byte) => `GET / HTTP/1.1\r\nContent-Length: 1${byte}\r\n\r\n`)).toBe('\t 0123456789');
  });
});

const bytes = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));

/** One line for what RFC 9112 allows at most of what is taken, written down in another way than the reader does it. */
const strict =
  /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \/[^\x00-\x20"#<>\\^`{|}\x7f-\xff]* HTTP\/1\.1\r\n([!#$%&'*+\-.^_`|~\w]+:[^\x00-\x08\x0a-\x1f\x7f]*\r\n)*\r\n$/;

it('whatever is taken of thousands of damaged requests is strictly one whole head, and its fields are all of it', () => {
  let taken = 0;
  for (const [text = ''] of makeCorpus(8, 20_000)) {
    const head = readLeanHead(text, limits);
    if (head === undefined) continue;
    taken += 1;
    const { fields, length } = head;
    expect(text.slice(0, length)).toMatch(strict);
    expect(text.slice(0, length - 2)).not.toContain('\r\n\r\n');
    const lines = fields.text.split('\r\n').slice(0, -1);
    const read = lines.map((line) => line.split(/:(.*)/s)).map(([name, value = '']) => [name, trim(value)]);
    expect(fields.list).toEqual(read.flat());
    const named = (wanted: string) => read.filter(([name = '']) => name.toLowerCase() === wanted);
    expect(named('content-length').length).toBeLessThan(2);
    expect(fields.bodyLength).toBe(lengthOf(named('content-length')[0]?.[1]));
    for (const name of ['transfer-encoding', 'upgrade', 'expect', 'trailer']) expect(named(name)).toEqual([]);
  }
  expect(taken).toBeGreaterThan(2_000);
});

function trim(value: string): string {
  return value.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '');
}

function lengthOf(value: string | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

it('takes no time that grows faster than the head', () => {
  const random = createRandom(1);
  const long = { headBytes: 1_000_000, headerLines: 0 };
  const begun = performance.now();
  for (const line of [
    ':',
    'a:',
    'a: ; ; ;',
    `a:${' \t'.repeat(2_000)}`,
    'a:\r',
    '\r',
    `${'a'.repeat(4_000)}`,
  ]) {
    const times = Math.floor(900_000 / (line.length + 2));
    readLeanHead(`${'GET / HTTP/1.1\r\n'}${`${line}\r\n`.repeat(times)}\x01${random(9)}\r\n\r\n`, long);
  }
  expect(performance.now() - begun).toBeLessThan(2_000);
  expect(plain.length).toBeGreaterThan(0);
});
