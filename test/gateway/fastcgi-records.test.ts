import { describe, expect, it } from 'vitest';
import {
  encodeFastcgiVariables,
  encodeStream,
  RecordReader,
  recordTypes,
} from '../../src/gateway/fastcgi-records.js';

describe('the variables of a FastCGI request', () => {
  it.each([
    [['A', 'b'], '\x01\x01Ab'],
    [['', ''], '\x00\x00'],
    [['A', 'x'.repeat(127)], `\x01\x7fA${'x'.repeat(127)}`],
    [['A', 'x'.repeat(128)], `\x01\x80\x00\x00\x80A${'x'.repeat(128)}`],
    [['N'.repeat(300), '\xe9'], `\x80\x00\x01\x2c\x01${'N'.repeat(300)}\xe9`],
    [['A', '1', 'B', ''], '\x01\x01A1\x01\x00B'],
  ])('are %j', (variables, expected) => {
    expect(encodeFastcgiVariables(variables).toString('latin1')).toBe(expected);
  });
});

describe('records', () => {
  const bytes = Buffer.from(
    '\x01\x06\x00\x01\x00\x03\x05\x00abc#####\x01\x07\x00\x02\x00\x00\x00\x00\x01\x03\x00\x01\x00\x01\x00\x00x',
    'latin1',
  );
  const expected = [
    [recordTypes.stdout, 1, 'abc'],
    [recordTypes.stderr, 2, ''],
    [recordTypes.endRequest, 1, 'x'],
  ];

  it.each([1, 2, 3, 7, 8, 9, 16, 100])('are found in pieces of %d bytes', (size) => {
    const reader = new RecordReader();
    const found: unknown[] = [];
    for (let at = 0; at < bytes.length; at += size)
      for (const { type, id, content } of reader.take(bytes.subarray(at, at + size)).records)
        found.push([type, id, content.toString('latin1')]);
    expect(found).toEqual(expected);
    expect(reader.hasRest).toBe(false);
  });

  it('of another version are the last ones that are read', () => {
    const reader = new RecordReader();
    const { records, invalid } = reader.take(
      Buffer.concat([bytes, Buffer.from('\x02\x06\x00\x01\x00\x00\x00\x00')]),
    );
    expect([records.length, invalid]).toEqual([3, 'a record of version 2']);
  });

  it('hold as much as their length can say', () => {
    const records = encodeStream(recordTypes.stdin, 1, Buffer.alloc(0x1_0000, 'x'));
    expect(records.map(({ length }) => length)).toEqual([8, 0xffff, 8, 1]);
    expect(encodeStream(recordTypes.stdin, 1, Buffer.alloc(0))).toEqual([]);
  });
});
