import { ReadableStream } from 'node:stream/web';
import type { RequestBody } from '../request-body.js';

/** The body of a request as it is read; `wanted` is called when somebody begins to. */
export function readableBody(body: RequestBody, wanted: () => void): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        wanted();
        return whenSettled(body, (resolve, reject) => {
          const piece = body.take();
          if (piece !== undefined) {
            controller.enqueue(new Uint8Array(piece.buffer, piece.byteOffset, piece.length));
            resolve();
          } else if (body.broken !== undefined) reject(body.broken);
          else if (body.ended) {
            controller.close();
            resolve();
          } else return false;
          return true;
        });
      },
      cancel() {
        body.discard();
      },
    },
    { highWaterMark: 0 },
  );
}

/** All of it. Rejects when it breaks off. */
export function readWholeBody(body: RequestBody): Promise<Buffer> {
  const pieces: Buffer[] = [];
  return whenSettled(body, (resolve, reject) => {
    for (let piece = body.take(); piece !== undefined; piece = body.take()) pieces.push(piece);
    if (body.broken !== undefined) reject(body.broken);
    else if (body.ended) resolve(pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces));
    else return false;
    return true;
  });
}

/** Asks `step` now and whenever something has come, until it has settled the promise. */
function whenSettled<T>(
  body: RequestBody,
  step: (resolve: (value: T) => void, reject: (error: Error) => void) => boolean,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (step(resolve, reject)) return;
    body.onChange(() => {
      if (step(resolve, reject)) body.onChange(() => {});
    });
  });
}
