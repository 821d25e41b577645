import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';

/** Bytes of one read: each is a trip to a thread of the pool, and a write to the client. */
const pieceBytes = 262_144;

/**
 * Exactly `length` bytes of an open file from `start` on, or an error: a body that ends early must not look complete. Closes the
 * file when it has been read or is destroyed, unless somebody else does (`closes: false`).
 */
export class FileBody extends Readable {
  readonly #handle: FileHandle;
  readonly #closes: boolean;
  #position: number;
  #missing: number;

  constructor(handle: FileHandle, start: number, length: number, { closes } = { closes: true }) {
    super({ highWaterMark: pieceBytes });
    this.#handle = handle;
    this.#closes = closes;
    this.#position = start;
    this.#missing = length;
  }

  override _read(): void {
    if (this.#missing === 0) {
      this.push(null);
      return;
    }
    const wanted = Math.min(this.#missing, pieceBytes);
    this.#handle.read(Buffer.allocUnsafeSlow(wanted), 0, wanted, this.#position).then(
      ({ bytesRead, buffer }) => {
        if (bytesRead === 0) this.destroy(new Error(`the file ended ${this.#missing} bytes early`));
        if (bytesRead === 0 || this.destroyed) return;
        this.#position += bytesRead;
        this.#missing -= bytesRead;
        this.push(bytesRead === wanted ? buffer : buffer.subarray(0, bytesRead));
        if (this.#missing === 0) this.push(null);
      },
      (error: Error) => this.destroy(error),
    );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.#closes) {
      callback(error);
      return;
    }
    // Whatever becomes of a read that is under way, it has the descriptor until then.
    this.#handle.close().then(
      () => callback(error),
      () => callback(error),
    );
  }
}
