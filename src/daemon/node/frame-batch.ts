import type { Socket } from 'node:net';

/** Up to this many bytes, one copy and one write beat a list of buffers. */
const joinBytes = 65_536;

/** Collects the frames of one turn of the event loop and hands them to the socket in one write. */
export class FrameBatch {
  readonly #socket: Socket;
  #frames: Buffer[] = [];
  #bytes = 0;
  readonly #flush = (): void => this.flush();

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Bytes that were added and that the front end has not read yet. */
  get waitingBytes(): number {
    return this.#bytes + this.#socket.writableLength;
  }

  add(frame: Buffer): void {
    if (this.#frames.length === 0) setImmediate(this.#flush);
    this.#frames.push(frame);
    this.#bytes += frame.length;
  }

  flush(): void {
    const frames = this.#frames;
    if (frames.length === 0) return;
    const bytes = this.#bytes;
    this.#frames = [];
    this.#bytes = 0;
    if (this.#socket.destroyed) return;
    if (bytes <= joinBytes) {
      this.#socket.write(frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames, bytes));
      return;
    }
    this.#socket.cork();
    for (const frame of frames) this.#socket.write(frame);
    this.#socket.uncork();
  }
}
