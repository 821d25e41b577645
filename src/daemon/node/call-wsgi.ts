import type { Pairs } from '../../wire/index.js';
import { addHttpKeys, type RequestFacts } from './environ.js';
import { printDirectly } from './output-capture.js';
import type { Reply } from './reply.js';
import { type StartResponse, WsgiAnswer } from './start-response.js';
import type { Stream } from './stream.js';
import { WsgiErrors, WsgiInput } from './wsgi-input.js';

export type WsgiEnviron = Record<string, unknown>;
export type WsgiCallable = (environ: WsgiEnviron, startResponse: StartResponse) => unknown;

/** What the process says of itself in every environ. */
export interface WsgiSurroundings {
  readonly multithread: boolean;
  readonly multiprocess: boolean;
}

/** Calls a WSGI application written in JavaScript: PEP 3333, with promises allowed wherever Python would block. */
export async function callWsgi(
  callable: WsgiCallable,
  stream: Stream,
  reply: Reply,
  facts: RequestFacts,
  headers: Pairs,
  surroundings: WsgiSurroundings,
): Promise<void> {
  const answer = new WsgiAnswer(reply);
  let body: AnswerBody | undefined;
  try {
    const result = await callable(
      createEnviron(stream, reply, facts, headers, surroundings),
      answer.startResponse,
    );
    body = new AnswerBody(result, reply);
    const opened = body;
    // A generator that waits for something must hear at once that nobody waits for it.
    stream.onOver(() => opened.close());
    await sendBody(body, answer, reply);
    body.close();
    if (!reply.over) answer.end();
  } catch (error) {
    reply.fail('the WSGI application raised an error', error);
  } finally {
    body?.close();
    stream.body.discard();
  }
}

async function sendBody(body: AnswerBody, answer: WsgiAnswer, reply: Reply): Promise<void> {
  while (!reply.over) {
    const piece = await body.next();
    if (piece === undefined || reply.over) return;
    await answer.write(piece.value);
  }
}

function createEnviron(
  stream: Stream,
  reply: Reply,
  { environ, urlScheme }: RequestFacts,
  headers: Pairs,
  surroundings: WsgiSurroundings,
): WsgiEnviron {
  addHttpKeys(environ, headers);
  return Object.assign(environ as WsgiEnviron, {
    'wsgi.version': [1, 0],
    'wsgi.url_scheme': urlScheme,
    'wsgi.input': new WsgiInput(stream.body),
    'wsgi.input_terminated': true,
    'wsgi.errors': new WsgiErrors((bytes) => {
      if (!reply.print(2, bytes)) printDirectly(2, bytes);
    }),
    'wsgi.multithread': surroundings.multithread,
    'wsgi.multiprocess': surroundings.multiprocess,
    'wsgi.run_once': false,
  });
}

interface Closable {
  close?: unknown;
}

/** What the application returned, as pieces; closed exactly once, whatever happens. */
class AnswerBody {
  readonly #reply: Reply;
  readonly #source: object;
  readonly #iterator: Iterator<unknown> | AsyncIterator<unknown>;
  #exhausted = false;
  #closed = false;

  /** @throws TypeError for what is not iterable. */
  constructor(result: unknown, reply: Reply) {
    this.#reply = reply;
    // A text or a buffer is meant as one piece, not as its characters or numbers.
    const source: unknown = typeof result === 'string' || result instanceof Uint8Array ? [result] : result;
    if (!isIterable(source))
      throw new TypeError('the WSGI application must return an iterable or async iterable');
    this.#source = source;
    this.#iterator =
      Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  /** Undefined at the end. */
  async next(): Promise<{ readonly value: unknown } | undefined> {
    if (this.#exhausted || this.#closed) return undefined;
    try {
      const { done, value } = await this.#iterator.next();
      if (done !== true) return { value };
      this.#exhausted = true;
      return undefined;
    } catch (error) {
      this.#exhausted = true;
      throw error;
    }
  }

  /** Ends the iterator unless it ended itself, then calls `close()` of what was returned. Errors are logged. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#exhausted) this.#attempt('return()', () => this.#iterator.return?.());
    this.#attempt('close()', () => {
      const { close } = this.#source as Closable;
      return typeof close === 'function' ? Reflect.apply(close, this.#source, []) : undefined;
    });
  }

  #attempt(name: string, step: () => unknown): void {
    const complain = (error: unknown): void => this.#reply.complain(`${name} of the answer failed`, error);
    try {
      const result = step();
      if (result instanceof Promise) result.catch(complain);
    } catch (error) {
      complain(error);
    }
  }
}

function isIterable(value: unknown): value is object & (Iterable<unknown> | AsyncIterable<unknown>) {
  return (
    typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value)
  );
}
