/** Frames of the daemon protocol: length, type, stream id, payload. See README.md in this folder. */

export const FrameType = {
  hello: 0x01,
  request: 0x10,
  response: 0x20,
  body: 0x30,
  end: 0x31,
  abort: 0x32,
  credit: 0x33,
  log: 0x34,
  call: 0x40,
  reply: 0x41,
  ping: 0x50,
  pong: 0x51,
  drain: 0x52,
  accepted: 0x53,
} as const;

export type FrameType = (typeof FrameType)[keyof typeof FrameType];

/** Bytes in front of every payload. */
export const frameHeaderBytes = 8;
/** Largest payload of a BODY frame, in bytes. */
export const maxBodyBytes = 262_144;
/** BODY bytes that each direction of a stream may carry before the first CREDIT. */
export const initialWindow = 262_144;
/** Largest payload of any frame, in bytes. */
export const maxPayloadBytes = 0xff_ff_ff;

/** The peer broke the protocol; the connection is of no further use. */
export class WireViolation extends Error {
  override readonly name = 'WireViolation';
}

/** A frame as text, each character one byte: what is written together is joined without a copy then. */
export function frameText(type: FrameType, stream: number, payload: string): string {
  return frameHeaderText(type, stream, payload.length) + payload;
}

/** Only the eight header bytes. */
export function frameHeaderText(type: FrameType, stream: number, length: number): string {
  if (length > maxPayloadBytes)
    throw new WireViolation(`payload of ${length} bytes does not fit into a frame`);
  return String.fromCharCode(
    length >>> 16,
    (length >>> 8) & 0xff,
    length & 0xff,
    type,
    stream >>> 24,
    (stream >>> 16) & 0xff,
    (stream >>> 8) & 0xff,
    stream & 0xff,
  );
}

/** Only the eight header bytes, for payloads that are written separately. */
export function encodeFrameHeader(type: FrameType, stream: number, length: number): Buffer {
  const header = Buffer.allocUnsafe(frameHeaderBytes);
  writeFrameHeader(header, 0, type, stream, length);
  return header;
}

/** The same, to a place in a buffer that holds many frames. */
export function writeFrameHeader(
  target: Buffer,
  at: number,
  type: FrameType,
  stream: number,
  length: number,
): void {
  if (length > maxPayloadBytes)
    throw new WireViolation(`payload of ${length} bytes does not fit into a frame`);
  target.writeUInt32BE(length * 256 + type, at);
  target.writeUInt32BE(stream, at + 4);
}

export type FrameHandler = (type: FrameType, stream: number, payload: Buffer) => void;
/** A part of a BODY frame, at least one byte. */
export type BodyPartHandler = (stream: number, part: Buffer) => void;

/** By the number of the type. */
const isKnown: boolean[] = new Array<boolean>(256).fill(false);
for (const type of Object.values(FrameType)) isKnown[type] = true;

const noPayload = Buffer.alloc(0);

/**
 * Cuts a byte stream into frames, however it arrives. Payloads are views of the pieces pushed in where they lie in one
 * piece; a handler that keeps one beyond its call must copy it, as the reader does with the begin of a frame: pieces are the caller's again. `body` hears of BODY frames instead, of each part as it comes, so that
 * none of them is put together from two pieces: that would copy nearly all of a large body.
 */
export class FrameReader {
  readonly #onFrame: FrameHandler;
  readonly #onBody: BodyPartHandler | undefined;
  /** Bytes that the BODY frame at hand still lacks, and its stream. */
  #bodyLeft = 0;
  #bodyStream = 0;
  #rest: Buffer[] = [];
  #restBytes = 0;
  #wanted = frameHeaderBytes;

  constructor(onFrame: FrameHandler, body?: BodyPartHandler) {
    this.#onFrame = onFrame;
    this.#onBody = body;
  }

  /** @throws WireViolation for an unknown frame type. */
  push(piece: Buffer): void {
    if (this.#restBytes === 0) {
      this.#cut(piece);
      return;
    }
    this.#rest.push(Buffer.from(piece));
    this.#restBytes += piece.length;
    if (this.#restBytes < this.#wanted) return;
    const whole = Buffer.concat(this.#rest, this.#restBytes);
    this.#rest = [];
    this.#restBytes = 0;
    this.#cut(whole);
  }

  #cut(bytes: Buffer): void {
    let at = this.#takeBody(bytes, 0);
    while (bytes.length - at >= frameHeaderBytes) {
      const word = bytes.readUInt32BE(at);
      const length = word >>> 8;
      const type = word & 0xff;
      if (isKnown[type] !== true) throw new WireViolation(`unknown frame type 0x${type.toString(16)}`);
      const end = at + frameHeaderBytes + length;
      if (type === FrameType.body && this.#onBody !== undefined) {
        this.#bodyStream = bytes.readUInt32BE(at + 4);
        this.#bodyLeft = length;
        at = this.#takeBody(bytes, at + frameHeaderBytes);
        continue;
      }
      if (end > bytes.length) {
        this.#keep(bytes.subarray(at), frameHeaderBytes + length);
        return;
      }
      this.#onFrame(
        type as FrameType,
        bytes.readUInt32BE(at + 4),
        length === 0 ? noPayload : bytes.subarray(at + frameHeaderBytes, end),
      );
      at = end;
    }
    if (at < bytes.length) this.#keep(bytes.subarray(at), frameHeaderBytes);
  }

  /** Hands on what there is of the BODY frame at hand; returns where it ends. */
  #takeBody(bytes: Buffer, at: number): number {
    const end = Math.min(at + this.#bodyLeft, bytes.length);
    if (end === at) return at;
    this.#bodyLeft -= end - at;
    this.#onBody?.(this.#bodyStream, bytes.subarray(at, end));
    return end;
  }

  #keep(rest: Buffer, wanted: number): void {
    this.#rest = [Buffer.from(rest)];
    this.#restBytes = rest.length;
    this.#wanted = wanted;
  }
}
