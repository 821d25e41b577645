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
  const request = new constructors.Request(socket, facts);
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
  const response = new constructors.Response(request);
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

interface HeadStoring {
  chunkedEncoding: boolean;
  _storeHeader(firstLine: string, headers: unknown): void;
}

/**
 * Chunks and connections are the front end's business: ServerResponse sets `chunkedEncoding` whenever it meets Transfer-Encoding, and would then
 * write chunk sizes between the bytes. True while it puts the head together, or it refuses Trailer. Own, because frameworks exchange the
 * prototype, and a plain property: an accessor for `chunkedEncoding` itself costs more than all else that makes a response.
 */
function storeHeader(this: HeadStoring, firstLine: string, headers: unknown): void {
  const genuine = Object.getPrototypeOf(this) as HeadStoring;
  this.chunkedEncoding = true;
  genuine._storeHeader.call(this, firstLine, headers);
  this.chunkedEncoding = false;
}

interface Constructors {
  readonly Request: new (socket: HostedSocket, facts: RequestFacts) => HostedRequest;
  readonly Response: new (request: IncomingMessage) => ServerResponse;
}

/**
 * node:http's own constructors on objects that have what is ours from the beginning, and so never exchange a plain property for an accessor:
 * that would make the engine take each of them for one of a kind. Same prototype: they are what node:http makes, in every way.
 *
 * With room, the constructors inherit from node:http's, as with `extends`: V8 then leaves room for the fields of both, where it would else make a slow
 * object of each response, a table, which costs a hello four times as much. But whoever exchanges the prototype and then adds properties, as Express
 * does, is better off with tables: of other objects, V8 (before that of Node 22) takes each for one of a kind from then on, and all that is done with
 * them costs twice as much.
 */
function createConstructors(hasRoom: boolean): Constructors {
  function RequestConstructor(this: HostedRequest, socket: HostedSocket, facts: RequestFacts): void {
    Object.defineProperty(this, 'environ', lazyEnviron);
    this[requestFacts] = facts;
    Reflect.apply(IncomingMessage, this, [socket]);
  }
  RequestConstructor.prototype = IncomingMessage.prototype;
  function ResponseConstructor(this: ServerResponse, request: IncomingMessage): void {
    (this as unknown as HeadStoring)._storeHeader = storeHeader;
    Reflect.apply(ServerResponse, this, [request]);
  }
  ResponseConstructor.prototype = ServerResponse.prototype;
  if (hasRoom) {
    Object.setPrototypeOf(RequestConstructor, IncomingMessage);
    Object.setPrototypeOf(ResponseConstructor, ServerResponse);
  }
  return {
    Request: RequestConstructor as unknown as Constructors['Request'],
    Response: ResponseConstructor as unknown as Constructors['Response'],
  };
}

let constructors = createConstructors(true);
let isExchangeKnown = false;

/** To be asked when an application has been called: does it exchange prototypes? Then those of later requests are made for that. */
export function watchPrototype(request: IncomingMessage): void {
  if (isExchangeKnown || Object.getPrototypeOf(request) === IncomingMessage.prototype) return;
  isExchangeKnown = true;
  constructors = createConstructors(false);
}
