import { type IncomingMessage, OutgoingMessage, type ServerResponse } from 'node:http';
import type { Pairs } from '../../wire/index.js';
import { AnswerParser } from './answer-parser.js';
import type { RequestFacts } from './environ.js';
import {
  createHostedRequest,
  createHostedResponse,
  type HostedRequest,
  watchPrototype,
} from './hosted-messages.js';
import type { HostedSocket, SocketSink } from './hosted-socket.js';
import { createLeanSocket } from './lean-socket.js';
import type { Reply } from './reply.js';
import { RequestAborted, type RequestBody } from './request-body.js';
import type { Outcome, Stream } from './stream.js';

export type NodeHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => unknown;

/** Set by ServerResponse.write() when it answered false; node:http's connection code clears it, and so must we. */
const needDrain = Object.getOwnPropertySymbols(new OutgoingMessage()).find(
  (symbol) => symbol.description === 'kNeedDrain',
);

/**
 * Calls an application in the Node convention with genuine IncomingMessage and ServerResponse objects (frameworks exchange
 * their prototypes). Between them and the wire stands a socket that is none.
 */
export function callNode(
  handle: NodeHandler,
  stream: Stream,
  reply: Reply,
  facts: RequestFacts,
  headers: Pairs,
): void {
  const { request, response } = new NodeCall(stream, reply, facts, headers);
  callHandler(handle, request, response, reply);
}

function callHandler(
  handle: NodeHandler,
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
): void {
  const fail = (error: unknown): void => reply.fail('the application raised an error', error);
  const next = (error?: unknown): void => {
    if (error !== undefined && error !== null) return fail(error);
    response.statusCode = 404;
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    response.end('Not Found\n');
  };
  try {
    const result = handle(request, response, next);
    watchPrototype(request);
    if (result instanceof Promise) result.catch(fail);
  } catch (error) {
    fail(error);
  }
}

/** One call: a request and a response, and what their socket does. */
class NodeCall implements SocketSink {
  readonly request: HostedRequest;
  readonly response: ServerResponse;
  owesEnd: boolean;
  readonly #stream: Stream;
  readonly #reply: Reply;
  readonly #answer: AnswerParser;
  readonly #socket: HostedSocket;

  constructor(stream: Stream, reply: Reply, facts: RequestFacts, headers: Pairs) {
    this.#stream = stream;
    this.#reply = reply;
    this.#answer = new AnswerParser(reply);
    this.#socket = createLeanSocket(facts, this);
    this.request = createHostedRequest(this.#socket, facts, headers);
    this.owesEnd = stream.body.ended;
    this.request.complete = stream.body.allArrived;
    if (!this.owesEnd) feedRequest(this.request, stream.body);
    this.response = createHostedResponse(this.request, this.#socket);
    this.response.on('finish', () => this.#finish());
    stream.onOver((outcome) => this.#close(outcome));
  }

  write(chunk: Buffer | string, encoding: BufferEncoding, taken: () => void): void {
    this.#answer.write(chunk, encoding, taken);
  }

  takesAtOnce(bytes: number): boolean {
    return this.#stream.takesAtOnce(bytes);
  }

  /** A request without a body ends when it is first read. */
  resumed(): void {
    if (!this.owesEnd) return;
    this.owesEnd = false;
    this.request.push(null);
  }

  becameStream(socket: HostedSocket): void {
    this.resumed();
    socket.on('drain', () => {
      if (!this.response.writableNeedDrain) return;
      if (needDrain !== undefined) (this.response as unknown as Record<symbol, boolean>)[needDrain] = false;
      this.response.emit('drain');
    });
  }

  destroyed(): void {
    if (!this.#reply.over)
      this.#reply.fail('the application closed the connection before its answer was complete');
  }

  #finish(): void {
    // A tick later, so that what other listeners of 'finish' print (request loggers) belongs to this request.
    if (this.response.listenerCount('finish') > 1) process.nextTick(() => this.#end());
    else this.#end();
  }

  #end(): void {
    this.#reply.end();
    releaseRequest(this.request, this.#stream.body);
    this.#socket.destroy();
  }

  #close(outcome: Outcome): void {
    if (outcome === 'ended') return;
    if (!this.request.destroyed) this.request.destroy(new RequestAborted('aborted'));
    this.#socket.destroy();
  }
}

/** Pulls the body as the application reads it. An own property, because frameworks exchange the prototype. */
function feedRequest(request: HostedRequest, body: RequestBody): void {
  let wanted = false;
  const feed = (): void => {
    request.complete = body.allArrived;
    while (wanted) {
      const piece = body.take();
      if (piece === undefined) break;
      wanted = request.push(piece);
    }
    if (wanted && body.ended && !request.readableEnded) {
      wanted = false;
      request.push(null);
    }
  };
  request._read = () => {
    wanted = true;
    feed();
  };
  body.onChange(feed);
}

/** After the answer: what the application did not read is dropped, as node:http does, so that 'close' comes. */
function releaseRequest(request: HostedRequest, body: RequestBody): void {
  const unread = request.readableFlowing === null && request.listenerCount('readable') === 0;
  if (!unread) return;
  if (!body.ended || request.listenerCount('close') > 0 || request.listenerCount('end') > 0) request._dump();
}
