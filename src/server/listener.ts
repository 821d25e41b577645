/** Makes request records of what node:http brings; only this file, node-body.ts and node-reply.ts know it. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { headerValues } from '../http/index.js';
import { isInRanges } from '../matching/index.js';
import type { TlsAcceptor, TlsConnection } from '../tls/index.js';
import { awaitProxyHeader } from './await-proxy-header.js';
import { type ConnectionLimits, ConnectionWatch } from './connection-watch.js';
import { closeLingering } from './lingering-close.js';
import { NodeBody } from './node-body.js';
import { NodeReply } from './node-reply.js';
import { RawReply } from './raw-reply.js';
import { type ConnectionFacts, type Expectation, noBody, type RequestRecord } from './request-record.js';
import { RequestTurns } from './request-turns.js';
import { listenForUpgrades } from './upgrade.js';

/** Limits that hold before it is known which virtual host a request is for: the main server's. */
export interface ListenerLimits {
  /** Told to clients of HTTP/1.0. */
  readonly keepAliveTimeoutMs: number;
  /** Bytes of request line and headers together. */
  readonly headBytes: number;
  /** Header lines; 0: no limit. */
  readonly headerLines: number;
  ofConnection(local: LocalEnd): ConnectionLimits;
  /** Some connections begin with a PROXY header. */
  readonly hasProxyProtocol: boolean;
  /** One wait for the client, to send or to take, until a virtual host says otherwise. */
  readonly timeoutMs: number;
  /** At once; absent: no limit. */
  readonly connections?: number;
}

/** A request that could not be understood. */
export interface UnreadableRequest {
  /** Nothing of it is known but the connection; its reply closes that. */
  readonly record: RequestRecord;
  readonly status: 400 | 405 | 408 | 501;
  readonly reason: string;
  /** What the page says besides. */
  readonly hint?: 'https-expected';
}

export interface ListenerHandlers {
  request(record: RequestRecord): void;
  unreadable(request: UnreadableRequest): void;
  /** A connection ended before anything could be asked. */
  lost(connection: ConnectionFacts, reason: string): void;
  /** A connection was closed because there are too many. */
  dropped?(): void;
}

export interface HttpListener {
  /** `fd`: a bound socket. Rejects if it cannot listen. */
  listen(fd: number, backlog: number): Promise<void>;
  /** Stops accepting; resolves when the last connection has ended. */
  drain(): Promise<void>;
  /** Destroys every connection. */
  destroy(): void;
}

/** `acceptor`: how connections begin that may be TLS; absent: all are plain HTTP. */
export function createListener(
  limits: ListenerLimits,
  handlers: ListenerHandlers,
  acceptor?: TlsAcceptor,
): HttpListener {
  const server = createServer({
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    // ConnectionWatch and NodeBody limit what is read.
    headersTimeout: 0,
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
    const watch = new ConnectionWatch(socket, limits.ofConnection(localEndOf(socket)), {
      headExpired: (isSilent) => {
        if (isSilent) socket.destroy();
        else refuseUnreadable(socket, lateHead);
      },
      idleExpired: () => socket.destroySoon(),
      readsBody: () => fresh.readsBody,
    });
    const fresh = new RequestTurns(socket, (isBusy) => (isBusy ? watch.rest() : watch.awaitNext()));
    connections.set(socket, fresh);
    return fresh;
  };
  const handle = (request: IncomingMessage, response: ServerResponse) => serve(request, () => response);
  const serve = (request: IncomingMessage, makeResponse: () => ServerResponse, upgrade?: 'websocket') => {
    const framingProblem = findFramingProblem(request);
    if (framingProblem !== undefined) {
      request.resume();
      refuseUnreadable(request.socket, { status: 400, reason: framingProblem });
      return;
    }
    const connection = connectionOf(request.socket);
    // Made at once, since what arrives of its body may be malformed before its turn comes.
    const body = new NodeBody(request, limits.timeoutMs);
    connection.add(body, () => {
      const keepAliveIndex = connection.served;
      const response = makeResponse();
      const made = makeRecord(request, response, body, keepAliveIndex, limits.timeoutMs);
      const record = upgrade === undefined ? made : { ...made, upgrade };
      if (isDraining) record.reply.closeConnection();
      record.reply.onClosed((how) => connection.next(how === 'aborted' || record.reply.willClose));
      handlers.request(record);
    });
  };
  const refuseUnreadable = (socket: Socket, problem: Omit<UnreadableRequest, 'record'>) => {
    connectionOf(socket).addLast(() => {
      if (socket.writable) handlers.unreadable({ record: makeUnreadableRecord(socket), ...problem });
      else closeLingering(socket);
    });
  };
  // Node would destroy a socket as soon as its answer is written; what the client still sends would then reset the connection,
  // and the client might never see the answer.
  server.on('connection', (socket: Socket) => {
    socket.destroySoon = () => closeLingering(socket);
    connectionOf(socket);
  });
  // node:http's own limit of the time between requests, which does not know that one may have begun.
  server.on('timeout', () => {});
  server.on('request', handle);
  server.on('checkContinue', handle);
  server.on('checkExpectation', handle);
  listenForUpgrades(server, 'connection', {
    webSocket: (request, makeResponse) => serve(request, makeResponse, 'websocket'),
    waitForTurn: ({ socket }, begin) => connectionOf(socket).addAgain(begin),
  });
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

  const accepting =
    acceptor === undefined && !limits.hasProxyProtocol
      ? server
      : createAccepting(server, {
          begin: (socket, begin) => readProxyHeader(socket, limits, handlers, begin),
          acceptor,
          refusePlain: (socket) =>
            refuseUnreadable(socket, {
              status: 400,
              reason: 'plain HTTP where HTTPS is spoken',
              hint: 'https-expected',
            }),
        });
  if (limits.connections !== undefined) accepting.maxConnections = limits.connections;
  accepting.on('drop', () => handlers.dropped?.());
  return {
    listen: (fd, backlog) =>
      new Promise((resolve, reject) => {
        accepting.once('error', reject);
        accepting.listen({ fd, backlog }, () => {
          accepting.removeListener('error', reject);
          resolve();
        });
      }),
    drain: () => {
      isDraining = true;
      return closeServer(accepting);
    },
    destroy: () => {
      acceptor?.destroy();
      server.closeAllConnections();
    },
  };
}

const tlsConnections = new WeakMap<Socket, TlsConnection>();
/** What PROXY headers have said, by the socket of the connection. */
const proxiedAddresses = new WeakMap<Socket, string>();

interface Accepting {
  /** Calls back when TLS or HTTP may begin. */
  begin(socket: Socket, begin: () => void): void;
  readonly acceptor: TlsAcceptor | undefined;
  refusePlain(socket: Socket): void;
}

/** Listens in place of the server, which gets the connections when all that comes before HTTP is over. */
function createAccepting(server: Server, { begin, acceptor, refusePlain }: Accepting): NetServer {
  const ready = (from: Socket, socket: Socket, tls: TlsConnection | undefined) => {
    if (tls !== undefined) tlsConnections.set(socket, tls);
    const proxied = proxiedAddresses.get(from);
    if (proxied !== undefined) proxiedAddresses.set(socket, proxied);
    server.emit('connection', socket);
  };
  const accepting = new NetServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
    begin(socket, () => {
      if (acceptor === undefined) ready(socket, socket, undefined);
      else
        acceptor.accept(socket, {
          connection: (secure, tls) => ready(socket, secure, tls),
          plain: refusePlain,
        });
    }),
  );
  // The server watches over the time of heads from the moment when it listens.
  accepting.once('listening', () => server.emit('listening'));
  return accepting;
}

