import type { Pairs } from '../../wire/index.js';
import type { Environ, RequestFacts } from './environ.js';
import { describeValue } from './fetch/describe-value.js';
import { LightRequest } from './fetch/light-request.js';
import { isResponse, sendResponse } from './fetch/send-response.js';
import type { Reply } from './reply.js';
import type { Stream } from './stream.js';

/** Second argument of `fetch`: the environ, and once more under its name. */
export type FetchEnv = Environ & { readonly environ: Environ };

/**
 * Not a property of each environ: whoever lists or prints it would run in circles, and one that is not listed costs as much as all the others
 * together.
 */
const envPrototype = Object.create(Object.prototype, {
  constructor: { value: Object, writable: true },
  environ: {
    get(this: Environ): Environ {
      return this;
    },
    // A variable of that name, as of SetEnv, gives way.
    set() {},
  },
}) as object;

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
  const light = new LightRequest(facts, headers, stream.body);
  stream.onOver((outcome) => light.end(outcome, stream.body));
  const request = createRequest(light);
  if (typeof request === 'number') return answerPlainly(reply, request);
  const fail = (error: unknown): void => reply.fail('the application raised an error', error);
  let response: unknown;
  try {
    response = callable(
      request,
      facts.createEnviron(envPrototype) as FetchEnv,
      createContext(reply, keepAlive),
    );
  } catch (error) {
    return fail(error);
  }
  // What is there already is not waited for.
  if (isResponse(response)) send(response, stream, reply);
  else Promise.resolve(response).then((settled) => answer(settled, stream, reply), fail);
}

/** A status where the Fetch standard has no Request for what the client sent. */
function createRequest(light: LightRequest): Request | number {
  if (/^(CONNECT|TRACE|TRACK)$/i.test(light.method)) return 405;
  try {
    return light.toRequest();
  } catch {
    return 400;
  }
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

function answerPlainly(reply: Reply, status: number): void {
  reply.start(status, '', ['Content-Length', '0']);
  reply.end();
}
