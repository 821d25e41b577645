/** Makes request records of what node:http brings; only this file, upgrade.ts, node-body.ts and node-reply.ts know it. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { headerValues } from '../http/index.js';
import { factsOf, localEndOf } from './connection-facts.js';
import { ConnectionWatch } from './connection-watch.js';
import { awaitRest } from './half-closed.js';
import { closeLingering } from './lingering-close.js';
import type { HandedConnection, ListenerState, UnreadableRequest } from './listener-ports.js';
import { NodeBody } from './node-body.js';
import { NodeReply } from './node-reply.js';
import { RawReply } from './raw-reply.js';
import { type Expectation, noBody, type RequestRecord } from './request-record.js';
import { RequestTurns } from './request-turns.js';
import { listenForUpgrades } from './upgrade.js';

/** Reads connections by node:http, and knows what to answer to everything that may come on one. */
export interface NodeServer {
  /** The connection is its own from now on. `handed`: what was read before. */
  take(socket: Socket, handed?: HandedConnection): void;
  /** Answers 400 to what is not read. */
  refusePlain(socket: Socket): void;
  /** Destroys every connection. */
  destroy(): void;
}

export function createNodeServer(state: ListenerState): NodeServer {
  const { handlers, limits } = state;
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
  // Not in the documentation: an answer still goes to a client that sends no more.
  Object.assign(server, { httpAllowHalfOpen: true });

  const connections = new WeakMap<Socket, RequestTurns>();
  const connectionOf = (socket: Socket): RequestTurns => connections.get(socket) ?? begin(socket);
  const begin = (socket: Socket, handed?: HandedConnection): RequestTurns => {
    const watch = new ConnectionWatch(
      socket,
      limits.ofConnection(localEndOf(socket)),
      {
        headExpired: (isSilent) => {
          if (isSilent) socket.destroy();
          else refuseUnreadable(socket, lateHead);
        },
        idleExpired: () => socket.destroySoon(),
        readsBody: () => fresh.readsBody,
      },
      handed && { begun: handed.begun, bytes: socket.bytesRead - handed.bytes.length },
    );
    const turned = (isBusy: boolean) => (isBusy ? watch.rest() : watch.awaitNext());
    const fresh = new RequestTurns(socket, turned, handed?.served);
    connections.set(socket, fresh);
    return fresh;
  };
  const handle = (request: IncomingMessage, response: ServerResponse) => serve(request, () => response);
  const serve = (request: IncomingMessage, makeResponse: () => ServerResponse, upgrade?: string) => {
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
      if (state.isDraining) record.reply.closeConnection();
      record.reply.onClosed((how) => connection.next(how === 'aborted' || record.reply.willClose));
      handlers.request(record);
    });
  };
  const refuseUnreadable = (socket: Socket, problem: Omit<UnreadableRequest, 'record'>) => {
    connectionOf(socket).addLast(() => {
      if (socket.writable)
        handlers.unreadable({ record: makeUnreadableRecord(socket, limits.timeoutMs), ...problem });
      else closeLingering(socket);
    });
  };
  function endBehindRequest(this: Socket): void {
    if (connectionOf(this).isBusy) awaitRest(this);
  }
  // Node would destroy a socket as soon as its answer is written; what the client still sends would then reset the connection,
  // and the client might never see the answer.
  server.on('connection', (socket: Socket) => {
    socket.destroySoon = () => closeLingering(socket);
    // Its limits in time hold from here on.
    connectionOf(socket);
    // A connection comes here again for each request that offered another protocol.
    if (!socket.listeners('end').includes(endBehindRequest)) socket.once('end', endBehindRequest);
  });
  // node:http's own limit of the time between requests, which does not know that one may have begun.
  server.on('timeout', () => {});
  server.on('request', handle);
  server.on('checkContinue', handle);
  server.on('checkExpectation', handle);
  listenForUpgrades(server, 'connection', limits.upgradeProtocols, {
    wanted: (request, protocol, makeResponse) => {
      // What the connection may become has rules of its own for a side that is closed.
      request.socket.off('end', endBehindRequest);
      serve(request, makeResponse, protocol);
    },
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
  // It does not listen itself, but keeps its list of connections only from then on.
  server.emit('listening');
  return {
    take: (socket, handed) => {
      if (handed === undefined) {
        server.emit('connection', socket);
        return;
      }
      begin(socket, handed);
      // As it was accepted: nobody reads it, and what was read is there again.
      socket.pause();
      socket.unshift(handed.bytes);
      server.emit('connection', socket);
      socket.resume();
    },
    refusePlain: (socket) =>
      refuseUnreadable(socket, {
        status: 400,
        reason: 'plain HTTP where HTTPS is spoken',
        hint: 'https-expected',
      }),
    destroy: () => server.closeAllConnections(),
  };
}

/** What node:http lets through although nobody can say for sure where such a request ends. */
function findFramingProblem({ httpVersionMajor, rawHeaders }: IncomingMessage): string | undefined {
  if (httpVersionMajor !== 1) return 'neither HTTP/1.0 nor HTTP/1.1';
  const encodings = headerValues(rawHeaders, 'transfer-encoding');
  // Another coding below the chunks would reach applications as if it were the body.
  if (encodings.length > 0 && !/^[ \t]*chunked[ \t]*$/i.test(encodings.join(',')))
    return 'Transfer-Encoding is not chunked';
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
function makeUnreadableRecord(socket: Socket, timeoutMs: number): RequestRecord {
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
    reply: new RawReply(socket, timeoutMs),
  };
}

/** HTTP/1.0 knows no Expect, and an empty one expects nothing. Only the one expectation is known, and not in a list with others. */
function expectationOf({ rawHeaders, httpVersionMinor }: IncomingMessage): Expectation {
  const values = headerValues(rawHeaders, 'expect').filter((value) => value.trim() !== '');
  if (values.length === 0 || httpVersionMinor === 0) return 'none';
  return values.every((value) => value.trim().toLowerCase() === '100-continue') ? 'continue' : 'unknown';
}