/** RemoteIPProxyProtocol, where the address of the listener has it. */
function readProxyHeader(
  socket: Socket,
  limits: ListenerLimits,
  handlers: ListenerHandlers,
  begin: () => void,
): void {
  const { proxyProtocol } = limits.ofConnection(localEndOf(socket));
  const facts = readFacts(socket);
  if (proxyProtocol === undefined || isInRanges(facts.clientAddress, proxyProtocol.exceptions) === true) {
    begin();
    return;
  }
  awaitProxyHeader(socket, proxyProtocol.limit, (header) => {
    if (header.kind === 'failed') {
      handlers.lost(facts, `RemoteIPProxyProtocol: ${header.reason}`);
      return;
    }
    if (header.address !== undefined) proxiedAddresses.set(socket, header.address);
    begin();
  });
}

/**
 * Only stops accepting: `http.Server.close` would close idle connections as well, on some of which a request is already on its
 * way. They get `Connection: close` with their next answer, or end at KeepAliveTimeout.
 */
function closeServer(server: NetServer): Promise<void> {
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

const lateHead = {
  status: 408,
  reason: 'the request line and headers did not arrive in time (RequestReadTimeout)',
} as const;

type ClientError = NodeJS.ErrnoException & { readonly rawPacket?: Buffer; readonly bytesParsed?: number };

function describeClientError(error: ClientError): Omit<UnreadableRequest, 'record'> {
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
  body.attach(response, reply, expectation);
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

/** What is left of a request that was none. */
function makeUnreadableRecord(socket: Socket): RequestRecord {
  return {
    connection: factsOf(socket),
    method: '',
    target: '',
    httpVersion: '1.1',
    headers: [],
    startedAt: Date.now(),
    keepAliveIndex: 0,
    expectation: 'none',
    body: noBody,
    reply: new RawReply(socket),
  };
}

/** HTTP/1.0 knows no Expect. Only the one expectation is known, and not in a list with others. */
function expectationOf({ rawHeaders, httpVersionMinor }: IncomingMessage): Expectation {
  const values = headerValues(rawHeaders, 'expect');
  if (values.length === 0 || httpVersionMinor === 0) return 'none';
  return values.every((value) => value.trim().toLowerCase() === '100-continue') ? 'continue' : 'unknown';
}

const knownFacts = new WeakMap<Socket, ConnectionFacts>();

/** Looked up once, when a connection has its first request: a PROXY header and the handshake have been read then. */
function factsOf(socket: Socket): ConnectionFacts {
  const known = knownFacts.get(socket);
  if (known !== undefined) return known;
  const facts = readFacts(socket);
  knownFacts.set(socket, facts);
  return facts;
}

function readFacts(socket: Socket): ConnectionFacts {
  const tls = tlsConnections.get(socket);
  const proxied = proxiedAddresses.get(socket);
  return {
    clientAddress: withoutMapping(socket.remoteAddress ?? ''),
    clientPort: socket.remotePort ?? 0,
    ...localEndOf(socket),
    ...(tls === undefined ? {} : { tls }),
    ...(proxied === undefined ? {} : { proxiedAddress: proxied }),
  };
}

/** The address and port that a connection came in on. */
export type LocalEnd = Pick<ConnectionFacts, 'localAddress' | 'localPort'>;

function localEndOf({ localAddress = '', localPort = 0 }: Socket): LocalEnd {
  return { localAddress: withoutMapping(localAddress), localPort };
}

/** `::ffff:192.0.2.1` is an IPv4 client on a socket for both families. */
function withoutMapping(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
