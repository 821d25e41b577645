/** Longest line that is kept in one piece, in bytes: a program that never writes LF must not fill the memory. */
const maxLineBytes = 32_768;

/** Cuts what was printed into lines without LF. The piece after the last LF waits for its end. */
export class LineSplitter {
  readonly #onLine: (line: Buffer) => void;
  #rest: Buffer[] = [];
  #restBytes = 0;

  constructor(onLine: (line: Buffer) => void) {
    this.#onLine = onLine;
  }

  push(bytes: Uint8Array): void {
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    for (let lf = piece.indexOf(10); lf !== -1; lf = piece.indexOf(10, at)) {
      this.#keep(piece.subarray(at, lf));
      this.flush(true);
      at = lf + 1;
    }
    // A copy, since the writer may use its buffer again.
    if (at < piece.length) this.#keep(Buffer.from(piece.subarray(at)));
    if (this.#restBytes > maxLineBytes) this.flush();
  }

  /** Hands out what has no LF yet; an empty rest only if `ended` by LF. */
  flush(ended = false): void {
    if (this.#restBytes === 0 && !ended) return;
    const line = this.#rest.length === 1 ? this.#rest[0] : Buffer.concat(this.#rest, this.#restBytes);
    this.#rest = [];
    this.#restBytes = 0;
    if (line !== undefined) for (const part of cut(line)) this.#onLine(part);
  }

  #keep(bytes: Buffer): void {
    this.#rest.push(bytes);
    this.#restBytes += bytes.length;
  }
}

function* cut(line: Buffer): Generator<Buffer> {
  if (line.length <= maxLineBytes) yield line;
  else for (let at = 0; at < line.length; at += maxLineBytes) yield line.subarray(at, at + maxLineBytes);
}
