import { type FrameType, frameHeaderBytes, writeFrameHeader } from '../../src/wire/index.js';

/** A whole frame, for tests that speak for one side. @throws WireViolation for a payload that does not fit into one */
export function encodeFrame(type: FrameType, stream: number, payload?: Uint8Array | undefined): Buffer {
  const length = payload === undefined ? 0 : payload.length;
  const frame = Buffer.allocUnsafe(frameHeaderBytes + length);
  writeFrameHeader(frame, 0, type, stream, length);
  if (payload !== undefined) frame.set(payload, frameHeaderBytes);
  return frame;
}

/** The same of a latin-1 text. */
export function encodeTextFrame(type: FrameType, stream: number, text: string): Buffer {
  const frame = Buffer.allocUnsafe(frameHeaderBytes + text.length);
  writeFrameHeader(frame, 0, type, stream, text.length);
  frame.write(text, frameHeaderBytes, 'latin1');
  return frame;
}
