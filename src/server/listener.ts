/** The one file that knows node:http: it makes request records of what comes in and carries answers out. */

import { createServer, type IncomingMessage, type Server, ServerResponse, STATUS_CODES } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { headerValue } from '../http/index.js';
import type { ConnectionFacts, Expectation, Reply, RequestBody, RequestRecord } from './request-record.js';

/** Limits that hold before it is known which virtual host a request is for: the main server's. */
export interface ListenerLimits {
  readonly keepAlive: boolean;
  readonly keepAliveTimeoutMs: number;
  /** Requests per connection after the first; 0: no limit. */
  readonly maxKeepAliveRequests: number;
  /** Bytes of request line and headers together. */
  readonly headBytes: number;
  /** Header lines; 0: no limit. */
  readonly headerLines: number;
  /** For request line and headers. */
  readonly headTimeoutMs: number;
}

/** A request that could not be understood; nothing of it is known but the connection. */
export interface UnreadableRequest {
  readonly connection: ConnectionFacts;
  readonly status: 400 | 408 | 501;
  readonly reason: string;
}

export interface ListenerHandlers {
  request(record: RequestRecord): void;
  /** Returns the bytes of the answer; the connection is closed behind it. */
  unreadable(request: UnreadableRequest): Buffer;
}

export interface HttpListener {
  /** `fd`: a bound socket. Rejects if it cannot listen. */
  listen(fd: number, backlog: number): Promise<void>;
  /** Stops accepting; resolves when the last connection has ended. */
  drain(): Promise<void>;
  /** Destroys every connection. */
  destroy(): void;
}

/** Requests answered so far on each connection. */
const requestCounts = new WeakMap<Socket, number>();
/** Of the request that each connection is serving now. */
const openBodies = new WeakMap<Socket, NodeBody>();

export function createListener(limits: ListenerLimits, handlers: ListenerHandlers): HttpListener {
  const server = createServer({
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    // With fewer connections than that, the timers cost nothing.
    connectionsCheckingInterval: 1_000,
    headersTimeout: limits.headTimeoutMs,
    // Uploads may take long; waiting for each piece is limited instead.
    requestTimeout: 0,
    maxHeaderSize: limits.headBytes,
    // Checked with the rest of the Host rules, so that the refusal is logged.
    requireHostHeader: false,
    noDelay: true,
  });
  // One more than allowed is seen, so that too many can be told from just enough.
  server.maxHeadersCount = limits.headerLines === 0 ? 0 : limits.headerLines + 1;
  server.timeout = 0;
  let isDraining = false;

  const handle = (request: IncomingMessage, response: ServerResponse, expectation: Expectation) => {
    const record = makeRecord(request, response, expectation);
    const isLast = limits.maxKeepAliveRequests > 0 && record.keepAliveIndex >= limits.maxKeepAliveRequests;
    if (isDraining || isLast || !limits.keepAlive) record.reply.closeConnection();
    handlers.request(record);
  };
  server.on('request', (request, response) => handle(request, response, 'none'));
  server.on('checkContinue', (request, response) => handle(request, response, 'continue'));
  server.on('checkExpectation', (request, response) => handle(request, response, 'unknown'));
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    // CONNECT has no response object of its own, but is answered like any method that nobody handles.
    const response = new ServerResponse(request);
    response.assignSocket(socket);
    response.on('finish', () => socket.end());
    const record = makeRecord(request, response, 'none');
    record.reply.closeConnection();
    handlers.request(record);
  });
  server.on('clientError', (error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket: Socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const problem = describeClientError(error);
    const body = openBodies.get(socket);
    // A head that was understood with a body that is not: the request is being served, and answers for itself.
    if (body !== undefined && error.code === 'HPE_INVALID_EOF_STATE') socket.destroy();
    else if (body !== undefined) body.failParsing(problem.reason);
    else socket.end(handlers.unreadable({ connection: factsOf(socket), ...problem }));
  });

  return {
    listen: (fd, backlog) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen({ fd, backlog }, () => {
          server.removeListener('error', reject);
          resolve();
        });
      }),
    drain: () => {
      isDraining = true;
      return closeServer(server);
    },
    destroy: () => server.closeAllConnections(),
  };
}

/**
 * Only stops accepting: `http.Server.close` would close idle connections as well, on some of which a request is already on its
 * way. They get `Connection: close` with their next answer, or end at KeepAliveTimeout.
 */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    NetServer.prototype.close.call(server, () => resolve());
  });
}

