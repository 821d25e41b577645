import type { ReadableStreamDefaultReader } from 'node:stream/web';
import { type PreparedHead, prepareHead, type Reply } from '../reply.js';
import type { Stream } from '../stream.js';
import { describeValue } from './describe-value.js';
import { withLength } from './field-list.js';
import { takeKnownBody } from './known-body.js';
import { type LightResponse, lightResponseOf } from './light-response.js';

/** By its members, since an application may bring its own Response (undici, a polyfill). */
export function isResponse(value: unknown): value is Response {
  if (typeof value !== 'object' || value === null) return false;
  if (lightResponseOf(value) !== undefined) return true;
  const { status, headers } = value as Partial<Response>;
  return typeof status === 'number' && typeof headers?.forEach === 'function';
}

/** So many characters go out as they are; what is longer becomes bytes that are sent piece by piece. */
const shortTextLength = 8192;
/** Characters that are one byte in UTF-8, too. */
const ascii = /^[\x00-\x7f]*$/;

/**
 * Sends what the application returned; a promise if there is something to wait for.
 * @throws ApplicationFault as `prepareHead`, and whatever an application's own Response throws.
 */
export function sendResponse(response: Response, stream: Stream, reply: Reply): Promise<void> | undefined {
  if (response.bodyUsed) {
    reply.fail('fetch() returned a Response whose body was read before');
    return undefined;
  }
  const light = lightResponseOf(response);
  const known = encodeShortly(takeWholeBody(response, light), reply);
  const head = prepareResponseHead(response, light, lengthToSay(response.status, known, reply));
  const reader = known === undefined ? response.body?.getReader() : undefined;
  if (reader !== undefined) {
    stream.onOver((outcome) => {
      if (outcome !== 'ended') reader.cancel().catch(() => {});
    });
  }
  reply.startPrepared(head);
  if (reader !== undefined) return sendPieces(reader, reply);
  if (typeof known === 'string') reply.writeText(known);
  else if (known instanceof Uint8Array) reply.write(known, () => {});
  reply.end();
  return undefined;
}

/** Null if there is none, undefined if it has to be read piece by piece. */
function takeWholeBody(
  response: Response,
  light: LightResponse | undefined,
): string | Uint8Array | null | undefined {
  if (light !== undefined && light.known === undefined) return light.takeBody();
  return response.body === null ? null : takeKnownBody(light?.known ?? response);
}

/** A text stays one if it can go out at once, and each of its characters is one byte. */
function encodeShortly(
  body: string | Uint8Array | null | undefined,
  reply: Reply,
): string | Uint8Array | null | undefined {
  if (typeof body !== 'string') return body;
  const isShort = body.length <= shortTextLength && reply.takesAtOnce(body.length) && ascii.test(body);
  return isShort ? body : Buffer.from(body, 'utf8');
}

/** What Content-Length says if the application says none, in bytes; undefined where it is not known, or the answer may have none. */
function lengthToSay(
  status: number,
  known: string | Uint8Array | null | undefined,
  reply: Reply,
): number | undefined {
  if (known === undefined || status === 204 || status === 304) return undefined;
  // To HEAD, frameworks answer with nothing where the answer to GET has a body.
  if (known === null || known.length === 0) return reply.isToHead ? undefined : 0;
  return known.length;
}

function prepareResponseHead(
  response: Response,
  light: LightResponse | undefined,
  length: number | undefined,
): PreparedHead {
  const { status, statusText } = response;
  const fields = light?.fields;
  if (fields !== undefined) return fields.prepareHead(status, statusText, length);
  const pairs: string[] = [];
  // Set-Cookie comes once per cookie here.
  for (const [name, value] of response.headers) pairs.push(name, value);
  return prepareHead(status, statusText, withLength(pairs, length));
}

async function sendPieces(reader: ReadableStreamDefaultReader<unknown>, reply: Reply): Promise<void> {
  for (;;) {
    const { done, value } = await reader.read();
    if (reply.over) return;
    if (done) break;
    if (!(value instanceof Uint8Array))
      return reply.fail(`the Response's body gave ${describeValue(value)} in place of a Uint8Array`);
    await reply.writeAll(value);
  }
  reply.end();
}
