import { describe, expect, it } from 'vitest';
import { FrameReader, FrameType } from '../../src/wire/index.js';
import { encodeFrame } from './encode-frame.js';

/** What a reader that is told of bodies in parts says, each body joined again, and in how many parts it came. */
function readParts(bytes: Buffer, size: number): { readonly heard: string[]; readonly parts: number } {
  const heard: string[] = [];
  let parts = 0;
  let open: number | undefined;
  const reader = new FrameReader(
    (type, stream, payload) => {
      open = undefined;
      heard.push(`${type}/${stream}/${payload.toString('latin1')}`);
    },
    (stream, part) => {
      parts += 1;
      if (open === stream) heard[heard.length - 1] += part.toString('latin1');
      else heard.push(`body/${stream}/${part.toString('latin1')}`);
      open = stream;
    },
  );
  for (let at = 0; at < bytes.length; at += size) {
    // Whoever reads into the same memory again and again overwrites what a reader might have kept.
    const memory = Buffer.from(bytes.subarray(at, at + size));
    reader.push(memory);
    memory.fill(0xff);
  }
  return { heard, parts };
}

describe('a body in parts', () => {
  const bytes = Buffer.concat([
    encodeFrame(FrameType.response, 1, Buffer.from('200 OK')),
    encodeFrame(FrameType.body, 1, Buffer.from('abcdefgh')),
    encodeFrame(FrameType.body, 3, Buffer.from('ijklmnop')),
    encodeFrame(FrameType.end, 1),
    encodeFrame(FrameType.body, 3, Buffer.from('q')),
    encodeFrame(FrameType.ping, 0, Buffer.from('still')),
  ]);
  const expected = [
    `${FrameType.response}/1/200 OK`,
    'body/1/abcdefgh',
    'body/3/ijklmnop',
    `${FrameType.end}/1/`,
    'body/3/q',
    `${FrameType.ping}/0/still`,
  ];

  it.each([1, 2, 3, 7, 11, 19, 1000])('is the same in pieces of %d bytes', (size) => {
    expect(readParts(bytes, size).heard).toEqual(expected);
  });

  it('is a view of the piece that came, and does not wait for the end of its frame', () => {
    const frame = encodeFrame(FrameType.body, 5, Buffer.from('0123456789'));
    const seen: Buffer[] = [];
    const reader = new FrameReader(
      () => {},
      (_stream, part) => seen.push(part),
    );
    reader.push(frame.subarray(0, 12));
    expect(seen.map(String)).toEqual(['0123']);
    expect(seen[0]?.buffer).toBe(frame.buffer);
    reader.push(frame.subarray(12));
    expect(seen.map(String)).toEqual(['0123', '456789']);
  });
});
