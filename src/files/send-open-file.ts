import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { pipeline, type Readable, Transform } from 'node:stream';
import { loadSend } from './load-send.js';
import type { ByteRange } from './ranges.js';

export type SentFile =
  | {
      readonly kind: 'sent';
      readonly status: 200 | 206;
      /** Content-Length and, of a part, Content-Range. */
      readonly headers: readonly string[];
      /** Where it is not the file's own. */
      readonly contentType?: string;
      readonly body?: Readable;
    }
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Lets @fastify/send answer for a file that is already open and known to be what it should be. The library takes
 * paths that are UTF-8 and opens them itself; the name of the descriptor gives it exactly this file, whatever its name
 * and whatever happens to its name meanwhile. The handle may be closed afterwards.
 */
export async function sendOpenFile(
  method: string,
  handle: FileHandle,
  range: ByteRange | 'whole',
): Promise<SentFile> {
  const headers = range === 'whole' ? {} : { range: `bytes=${range.start}-${range.end}` };
  // Typed as a stream, but `method` and `headers` are all that is read.
  const request = { method, headers } as unknown as Readable;
  const answer = await loadSend()(request, `${descriptorFolder}/${handle.fd}`, {
    dotfiles: 'allow',
    index: false,
    cacheControl: false,
    contentType: false,
    etag: false,
    lastModified: false,
  });
  const { statusCode: status, stream } = answer;
  if (answer.type !== 'file' || (status !== 200 && status !== 206)) {
    discard(stream);
    return { kind: 'failed', reason: `${descriptorFolder} cannot be used (status ${status})` };
  }

  const length = Number(answer.headers['Content-Length']);
  const contentRange = answer.headers['Content-Range'];
  const sentHeaders = [
    'Content-Length',
    String(length),
    ...(contentRange ? ['Content-Range', contentRange] : []),
  ];
  if (method === 'HEAD' || length === 0) {
    discard(stream);
    return { kind: 'sent', status, headers: sentHeaders };
  }
  await once(stream, 'open');
  return { kind: 'sent', status, headers: sentHeaders, body: keepLength(stream, length) };
}

/** Where the open files of this process have names. */
export const descriptorFolder = process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd';

/** It may be about to open the descriptor, which will be closed by then. */
function discard(stream: Readable): void {
  stream.on('error', () => {}).destroy();
}

/** Passes on exactly `length` bytes, or ends with an error: a body that ends early must not look complete. */
export function keepLength(source: Readable, length: number): Readable {
  let missing = length;
  const body = new Transform({
    transform(chunk: Buffer, _, done) {
      missing -= chunk.length;
      done(null, chunk);
    },
    flush(done) {
      done(missing === 0 ? null : new Error(`the file ended ${missing} bytes early`));
    },
  });
  // Errors reach whoever reads the body; destroying the body closes the file.
  return pipeline(source, body, () => {});
}
