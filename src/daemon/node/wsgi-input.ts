import type { RequestBody } from './request-body.js';

/** `wsgi.input` for JavaScript: what PEP 3333 reads blocking is a promise here. At the end there is an empty buffer, for ever. */
export class WsgiInput {
  readonly #body: RequestBody;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(body: RequestBody) {
    this.#body = body;
  }

  /**
   * Up to `size` bytes, fewer only at the end; without `size` everything.
   * @throws RequestAborted when the client left before the end.
   */
  read(size = -1): Promise<Buffer> {
    // One reading after the other, so that two that overlap do not take each other's bytes.
    const result = this.#reading.then(() => this.#readUpTo(size < 0 ? Number.POSITIVE_INFINITY : size));
    this.#reading = result.catch(() => {});
    return result;
  }

  /** Pieces as they arrive. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const piece = await this.#next(Number.POSITIVE_INFINITY);
      if (piece === undefined) return;
      yield piece;
    }
  }

  async #readUpTo(size: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let missing = size;
    while (missing > 0) {
      const piece = await this.#next(missing);
      if (piece === undefined) break;
      pieces.push(piece);
      missing -= piece.length;
    }
    return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
  }

  /** The next piece, undefined at the end. */
  async #next(limit: number): Promise<Buffer | undefined> {
    for (;;) {
      const piece = this.#body.take(limit);
      if (piece !== undefined) return piece;
      if (this.#body.broken !== undefined) throw this.#body.broken;
      if (this.#body.ended) return undefined;
      await new Promise<void>((resolve) => this.#body.onChange(resolve));
    }
  }
}

/** `wsgi.errors` for JavaScript: lines for the error log. */
export class WsgiErrors {
  readonly #print: (bytes: Uint8Array) => void;

  constructor(print: (bytes: Uint8Array) => void) {
    this.#print = print;
  }

  write(text: string | Uint8Array): void {
    this.#print(typeof text === 'string' ? Buffer.from(text, 'utf8') : text);
  }

  flush(): void {}
}
