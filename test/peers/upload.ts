import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const pieceLength = 64 * 1024;

export interface Upload {
  /** SHA-256 of the part that varies, hexadecimal. */
  readonly sha256: string;
  readonly status: number;
  readonly text: string;
}

export interface Frame {
  readonly before: string;
  readonly after: string;
}

/**
 * Sends `length` bytes (a multiple of 64 KiB) that are made on the way, so that this process does not need them
 * in memory either. `frame` stands around them, as the text of a multipart form does.
 */
export async function sendUpload(
  method: 'PUT' | 'POST',
  url: string,
  length: number,
  contentType: string,
  frame: Frame = { before: '', after: '' },
): Promise<Upload> {
  const digest = createHash('sha256');
  const outgoing = request(url, {
    method,
    headers: {
      'content-type': contentType,
      'content-length': length + Buffer.byteLength(frame.before) + Buffer.byteLength(frame.after),
    },
  });
  const answered = once(outgoing, 'response');
  await pipeline(Readable.from(makeBody(length, frame, (piece) => digest.update(piece))), outgoing);
  const [response] = await answered;
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece);
  return {
    sha256: digest.digest('hex'),
    status: response.statusCode,
    text: Buffer.concat(pieces).toString(),
  };
}

function* makeBody(length: number, frame: Frame, note: (piece: Buffer) => void): Generator<Buffer> {
  if (frame.before !== '') yield Buffer.from(frame.before);
  for (let index = 0; index < length / pieceLength; index += 1) {
    const piece = Buffer.alloc(pieceLength, `piece ${index} of a long upload\n`);
    note(piece);
    yield piece;
  }
  if (frame.after !== '') yield Buffer.from(frame.after);
}