function describeClientError(error: NodeJS.ErrnoException & { rawPacket?: Buffer }): {
  readonly status: 400 | 408 | 501;
  readonly reason: string;
} {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return { status: 408, reason: 'the request line and headers did not arrive in time' };
  }
  if (
    error.code === 'HPE_INVALID_METHOD' &&
    /^[A-Za-z]+ [/*h]/.test(error.rawPacket?.toString('latin1', 0, 64) ?? '')
  ) {
    return { status: 501, reason: 'the method is not known' };
  }
  return { status: 400, reason: `the request is malformed: ${error.message}` };
}

function makeRecord(
  request: IncomingMessage,
  response: ServerResponse,
  expectation: Expectation,
): RequestRecord {
  const { socket } = request;
  const keepAliveIndex = requestCounts.get(socket) ?? 0;
  requestCounts.set(socket, keepAliveIndex + 1);
  const reply = new NodeReply(request, response);
  const body = new NodeBody(request, response, expectation === 'continue', reply);
  openBodies.set(socket, body);
  reply.onClosed(() => {
    if (openBodies.get(socket) === body) openBodies.delete(socket);
  });
  return {
    connection: factsOf(socket),
    method: request.method ?? '',
    target: request.url ?? '',
    httpVersion: request.httpVersionMinor === 0 ? '1.0' : '1.1',
    headers: request.rawHeaders,
    startedAt: Date.now(),
    keepAliveIndex,
    expectation,
    body,
    reply,
  };
}

function factsOf(socket: Socket): ConnectionFacts {
  return {
    clientAddress: withoutMapping(socket.remoteAddress ?? ''),
    clientPort: socket.remotePort ?? 0,
    localAddress: withoutMapping(socket.localAddress ?? ''),
    localPort: socket.localPort ?? 0,
  };
}

/** `::ffff:192.0.2.1` is an IPv4 client on a socket for both families. */
function withoutMapping(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** For a reply that is cut off before anybody set a Timeout. */
const cutTimeoutMs = 5_000;

class NodeBody implements RequestBody {
  readonly isPresent: boolean;
  readonly length: number | undefined;
  readonly isChunked: boolean;
  bytesReceived = 0;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #reply: NodeReply;
  readonly #expectsContinue: boolean;
  #limit = 0;
  #timeoutMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #isPaused = false;
  #failListener: (reason: string) => void = () => {};

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    expectsContinue: boolean,
    reply: NodeReply,
  ) {
    this.#request = request;
    this.#response = response;
    this.#reply = reply;
    this.#expectsContinue = expectsContinue;
    const length = headerValue(request.rawHeaders, 'content-length');
    this.isChunked = headerValue(request.rawHeaders, 'transfer-encoding') !== undefined;
    this.length = this.isChunked || length === undefined ? undefined : Number(length);
    this.isPresent = this.isChunked || (this.length ?? 0) > 0;
    // Whoever waits for "100 Continue" and never gets it must not be read from: the connection ends behind the answer.
    if (expectsContinue) reply.closeConnection();
    response.once('finish', () => this.#limitRest());
  }

  setLimit(bytes: number): void {
    this.#limit = bytes;
  }

  setTimeout(timeoutMs: number): void {
    this.#timeoutMs = timeoutMs;
  }

  start(listener: Parameters<RequestBody['start']>[0]): void {
    const request = this.#request;
    let isOver = false;
    const finish = (tell: () => void) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(this.#timer);
      tell();
    };
    if (this.#expectsContinue) {
      this.#reply.keepConnection();
      this.#response.writeContinue();
    }
    this.#watch(() => {
      this.#reply.closeConnection();
      finish(() => listener.fail(408, 'the request body did not arrive in time (Timeout)'));
    });
    request.on('data', (piece: Buffer) => {
      this.#timer?.refresh();
      this.bytesReceived += piece.length;
      if (isOver) return;
      if (this.#limit > 0 && this.bytesReceived > this.#limit) {
        this.#reply.closeConnection();
        finish(() =>
          listener.fail(413, `the request body is larger than ${this.#limit} bytes (LimitRequestBody)`),
        );
        return;
      }
      listener.piece(piece);
    });
    request.on('end', () => finish(() => listener.end()));
    // That the client left is told by the reply's `onClosed`.
    request.on('error', () => finish(() => {}));
    request.on('close', () => finish(() => {}));
    this.#failListener = (reason) => finish(() => listener.fail(400, reason));
  }

  /** What came was no valid body: whoever reads it is told. */
  failParsing(reason: string): void {
    this.#reply.closeConnection();
    this.#failListener(reason);
  }

  get isComplete(): boolean {
    return this.#request.complete;
  }

  pause(): void {
    this.#isPaused = true;
    this.#request.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#timer?.refresh();
    this.#request.resume();
  }

  #watch(onTimeout: () => void): void {
    if (this.#timeoutMs === 0) return;
    this.#timer = setTimeout(() => {
      if (this.#isPaused) this.#timer?.refresh();
      else onTimeout();
    }, this.#timeoutMs);
  }

  /** The answer is out, but the client still sends: what is discarded must come to an end, too. */
  #limitRest(): void {
    if (this.#request.complete || this.#timeoutMs === 0) return;
    const timer = setTimeout(() => this.#request.socket.destroy(), this.#timeoutMs);
    this.#request.once('end', () => clearTimeout(timer));
    this.#request.once('close', () => clearTimeout(timer));
  }
}

class NodeReply implements Reply {
  isStarted = false;
  status = 0;
  sentHeaders: readonly string[] = [];
  bodyBytes = 0;
  firstByteAt: number | undefined;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #length: number | undefined;
  #hasBody = true;
  #timeoutMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
    // A connection that breaks is reported by `close`.
    response.on('error', () => {});
  }

  get willClose(): boolean {
    return !this.#response.shouldKeepAlive;
  }

  setTimeout(timeoutMs: number): void {
    this.#timeoutMs = timeoutMs;
  }

  closeConnection(): void {
    this.#response.shouldKeepAlive = false;
  }

  /** Takes closeConnection back, as long as the client itself wanted to go on. */
  keepConnection(): void {
    const wish = headerValue(this.#request.rawHeaders, 'connection')?.toLowerCase() ?? '';
    this.#response.shouldKeepAlive =
      this.#request.httpVersionMinor > 0 && !wish.split(/[ ,\t]+/).includes('close');
  }

  start(status: number, reason: string, headers: readonly string[]): void {
    this.#hasBody = this.#request.method !== 'HEAD' && status !== 204 && status !== 304;
    const length = headerValue(headers, 'content-length');
    this.#length = length === undefined ? undefined : Number(length);
    // HTTP/1.1 keeps connections unless told otherwise, and then no header says so (as httpd).
    if (this.#response.shouldKeepAlive && this.#request.httpVersionMinor > 0)
      this.#response.removeHeader('Connection');
    this.#response.writeHead(status, reason === '' ? STATUS_CODES[status] : reason, headers as string[]);
    this.isStarted = true;
    this.status = status;
    this.sentHeaders = headers;
    this.firstByteAt = Date.now();
  }

  write(piece: Buffer): boolean {
    let bytes = piece;
    if (this.#length !== undefined) bytes = piece.subarray(0, Math.max(0, this.#length - this.bodyBytes));
    if (bytes.length === 0) return true;
    this.bodyBytes += bytes.length;
    if (!this.#hasBody) return true;
    const isTaken = this.#response.write(bytes);
    if (!isTaken && this.#timeoutMs > 0 && this.#timer === undefined) {
      // The client takes nothing: Timeout is "per wait on the client".
      this.#timer = setTimeout(() => this.cut(), this.#timeoutMs);
    }
    return isTaken;
  }

  onDrain(callback: () => void): void {
    this.#response.once('drain', () => {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      callback();
    });
  }

  end(): void {
    const isShort = this.#length !== undefined && this.#hasBody && this.bodyBytes < this.#length;
    if (isShort) this.cut();
    else this.#response.end();
  }

  cut(): void {
    const { socket } = this.#request;
    // A client that takes nothing more must not keep the connection.
    const timer = setTimeout(() => socket.destroy(), this.#timeoutMs || cutTimeoutMs);
    socket.once('close', () => clearTimeout(timer));
    // What was written still goes out. Without Content-Length or chunks the end of the connection is the end of the body,
    // so there only a reset tells that something is missing.
    if (this.#length !== undefined || this.#response.chunkedEncoding || !this.isStarted) socket.destroySoon();
    else socket.write('', () => socket.resetAndDestroy());
  }

  onClosed(callback: (how: 'complete' | 'aborted') => void): void {
    let isOver = false;
    const close = (how: 'complete' | 'aborted') => {
      if (isOver) return;
      isOver = true;
      clearTimeout(this.#timer);
      callback(how);
    };
    this.#response.once('finish', () => close('complete'));
    this.#response.once('close', () => close('aborted'));
  }
}
