import { IncomingMessage, ServerResponse } from 'node:http';
import type { Pairs } from '../../wire/index.js';
import type { Environ, RequestFacts } from './environ.js';
import type { HostedSocket } from './hosted-socket.js';

/** The request that a Node application gets, with what modhost adds. */
export interface HostedRequest extends IncomingMessage {
  originalUrl?: string;
  baseUrl?: string;
  environ?: Environ;
  [requestFacts]: RequestFacts;
  /** node:http's own ways of filling a request from its parser. */
  _addHeaderLines(lines: readonly string[], count: number): void;
  _dump(): void;
}

/** A genuine IncomingMessage without a body as yet. */
export function createHostedRequest(
  socket: HostedSocket,
  facts: RequestFacts,
  headers: Pairs,
): HostedRequest {
  const request = new Request(socket, facts);
  request.method = facts.method;
  request.url = facts.url;
  request.originalUrl = facts.originalUrl;
  request.baseUrl = facts.scriptName;
  readVersion(request, facts.protocol);
  request._addHeaderLines(headers, headers.length);
  return request;
}

/** A genuine ServerResponse that writes its answer to the socket. */
export function createHostedResponse(request: IncomingMessage, socket: HostedSocket): ServerResponse {
  const response = new Response(request);
  response.sendDate = false;
  response.assignSocket(socket as unknown as IncomingMessage['socket']);
  return response;
}

function readVersion(request: IncomingMessage, protocol: string): void {
  const version = protocol === 'HTTP/1.1' ? null : /^HTTP\/(\d+)(?:\.(\d+))?$/.exec(protocol);
  request.httpVersionMajor = Number(version?.[1] ?? 1);
  request.httpVersionMinor = version === null ? 1 : Number(version[2] ?? 0);
  request.httpVersion = `${request.httpVersionMajor}.${request.httpVersionMinor}`;
}

const requestFacts = Symbol('modhost.facts');

/** Its many keys are put together for those who look. Own, because frameworks exchange the prototype. */
const lazyEnviron: PropertyDescriptor & ThisType<HostedRequest> = {
  get() {
    return this[requestFacts].environ;
  },
  set(value) {
    Object.defineProperty(this, 'environ', { value, writable: true, enumerable: true, configurable: true });
  },
  enumerable: true,
  configurable: true,
};

/**
 * Chunks and connections are the front end's business. An accessor, because ServerResponse sets it whenever it meets
 * Transfer-Encoding, and would then write chunk sizes between the bytes; true up to the head, or it refuses Trailer.
 */
const neverChunked: PropertyDescriptor & ThisType<ServerResponse> = {
  get() {
    return !this.headersSent;
  },
  set() {},
  enumerable: true,
  configurable: true,
};

// node:http's own constructors on objects that have our accessor from the beginning, and so never exchange a plain property for one:
// that would make the engine take each of them for one of a kind. Same prototype: they are what node:http makes, in every way. The
// constructors inherit from node:http's, as with `extends`: V8 then leaves room for the fields of both, where it would else make of each
// response a slow object of four times the cost.

function RequestConstructor(this: HostedRequest, socket: HostedSocket, facts: RequestFacts): void {
  Object.defineProperty(this, 'environ', lazyEnviron);
  this[requestFacts] = facts;
  Reflect.apply(IncomingMessage, this, [socket]);
}
RequestConstructor.prototype = IncomingMessage.prototype;
Object.setPrototypeOf(RequestConstructor, IncomingMessage);
const Request = RequestConstructor as unknown as new (
  socket: HostedSocket,
  facts: RequestFacts,
) => HostedRequest;

function ResponseConstructor(this: ServerResponse, request: IncomingMessage): void {
  Object.defineProperty(this, 'chunkedEncoding', neverChunked);
  Reflect.apply(ServerResponse, this, [request]);
}
ResponseConstructor.prototype = ServerResponse.prototype;
Object.setPrototypeOf(ResponseConstructor, ServerResponse);
const Response = ResponseConstructor as unknown as new (request: IncomingMessage) => ServerResponse;
