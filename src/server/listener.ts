/** The one file that knows node:http: it makes request records of what comes in and carries answers out. */

import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { Server as NetServer, Socket } from 'node:net';
import { headerValue, headerValues } from '../http/index.js';
import { closeLingering } from './lingering-close.js';
import type { ConnectionFacts, Expectation, Reply, RequestBody, RequestRecord } from './request-record.js';
import { RequestTurns } from './request-turns.js';

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
  /** One wait for the client, to send or to take, until a virtual host says otherwise. */
  readonly timeoutMs: number;
}

/** A request that could not be understood; nothing of it is known but the connection. */
export interface UnreadableRequest {
  readonly connection: ConnectionFacts;
  readonly status: 400 | 405 | 408 | 501;
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

  const connections = new WeakMap<Socket, RequestTurns>();
  const connectionOf = (socket: Socket): RequestTurns => {
    const known = connections.get(socket);
    if (known !== undefined) return known;
    const fresh = new RequestTurns(socket);
    connections.set(socket, fresh);
    return fresh;
  };
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const framingProblem = findFramingProblem(request);
    if (framingProblem !== undefined) {
      request.resume();
      refuseUnreadable(request.socket, { status: 400, reason: framingProblem });
      return;
    }
    const connection = connectionOf(request.socket);
    // Made at once, since what arrives of its body may be malformed before its turn comes.
    const body = new NodeBody(request, response, limits.timeoutMs);
    connection.add(body, () => {
      const keepAliveIndex = connection.served;
      const record = makeRecord(request, response, body, keepAliveIndex, limits.timeoutMs);
      const isLast = limits.maxKeepAliveRequests > 0 && keepAliveIndex >= limits.maxKeepAliveRequests;
      if (isDraining || isLast || !limits.keepAlive) record.reply.closeConnection();
      record.reply.onClosed((how) => connection.next(how === 'aborted' || record.reply.willClose));
      handlers.request(record);
    });
  };
  const refuseUnreadable = (socket: Socket, problem: Omit<UnreadableRequest, 'connection'>) => {
    connectionOf(socket).addLast(() => {
      if (socket.writable) socket.write(handlers.unreadable({ connection: factsOf(socket), ...problem }));
      closeLingering(socket);
    });
  };
  // Node would destroy a socket as soon as its answer is written; what the client still sends would then reset the connection,
  // and the client might never see the answer.
  server.on('connection', (socket: Socket) => {
    socket.destroySoon = () => closeLingering(socket);
  });
  server.on('request', handle);
  server.on('checkContinue', handle);
  server.on('checkExpectation', handle);
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    // The socket is out of node:http's hands here, and so are its errors.
    socket.on('error', () => {});
    refuseUnreadable(socket, { status: 405, reason: 'CONNECT is not supported' });
  });
  server.on('clientError', (error: ClientError, socket: Socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      // Of a connection that is being closed, what comes is thrown away.
      if (!connectionOf(socket).isOver) socket.destroy();
      return;
    }
    const problem = describeClientError(error);
    // A head that was understood with a body that is not: that request answers for itself.
    const body = connectionOf(socket).unfinishedBody as NodeBody | undefined;
    if (body === undefined) refuseUnreadable(socket, problem);
    else if (error.code === 'HPE_INVALID_EOF_STATE') socket.destroy();
    else body.failParsing(problem.reason);
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

/** What node:http lets through although nobody can say for sure where such a request ends. */
function findFramingProblem({ httpVersionMajor, rawHeaders }: IncomingMessage): string | undefined {
  if (httpVersionMajor !== 1) return 'neither HTTP/1.0 nor HTTP/1.1';
  const encodings = headerValues(rawHeaders, 'transfer-encoding');
  if (encodings.length > 0 && !/(?:^|,)[ \t]*chunked[ \t]*$/i.test(encodings.join(',')))
    return 'Transfer-Encoding does not end with chunked';
  return undefined;
}

type ClientError = NodeJS.ErrnoException & { readonly rawPacket?: Buffer; readonly bytesParsed?: number };

function describeClientError(error: ClientError): Omit<UnreadableRequest, 'connection'> {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return { status: 408, reason: 'the request line and headers did not arrive in time' };
  }
  if (error.code === 'HPE_INVALID_METHOD' && /^[A-Za-z]+ [/*h]/.test(malformedLine(error))) {
    return { status: 501, reason: 'the method is not known' };
  }
  return { status: 400, reason: `the request is malformed: ${error.message}` };
}

/** The first bytes of the line that the parser stopped in: other requests may stand before it. */
function malformedLine({ rawPacket, bytesParsed = 0 }: ClientError): string {
  if (rawPacket === undefined) return '';
  const start = bytesParsed === 0 ? 0 : rawPacket.lastIndexOf(0x0a, bytesParsed - 1) + 1;
  return rawPacket.toString('latin1', start, start + 64);
}

function makeRecord(
  request: IncomingMessage,
  response: ServerResponse,
  body: NodeBody,
  keepAliveIndex: number,
  timeoutMs: number,
): RequestRecord {
  const expectation = expectationOf(request);
  const reply = new NodeReply(request, response, timeoutMs);
  body.attach(reply, expectation);
  return {
    connection: factsOf(request.socket),
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

/** HTTP/1.0 knows no Expect. Only the one expectation is known, and not in a list with others. */
function expectationOf({ rawHeaders, httpVersionMinor }: IncomingMessage): Expectation {
  const values = headerValues(rawHeaders, 'expect');
  if (values.length === 0 || httpVersionMinor === 0) return 'none';
  return values.every((value) => value.trim().toLowerCase() === '100-continue') ? 'continue' : 'unknown';
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
  #reply: NodeReply | undefined;
  #expectsContinue = false;
  #limit = 0;
  #timeoutMs: number;
  #timer: NodeJS.Timeout | undefined;
  #isPaused = false;
  /** Why what came is no valid body. */
  #malformation: string | undefined;
  #failListener: (reason: string) => void = () => {};

  constructor(request: IncomingMessage, response: ServerResponse, timeoutMs: number) {
    this.#request = request;
    this.#response = response;
    this.#timeoutMs = timeoutMs;
    const length = headerValue(request.rawHeaders, 'content-length');
    this.isChunked = headerValue(request.rawHeaders, 'transfer-encoding') !== undefined;
    this.length = this.isChunked || length === undefined ? undefined : Number(length);
    this.isPresent = this.isChunked || (this.length ?? 0) > 0;
    response.once('finish', () => this.#limitRest());
  }

  /** The turn of its request has come. */
  attach(reply: NodeReply, expectation: Expectation): void {
    this.#reply = reply;
    this.#expectsContinue = expectation === 'continue';
    // Whoever waits for "100 Continue" and never gets it may send the body or not: nobody can tell where the next request begins.
    if (this.#expectsContinue) reply.closeUnlessContinued();
    if (expectation === 'unknown' || this.#malformation !== undefined) reply.closeConnection();
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
    if (this.#malformation !== undefined) {
      const reason = this.#malformation;
      finish(() => listener.fail(400, reason));
      return;
    }
    if (this.#expectsContinue) {
      this.#reply?.noteContinued();
      this.#response.writeContinue();
    }
    this.#watch(() => {
      this.#reply?.closeConnection();
      finish(() => listener.fail(408, 'the request body did not arrive in time (Timeout)'));
    });
    request.on('data', (piece: Buffer) => {
      this.#timer?.refresh();
      this.bytesReceived += piece.length;
      if (isOver) return;
      if (this.#limit > 0 && this.bytesReceived > this.#limit) {
        this.#reply?.closeConnection();
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
    this.#malformation ??= reason;
    this.#reply?.closeConnection();
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
  #timeoutMs: number;
  #timer: NodeJS.Timeout | undefined;
  #isLast = false;
  #isUncontinued = false;
  readonly #clientKeeps: boolean;
  #closed: 'complete' | 'aborted' | undefined;
  readonly #closedCallbacks: ((how: 'complete' | 'aborted') => void)[] = [];

  constructor(request: IncomingMessage, response: ServerResponse, timeoutMs: number) {
    this.#request = request;
    this.#response = response;
    this.#timeoutMs = timeoutMs;
    this.#clientKeeps = response.shouldKeepAlive;
    // A connection that breaks is reported by `close`.
    response.on('error', () => {});
    response.once('finish', () => this.#close('complete'));
    response.once('close', () => this.#close('aborted'));
  }

  get willClose(): boolean {
    return !this.#response.shouldKeepAlive;
  }

  setTimeout(timeoutMs: number): void {
    this.#timeoutMs = timeoutMs;
  }

  closeConnection(): void {
    this.#isLast = true;
    this.#settleKeepAlive();
  }

  /** Until `noteContinued`. */
  closeUnlessContinued(): void {
    this.#isUncontinued = true;
    this.#settleKeepAlive();
  }

  noteContinued(): void {
    this.#isUncontinued = false;
    this.#settleKeepAlive();
  }

  #settleKeepAlive(): void {
    this.#response.shouldKeepAlive = this.#clientKeeps && !this.#isLast && !this.#isUncontinued;
  }

  start(status: number, reason: string, headers: readonly string[]): void {
    this.#hasBody = this.#request.method !== 'HEAD' && status !== 204 && status !== 304;
    const length = headerValue(headers, 'content-length');
    this.#length = length === undefined ? undefined : Number(length);
    // There the end of the connection is the end of the body.
    if (this.#length === undefined && this.#hasBody && this.#request.httpVersionMinor === 0)
      this.closeConnection();
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
    if (!isTaken) this.#watchTaking();
    return isTaken;
  }

  /** Timeout is "per wait on the client": whoever takes something in that time, however little, may go on. */
  #watchTaking(): void {
    if (this.#timeoutMs === 0 || this.#timer !== undefined || this.#closed !== undefined) return;
    const { socket } = this.#request;
    let before = bytesOnTheirWay(socket);
    const timer = setTimeout(() => {
      const now = bytesOnTheirWay(socket);
      if (this.#response.writableLength > 0 && now === before) socket.resetAndDestroy();
      else timer.refresh();
      before = now;
    }, this.#timeoutMs);
    this.#timer = timer;
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
    if (isShort) return this.cut();
    this.#response.end();
    this.#watchTaking();
  }

  cut(): void {
    const { socket } = this.#request;
    // A client that takes nothing more must not keep the connection.
    const timer = setTimeout(() => socket.destroy(), this.#timeoutMs || cutTimeoutMs);
    socket.once('close', () => clearTimeout(timer));
    // What was written still goes out. Without Content-Length or chunks the end of the connection is the end of the body,
    // so there only a reset tells that something is missing.
    if (this.#length !== undefined || this.#response.chunkedEncoding || !this.isStarted)
      Socket.prototype.destroySoon.call(socket);
    else socket.write('', () => socket.resetAndDestroy());
  }

  onClosed(callback: (how: 'complete' | 'aborted') => void): void {
    if (this.#closed === undefined) this.#closedCallbacks.push(callback);
    else callback(this.#closed);
  }

  #close(how: 'complete' | 'aborted'): void {
    if (this.#closed !== undefined) return;
    this.#closed = how;
    clearTimeout(this.#timer);
    for (const callback of this.#closedCallbacks) callback(how);
  }
}

/** Changes whenever the client has taken something: what was written in all, and what of it the system could not send yet. */
function bytesOnTheirWay(socket: Socket): string {
  // Missing in the type definitions; net.Socket's own timeout looks at it, too.
  const { _handle } = socket as { _handle?: { readonly writeQueueSize?: number } | null };
  return `${socket.bytesWritten - socket.writableLength} ${_handle?.writeQueueSize ?? 0}`;
}
