import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { formatHttpDate } from '../http/index.js';
import type { FileAnswer, FileRequest, ServeFile } from './answer.js';
import { entityTag, usualParts } from './entity-tag.js';
import { FileBody } from './file-body.js';
import { type KeptFile, keepFile, keptFileBytes, recallFile } from './kept-files.js';
import { describeMedia, type MediaHeaders } from './media.js';
import { makeMultipart } from './multipart.js';
import { openRegularFile } from './open-regular-file.js';
import { checkPreconditions, type FileVersion, isIfRangeFresh } from './preconditions.js';
import { type ByteRange, selectRanges } from './ranges.js';

/**
 * One file as an answer, by Apache's rules (the default handler's types, validators, preconditions and byte ranges).
 * Never throws for what a request or the file system can bring, and never waits on anything but the disk; small files
 * that nobody has touched come from memory.
 *
 * A body must be read to its end or destroyed; both close the file. It ends with an error if the file becomes shorter
 * while it is sent, since the promised length cannot be kept then.
 */
export const serveFile: ServeFile = (request) => {
  const kept = recallFile(request.filename);
  if (kept === undefined) return openAndServe(request);
  const plan = planAnswer(request, kept.stat);
  if (plan.kind === 'answer') return plan.answer;
  const [range, ...more] = plan.ranges;
  return more.length > 0 ? openAndServe(request) : sendFromMemory(request, plan, kept, range);
};

async function openAndServe(request: FileRequest): Promise<FileAnswer> {
  const opened = await openRegularFile(request.filename);
  if (opened.kind === 'refusal') return { status: opened.status, headers: [], reason: opened.reason };
  const { handle, stat } = opened;
  let answer: FileAnswer | undefined;
  try {
    answer = await answerOpenFile(request, handle, stat);
  } catch (error) {
    answer = { status: 500, headers: [], reason: `reading ${request.filename} failed: ${String(error)}` };
  }
  // A body closes it.
  if (answer.body === undefined) void handle.close().catch(() => {});
  return answer;
}

async function answerOpenFile(
  request: FileRequest,
  handle: FileHandle,
  stat: BigIntStats,
): Promise<FileAnswer> {
  const plan = planAnswer(request, stat);
  if (plan.kind === 'answer') return plan.answer;
  const [first, ...more] = plan.ranges;
  if (first !== undefined && more.length > 0)
    return sendParts(request, plan, handle, [first, ...more], plan.size);
  if (plan.size <= keptFileBytes && request.method !== 'HEAD') {
    const content = await readWhole(handle, plan.size);
    // Otherwise it has become shorter meanwhile: its body will say so.
    if (content !== undefined) {
      keepFile(request.filename, stat, content);
      return sendFromMemory(request, plan, { stat, content }, first);
    }
  }
  const { start, end } = first ?? { start: 0, end: plan.size - 1 };
  const answer = describePart(plan, first);
  const length = end - start + 1;
  if (request.method === 'HEAD' || length === 0) return answer;
  return { ...answer, body: new FileBody(handle, start, length) };
}

/** What the answer will be, without its body. */
type Plan =
  | { readonly kind: 'answer'; readonly answer: FileAnswer }
  | {
      readonly kind: 'send';
      /** None: the whole file. */
      readonly ranges: readonly ByteRange[];
      readonly size: number;
      readonly validators: readonly string[];
      readonly media: MediaHeaders;
    };
type SendPlan = Extract<Plan, { kind: 'send' }>;

function planAnswer(request: FileRequest, stat: BigIntStats): Plan {
  const size = Number(stat.size);
  const now = Date.now();
  const tag = entityTag(stat, now, request.entityTag ?? usualParts);
  const version: FileVersion = {
    ...(tag === undefined ? {} : { entityTag: tag }),
    // HTTP dates know whole seconds.
    lastModified: Math.floor(Number(stat.mtimeNs) / 1e9) * 1000,
  };
  const media = describeMedia(request.filename, request.media ?? {});
  const validators = [
    'Last-Modified',
    formatHttpDate(version.lastModified),
    ...(tag === undefined ? [] : ['ETag', tag]),
    'Accept-Ranges',
    'bytes',
  ];
  const outcome = checkPreconditions(request, version, now);
  if (outcome === 'not-modified') {
    const type = media.type === undefined ? {} : { type: media.type };
    return { kind: 'answer', answer: { status: 304, headers: validators, ...type } };
  }
  if (outcome !== 'proceed') {
    const headers = [...validators, 'Content-Length', '0', ...typeHeader(media)];
    return { kind: 'answer', answer: { status: 412, headers } };
  }
  const ranges = isIfRangeFresh(request.headers, version, now)
    ? selectRanges(request.headers, size)
    : 'whole';
  if (ranges === 'unsatisfiable') {
    const headers = ['Content-Range', `bytes */${size}`];
    return { kind: 'answer', answer: { status: 416, headers } };
  }
  return { kind: 'send', ranges: ranges === 'whole' ? [] : ranges, size, validators, media };
}

function typeHeader({ type }: MediaHeaders): readonly string[] {
  return type === undefined ? [] : ['Content-Type', type];
}

/** The whole file, or one range of it. */
function describePart({ validators, media, size }: SendPlan, range: ByteRange | undefined): FileAnswer {
  const length = range === undefined ? size : range.end - range.start + 1;
  return {
    status: range === undefined ? 200 : 206,
    headers: [
      ...validators,
      'Content-Length',
      String(length),
      ...(range === undefined ? [] : ['Content-Range', `bytes ${range.start}-${range.end}/${size}`]),
      ...media.others,
      ...typeHeader(media),
    ],
  };
}

function sendFromMemory(
  { method }: FileRequest,
  plan: SendPlan,
  { content }: KeptFile,
  range: ByteRange | undefined,
): FileAnswer {
  const answer = describePart(plan, range);
  const part = range === undefined ? content : content.subarray(range.start, range.end + 1);
  return method === 'HEAD' || part.length === 0 ? answer : { ...answer, content: part };
}

/** Several ranges as one multipart answer. */
function sendParts(
  { method }: FileRequest,
  { validators, media }: SendPlan,
  handle: FileHandle,
  ranges: readonly ByteRange[],
  size: number,
): FileAnswer {
  const multipart = makeMultipart(
    ranges,
    size,
    media.type,
    ({ start, end }) => new FileBody(handle, start, end - start + 1, { closes: false }),
  );
  const answer = {
    status: 206,
    headers: [
      ...validators,
      'Content-Length',
      String(multipart.length),
      ...media.others,
      'Content-Type',
      multipart.contentType,
    ],
  };
  if (method === 'HEAD') return answer;
  const body = multipart.open();
  // Also when nobody ever reads it.
  body.once('close', () => void handle.close().catch(() => {}));
  return { ...answer, body };
}

/** undefined: there were fewer bytes than that. */
async function readWhole(handle: FileHandle, size: number): Promise<Buffer | undefined> {
  const content = Buffer.allocUnsafeSlow(size);
  let at = 0;
  while (at < size) {
    const { bytesRead } = await handle.read(content, at, size - at, at);
    if (bytesRead === 0) return undefined;
    at += bytesRead;
  }
  return content;
}
