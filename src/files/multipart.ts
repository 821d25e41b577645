import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ByteRange } from './ranges.js';

export interface MultipartBody {
  readonly contentType: string;
  readonly length: number;
  /** Whoever reads it opens the parts one after the other. */
  open(): Readable;
}

/** multipart/byteranges, RFC 9110 section 14.6. `openPart` gives exactly the bytes of a range, or a stream that fails. */
export function makeMultipart(
  ranges: readonly ByteRange[],
  size: number,
  type: string | undefined,
  openPart: (range: ByteRange) => Readable,
): MultipartBody {
  const boundary = randomBytes(8).toString('hex');
  const heads = ranges.map(({ start, end }) => {
    const typeLine = type === undefined ? '' : `Content-type: ${type}\r\n`;
    return `\r\n--${boundary}\r\n${typeLine}Content-range: bytes ${start}-${end}/${size}\r\n\r\n`;
  });
  const tail = `\r\n--${boundary}--\r\n`;
  const bytes = ranges.reduce((sum, { start, end }) => sum + end - start + 1, 0);

  async function* pieces(): AsyncGenerator<Buffer> {
    for (const [index, range] of ranges.entries()) {
      yield Buffer.from(heads[index] ?? '', 'latin1');
      for await (const piece of openPart(range)) yield piece as Buffer;
    }
    yield Buffer.from(tail, 'latin1');
  }
  return {
    contentType: `multipart/byteranges; boundary=${boundary}`,
    length: heads.join('').length + bytes + tail.length,
    open: () => Readable.from(pieces(), { objectMode: false }),
  };
}
