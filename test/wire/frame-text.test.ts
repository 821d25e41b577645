import { expect, it } from 'vitest';
import { FrameType, frameText, WireViolation } from '../../src/wire/index.js';
import { encodeTextFrame } from './encode-frame.js';

it.each([
  [1, ''],
  [0, 'a\0b'],
  [0x7f_ff_ff_ff, '\xff\x80\0'],
  [0x01_02_83_04, 'x'.repeat(0x01_82_03)],
])('is the same as text and as bytes, on stream %i', (stream, payload) => {
  const text = frameText(FrameType.request, stream, payload);
  expect(Buffer.from(text, 'latin1').equals(encodeTextFrame(FrameType.request, stream, payload))).toBe(true);
  expect(text).toHaveLength(8 + payload.length);
});

it('refuses a payload that no length can tell', () => {
  expect(() => frameText(FrameType.request, 1, 'x'.repeat(0x1_00_00_00))).toThrow(WireViolation);
});
