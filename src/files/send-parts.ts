import { type FileHandle, open } from 'node:fs/promises';
import { makeMultipart } from './multipart.js';
import type { ByteRange } from './ranges.js';
import { descriptorFolder, keepLength, type SentFile } from './send-open-file.js';

/** Several ranges of a file that is already open, as one multipart answer. The handle may be closed afterwards. */
export async function sendParts(
  method: string,
  handle: FileHandle,
  ranges: readonly ByteRange[],
  size: number,
  type: string | undefined,
): Promise<SentFile & { readonly kind: 'sent' }> {
  const own = method === 'HEAD' ? undefined : await open(`${descriptorFolder}/${handle.fd}`);
  const multipart = makeMultipart(ranges, size, type, ({ start, end }) => {
    if (own === undefined) throw new Error('the answer to HEAD has no parts');
    return keepLength(own.createReadStream({ start, end, autoClose: false }), end - start + 1);
  });
  const headers = ['Content-Length', String(multipart.length)];
  const { contentType } = multipart;
  if (own === undefined) return { kind: 'sent', status: 206, headers, contentType };
  const body = multipart.open();
  // Also when nobody ever reads it.
  body.once('close', () => void own.close().catch(() => {}));
  return { kind: 'sent', status: 206, headers, contentType, body };
}
