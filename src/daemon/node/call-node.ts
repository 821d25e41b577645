import { IncomingMessage, OutgoingMessage, ServerResponse } from 'node:http';
import type { Pairs } from '../../wire/index.js';
import type { Environ, RequestFacts } from './environ.js';
import { type Endpoints, HostedSocket } from './hosted-socket.js';
import type { Reply } from './reply.js';
import { RequestAborted, type RequestBody } from './request-body.js';
import type { Stream } from './stream.js';
import { parseWrittenHead } from './written-head.js';

export type NodeHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => unknown;

/** What modhost adds to the request that a Node application gets. */
interface HostedRequest extends IncomingMessage {
  originalUrl?: string;
  baseUrl?: string;
  environ?: Environ;
  /** node:http's own ways of filling a request from its parser. */
  _addHeaderLines(lines: readonly string[], count: number): void;
  _dump(): void;
}

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
  const socket = new HostedSocket(endpointsOf(facts), {
    write: (chunk, encoding, taken) => answer.write(chunk, encoding, taken),
    destroyed: () => {
      if (!reply.over) reply.fail('the application closed the connection before its answer was complete');
    },
  });
  const request = createRequest(socket, stream.body, facts, headers);
  const response = createResponse(request, socket);
  const answer = new AnswerParser(reply);
  // A tick later, so that what other listeners of 'finish' print (request loggers) belongs to this request.
  response.on('finish', () =>
    process.nextTick(() => {
      reply.end();
      releaseRequest(request, stream.body);
      socket.destroy();
    }),
  );
  stream.onOver((outcome) => {
    if (outcome === 'ended') return;
    if (!request.destroyed) request.destroy(new RequestAborted('aborted'));
    socket.destroy();
  });
  if (stream.body.ended) request.push(null);
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
    if (result instanceof Promise) result.catch(fail);
  } catch (error) {
    fail(error);
  }
}

/** `body` absent: the request has none. */
export function createRequest(
  socket: HostedSocket,
  body: RequestBody | undefined,
  { environ, url }: RequestFacts,
  headers: Pairs,
): HostedRequest {
  // A Duplex in place of the Socket that the types ask for: what a request uses of it is there.
  const request = new IncomingMessage(socket as unknown as IncomingMessage['socket']) as HostedRequest;
  request.method = environ.REQUEST_METHOD ?? 'GET';
  request.url = url;
  request.originalUrl = environ.REQUEST_URI ?? url;
  request.baseUrl = environ.SCRIPT_NAME ?? '';
  request.environ = environ;
  const version = /^HTTP\/(\d+)(?:\.(\d+))?$/.exec(environ.SERVER_PROTOCOL ?? '') ?? ['', '1', '1'];
  request.httpVersionMajor = Number(version[1]);
  request.httpVersionMinor = Number(version[2] ?? 0);
  request.httpVersion = `${request.httpVersionMajor}.${request.httpVersionMinor}`;
  request._addHeaderLines(headers, headers.length);
  request.complete = body?.allArrived ?? true;
  if (body === undefined) request.push(null);
  else feedRequest(request, body);
  return request;
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

/**
 * Chunks and connections are the front end's business. An accessor, because ServerResponse sets it whenever it meets
 * Transfer-Encoding, and would then write chunk sizes between the bytes; true up to the head, or it refuses Trailer. The same functions
 * for all responses, so that these look alike to the engine.
 */
const neverChunked: PropertyDescriptor & ThisType<ServerResponse> = {
  get() {
    return !this.headersSent;
  },
  set() {},
  configurable: true,
};

function createResponse(request: IncomingMessage, socket: HostedSocket): ServerResponse {
  const response = new ServerResponse(request);
  Object.defineProperty(response, 'chunkedEncoding', neverChunked);
  response.sendDate = false;
  response.assignSocket(socket as unknown as IncomingMessage['socket']);
  socket.on('drain', () => {
    if (!response.writableNeedDrain) return;
    if (needDrain !== undefined) (response as unknown as Record<symbol, boolean>)[needDrain] = false;
    response.emit('drain');
  });
  return response;
}

/** Takes the answer out of the bytes that ServerResponse writes: heads (1xx ones are dropped), then the body. */
export class AnswerParser {
  readonly #reply: Reply;
  readonly #maySwitch: boolean;
  #head = '';

  /** `maySwitch`: 101 makes the rest the bytes of another protocol. */
  constructor(reply: Reply, maySwitch = false) {
    this.#reply = reply;
    this.#maySwitch = maySwitch;
  }

  write(chunk: Buffer | string, encoding: BufferEncoding, taken: () => void): void {
    if (this.#reply.started) {
      this.#reply.write(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk, taken);
      return;
    }
    // Latin-1 keeps every byte of the body as it is while the head is looked for.
    this.#head += toBytesText(chunk, encoding);
    for (let end = this.#head.indexOf('\r\n\r\n'); end !== -1; end = this.#head.indexOf('\r\n\r\n')) {
      const head = parseWrittenHead(this.#head.slice(0, end));
      const rest = this.#head.slice(end + 4);
      this.#head = rest;
      if (head.status >= 100 && head.status < 200 && head.status !== 101) continue;
      this.#head = '';
      this.#start(head, rest, taken);
      return;
    }
    taken();
  }

  #start(head: ReturnType<typeof parseWrittenHead>, rest: string, taken: () => void): void {
    try {
      if (head.status === 101 && this.#maySwitch) this.#reply.switchProtocol(head.headers);
      else this.#reply.start(head.status, head.reason, head.headers);
    } catch (error) {
      this.#reply.fail('the answer cannot be sent', error);
    }
    if (rest === '' || this.#reply.over) taken();
    else this.#reply.write(Buffer.from(rest, 'latin1'), taken);
  }
}

function toBytesText(chunk: Buffer | string, encoding: BufferEncoding): string {
  if (typeof chunk !== 'string') return chunk.toString('latin1');
  if (encoding === 'latin1' || encoding === 'binary') return chunk;
  return Buffer.from(chunk, encoding).toString('latin1');
}

/** The ends of the client's connection. */
export function endpointsOf({ environ, urlScheme }: RequestFacts): Endpoints {
  return {
    remoteAddress: environ.REMOTE_ADDR,
    remotePort: readPort(environ.REMOTE_PORT),
    localAddress: environ.SERVER_ADDR,
    localPort: readPort(environ.SERVER_PORT),
    encrypted: urlScheme === 'https',
  };
}

function readPort(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,5}$/.test(text) ? Number(text) : undefined;
}
