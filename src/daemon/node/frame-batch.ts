import type { Socket } from 'node:net';
import { encodeFrameHeader, FrameType, frameHeaderBytes, writeFrameHeader } from '../../wire/index.js';

/** Frames lie one behind the other in buffers of this size, one of which mostly goes out in one write. */
const spaceBytes = 65_536;
/** Payloads up to this size are copied; larger ones go out from where they are. */
const copyUpToBytes = 8_192;
/** So many answers of one turn go out together: the front end passes them on while the next ones are made. */
const answersTogether = 4;

const nothing = Buffer.alloc(0);

/** Collects the frames of one turn of the event loop and hands them to the socket in few writes. */
export class FrameBatch {
  readonly #socket: Socket;
  /** Full ones, and payloads that were not copied. */
  #pieces: Buffer[] = [];
  #piecesBytes = 0;
  #space = Buffer.allocUnsafeSlow(spaceBytes);
  #start = 0;
  #end = 0;
  #isScheduled = false;
  /** Answers that have ended since the last write. */
  #answers = 0;
  readonly #flushScheduled = (): void => {
    this.#isScheduled = false;
    this.flush();
  };

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Bytes that were added and that the front end has not read yet. */
  get waitingBytes(): number {
    return this.#piecesBytes + (this.#end - this.#start) + this.#socket.writableLength;
  }

  /** `text`: each character one byte. */
  addText(type: FrameType, stream: number, text: string): void {
    const { length } = text;
    if (length > copyUpToBytes) {
      this.addBytes(type, stream, Buffer.from(text, 'latin1'));
      return;
    }
    const at = this.#reserve(type, stream, length);
    this.#space.write(text, at, length, 'latin1');
  }

  /** False: the bytes are not copied, and must stay as they are until {@link whenTaken} says so. */
  addBytes(type: FrameType, stream: number, bytes: Uint8Array): boolean {
    const { length } = bytes;
    if (length <= copyUpToBytes) {
      const at = this.#reserve(type, stream, length);
      this.#space.set(bytes, at);
      return true;
    }
    // Says no to what is too large, before anything of it is there.
    const header = encodeFrameHeader(type, stream, length);
    this.#seal();
    this.#schedule();
    this.#pieces.push(header, Buffer.from(bytes.buffer, bytes.byteOffset, length));
    this.#piecesBytes += frameHeaderBytes + length;
    return false;
  }

  /** Sends what was added, and calls when the system has it, or the socket is gone: mostly at once. */
  whenTaken(callback: () => void): void {
    this.flush();
    if (this.#socket.destroyed || this.#socket.writableLength === 0) callback();
    else this.#socket.write(nothing, () => callback());
  }

  addEmpty(type: FrameType, stream: number): void {
    this.#reserve(type, stream, 0);
    if (type !== FrameType.end) return;
    this.#answers += 1;
    if (this.#answers === answersTogether) this.flush();
  }

  flush(): void {
    this.#answers = 0;
    if (this.#socket.destroyed) {
      this.#pieces = [];
      this.#piecesBytes = 0;
      this.#start = this.#end;
      return;
    }
    if (this.#pieces.length === 0) {
      if (this.#end === this.#start) return;
      this.#socket.write(this.#space.subarray(this.#start, this.#end));
    } else {
      this.#seal();
      const pieces = this.#pieces;
      this.#pieces = [];
      this.#piecesBytes = 0;
      this.#socket.cork();
      for (const piece of pieces) this.#socket.write(piece);
      this.#socket.uncork();
    }
    // Nothing of it is waiting any more, so that it can be written over.
    if (this.#socket.writableLength === 0) this.#end = 0;
    this.#start = this.#end;
  }

  /** Writes the header of a frame; where its payload goes in the space. */
  #reserve(type: FrameType, stream: number, length: number): number {
    if (this.#end + frameHeaderBytes + length > spaceBytes) {
      this.#seal();
      this.#space = Buffer.allocUnsafeSlow(spaceBytes);
      this.#start = 0;
      this.#end = 0;
    }
    const at = this.#end;
    writeFrameHeader(this.#space, at, type, stream, length);
    this.#end = at + frameHeaderBytes + length;
    this.#schedule();
    return at + frameHeaderBytes;
  }

  #seal(): void {
    if (this.#end === this.#start) return;
    this.#pieces.push(this.#space.subarray(this.#start, this.#end));
    this.#piecesBytes += this.#end - this.#start;
    this.#start = this.#end;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#flushScheduled);
  }
}
