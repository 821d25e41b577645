/** A write of so many bytes on a Unix socket is taken by Linux as one piece, or not at all. */
const pieceBytes = 16_384;

/** No daemon process reads with a smaller buffer: only a backlog that fills it can be read up to the middle of a piece. */
const leastReadBytes = 65_536;

/**
 * What of the bytes to one daemon process it certainly has not read when their connection is lost. Linux tells two things for sure: a write that
 * fails was not taken, and ECONNRESET means that the other end was closed with something unread, so with the last piece, since pieces are read
 * in order. Offsets count the bytes since the connection began.
 */
export class WriteLedger {
  readonly #isLinux: boolean;
  #queued = 0;
  #written = 0;
  /** Up to here the daemon has read: it has answered. */
  #read = 0;
  /** Where the last write began, if it was one piece. */
  #lastPiece: number | undefined;
  /** The end of the last write that may have found more unread than one read takes. */
  #overfull = 0;

  constructor(isLinux = process.platform === 'linux') {
    this.#isLinux = isLinux;
  }

  /** A frame waits to be written; returns the offset at which it begins. */
  queue(bytes: number): number {
    const start = this.#queued;
    this.#queued += bytes;
    return start;
  }

  /** All that is queued goes out. `isAlone`: nothing written before is still to be taken. */
  write(isAlone: boolean): void {
    const start = this.#written;
    this.#written = this.#queued;
    this.#lastPiece = isAlone && this.#written - start <= pieceBytes ? start : undefined;
    if (this.#written - this.#read > leastReadBytes) this.#overfull = this.#written;
  }

  /** The daemon has answered a frame that begins there, and so has read what came before it. */
  noteRead(start: number): void {
    if (start > this.#read) this.#read = start;
  }

  /** The connection is lost, by this error if there was one: no frame that begins here or later was read as a whole. */
  unreadFrom(error: NodeJS.ErrnoException | undefined): number {
    if (!this.#isLinux || this.#lastPiece === undefined) return this.#written;
    const failedWrite = error?.syscall === 'write';
    const leftUnread =
      error?.syscall === 'read' && error.code === 'ECONNRESET' && this.#overfull <= this.#read;
    return failedWrite || leftUnread ? this.#lastPiece : this.#written;
  }
}
