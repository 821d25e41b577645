import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { formatHttpDate } from '../http/index.js';
import type { FileAnswer, FileRequest, ServeFile } from './answer.js';
import { entityTag, usualParts } from './entity-tag.js';
import { describeMedia } from './media.js';
import { openRegularFile } from './open-regular-file.js';
import { checkPreconditions, type FileVersion, isIfRangeFresh } from './preconditions.js';
import { selectRanges } from './ranges.js';
import { sendOpenFile } from './send-open-file.js';
import { sendParts } from './send-parts.js';

/**
 * One file as an answer, by Apache's rules (the default handler's types, validators, preconditions and byte ranges).
 * Never throws for what a request or the file system can bring, and never waits on anything but the disk.
 *
 * A body must be read to its end or destroyed; both close the file. It ends with an error if the file becomes shorter
 * while it is sent, since the promised length cannot be kept then.
 */
export const serveFile: ServeFile = async (request) => {
  const opened = await openRegularFile(request.filename);
  if (opened.kind === 'refusal') return { status: opened.status, headers: [], reason: opened.reason };
  try {
    return await answerOpenFile(request, opened.handle, opened.stat);
  } catch (error) {
    return { status: 500, headers: [], reason: `reading ${request.filename} failed: ${String(error)}` };
  } finally {
    // The body, if there is one, has a descriptor of its own.
    void opened.handle.close().catch(() => {});
  }
};

async function answerOpenFile(
  request: FileRequest,
  handle: FileHandle,
  stat: BigIntStats,
): Promise<FileAnswer> {
  const size = Number(stat.size);
  const now = Date.now();
  const tag = entityTag(stat, now, request.entityTag ?? usualParts);
  const version: FileVersion = {
    ...(tag === undefined ? {} : { entityTag: tag }),
    // HTTP dates know whole seconds.
    lastModified: Math.floor(Number(stat.mtimeNs) / 1e9) * 1000,
  };
  const media = describeMedia(request.filename, request.media ?? {});
  const typeHeader = media.type === undefined ? [] : ['Content-Type', media.type];

  const validators = [
    'Last-Modified',
    formatHttpDate(version.lastModified),
    ...(tag === undefined ? [] : ['ETag', tag]),
    'Accept-Ranges',
    'bytes',
  ];
  const outcome = checkPreconditions(request, version, now);
  if (outcome === 'not-modified')
    return { status: 304, headers: validators, ...(media.type === undefined ? {} : { type: media.type }) };
  if (outcome !== 'proceed') {
    return { status: 412, headers: [...validators, 'Content-Length', '0', ...typeHeader] };
  }

  const ranges = isIfRangeFresh(request.headers, version, now)
    ? selectRanges(request.headers, size)
    : 'whole';
  if (ranges === 'unsatisfiable') return { status: 416, headers: ['Content-Range', `bytes */${size}`] };
  const [first, ...more] = ranges === 'whole' ? [] : ranges;
  const sent =
    first !== undefined && more.length > 0
      ? await sendParts(request.method, handle, [first, ...more], size, media.type)
      : await sendOpenFile(request.method, handle, first ?? 'whole');
  if (sent.kind === 'failed')
    return { status: 500, headers: [], reason: `${request.filename}: ${sent.reason}` };
  return {
    status: sent.status,
    headers: [
      ...validators,
      ...sent.headers,
      ...media.others,
      ...(sent.contentType === undefined ? typeHeader : ['Content-Type', sent.contentType]),
    ],
    ...(sent.body ? { body: sent.body } : {}),
  };
}
