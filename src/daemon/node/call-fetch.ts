import { ReadableStream } from 'node:stream/web';
import type { Pairs } from '../../wire/index.js';
import type { Environ, RequestFacts } from './environ.js';
import { takeKnownBody } from './known-body.js';
import { LazySignal } from './lazy-signal.js';
import type { Reply } from './reply.js';
import type { RequestBody } from './request-body.js';
import type { Stream } from './stream.js';

/** Second argument of `fetch`: the environ, and once more under its name. */
export type FetchEnv = Environ & { readonly environ: Environ };

/** Third argument of `fetch`, as on other Fetch hosts. */
export interface FetchContext {
  /** The process does not end before the promise is settled. */
  waitUntil(promise: unknown): void;
  passThroughOnException(): void;
}

export type FetchCallable = (request: Request, env: FetchEnv, context: FetchContext) => unknown;

/** Calls an application in the Fetch convention. `keepAlive` makes the process wait for a promise before it ends. */
export function callFetch(
  callable: FetchCallable,
  stream: Stream,
  reply: Reply,
  facts: RequestFacts,
  headers: Pairs,
  keepAlive: (promise: Promise<unknown>) => void,
): void {
  const left = new LazySignal();
  const bodyWanted = { yes: false };
  stream.onOver((outcome) => {
    if (outcome !== 'ended') left.abort();
    else if (!bodyWanted.yes) stream.body.discard();
  });
  const request = createRequest(facts, headers, stream.body, left, bodyWanted);
  if (typeof request === 'number') return answerPlainly(reply, request);
  const fail = (error: unknown): void => reply.fail('the application raised an error', error);
  let response: unknown;
  try {
    response = callable(request, createEnv(facts.environ), createContext(reply, keepAlive));
  } catch (error) {
    return fail(error);
  }
  // What is there already is not waited for.
  if (isResponse(response)) send(response, stream, reply);
  else Promise.resolve(response).then((settled) => answer(settled, stream, reply), fail);
}

function answer(response: unknown, stream: Stream, reply: Reply): void {
  if (isResponse(response)) send(response, stream, reply);
  else reply.fail(`fetch() returned ${describeValue(response)} in place of a Response`);
}

function send(response: Response, stream: Stream, reply: Reply): void {
  const fail = (error: unknown): void =>
    reply.fail('the application raised an error while its answer was sent', error);
  try {
    sendResponse(response, stream, reply)?.catch(fail);
  } catch (error) {
    fail(error);
  }
}

/** A status where the Fetch standard has no Request for what the client sent. */
function createRequest(
  facts: RequestFacts,
  headers: Pairs,
  body: RequestBody,
  signal: LazySignal,
  bodyWanted: { yes: boolean },
): Request | number {
  const { method, urlScheme, url } = facts;
  if (/^(CONNECT|TRACE|TRACK)$/i.test(method)) return 405;
  const fields = new Headers();
  let host: string | undefined;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] as string;
    const value = headers[at + 1] as string;
    if (host === undefined && name.toLowerCase() === 'host') host = value;
    fields.append(name, value);
  }
  const hasBody = !body.ended && method !== 'GET' && method !== 'HEAD';
  try {
    const request = new Request(
      `${urlScheme}://${host ?? serverOf(facts.environ)}${url === '*' ? '/*' : url}`,
      {
        method,
        headers: fields,
        ...(signal.early === undefined ? {} : { signal: signal.early }),
        ...(hasBody ? { body: readableBody(body, bodyWanted), duplex: 'half' } : {}),
      } as RequestInit,
    );
    signal.belongTo(request);
    return request;
  } catch {
    return 400;
  }
}

function readableBody(body: RequestBody, wanted: { yes: boolean }): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        wanted.yes = true;
        return new Promise<void>((resolve, reject) => {
          const step = (): boolean => {
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
          };
          if (step()) return;
          body.onChange(() => {
            if (step()) body.onChange(() => {});
          });
        });
      },
      cancel() {
        body.discard();
      },
    },
    { highWaterMark: 0 },
  );
}

function createEnv(environ: Environ): FetchEnv {
  // Not enumerable, so that whoever lists or prints the environ does not run in circles.
  return Object.defineProperty(environ, 'environ', { value: environ }) as FetchEnv;
}

function createContext(reply: Reply, keepAlive: (promise: Promise<unknown>) => void): FetchContext {
  return {
    waitUntil(promise) {
      keepAlive(
        Promise.resolve(promise).catch((error: unknown) =>
          reply.fail('a promise given to waitUntil() was rejected', error),
        ),
      );
    },
    passThroughOnException() {},
  };
}

/** A promise if there is something to wait for. */
function sendResponse(response: Response, stream: Stream, reply: Reply): Promise<void> | undefined {
  if (response.bodyUsed) {
    reply.fail('fetch() returned a Response whose body was read before');
    return undefined;
  }
  const headers: string[] = [];
  // Set-Cookie comes once per cookie here.
  for (const [name, value] of response.headers) headers.push(name, value);
  const known = takeKnownBody(response);
  const reader = known === undefined ? response.body?.getReader() : undefined;
  if (reader !== undefined) {
    stream.onOver((outcome) => {
      if (outcome !== 'ended') reader.cancel().catch(() => {});
    });
  }
  reply.start(response.status, response.statusText, headers);
  if (reader !== undefined) return sendBody(reader, reply);
  if (known !== undefined) reply.write(known, () => {});
  reply.end();
  return undefined;
}

async function sendBody(reader: ReadableStreamDefaultReader<unknown>, reply: Reply): Promise<void> {
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

/** By its members, since an application may bring its own Response (undici, a polyfill). */
function isResponse(value: unknown): value is Response {
  if (typeof value !== 'object' || value === null) return false;
  const { status, headers } = value as Partial<Response>;
  return typeof status === 'number' && typeof headers?.forEach === 'function';
}

function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'object') return `an object (${value.constructor?.name ?? 'without a class'})`;
  return `a ${typeof value}`;
}

function answerPlainly(reply: Reply, status: number): void {
  reply.start(status, '', ['Content-Length', '0']);
  reply.end();
}

function serverOf(environ: Environ): string {
  const name = environ.SERVER_NAME ?? 'localhost';
  return `${name.includes(':') && !name.startsWith('[') ? `[${name}]` : name}:${environ.SERVER_PORT ?? '80'}`;
}
