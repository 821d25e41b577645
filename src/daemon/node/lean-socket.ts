import { EventEmitter } from 'node:events';
import { OutgoingMessage } from 'node:http';
import { Duplex, getDefaultHighWaterMark } from 'node:stream';
import type { RequestFacts } from './environ.js';
import { HostedSocket, type SocketSink, socketFacts, socketOptions, socketSink } from './hosted-socket.js';

/** What a {@link HostedSocket} has for as long as nobody has looked at it as a stream. */
interface LeanSocket extends HostedSocket {
  [isDestroyed]: boolean;
  [corks]: number;
}

const isDestroyed = Symbol('modhost.isDestroyed');
const corks = Symbol('modhost.corks');

/** A stream's two states, which Node keeps under these names. */
interface StreamStates {
  _readableState: { closed: boolean; closeEmitted: boolean };
  _writableState: { corked: number; closed: boolean; closeEmitted: boolean };
}

/** An open stream that nobody uses. OutgoingMessage.end() reaches for the state of a corked socket to let go of it: it gets this one's. */
const idle = new HostedSocket({ environ: {}, urlScheme: 'http', url: '/' } as RequestFacts, {
  write: (_chunk, _encoding, taken) => taken(),
  takesAtOnce: () => true,
  owesEnd: false,
  resumed: () => {},
  becameStream: () => {},
  destroyed: () => {},
}) as HostedSocket & StreamStates;

/** What node:http gives as the callback of a write where the application gave none: the very function, which does nothing. */
const { _onPendingData: nothing } = new OutgoingMessage() as unknown as { readonly _onPendingData: unknown };

const highWaterMark = getDefaultHighWaterMark(false);

/**
 * A HostedSocket as most requests need it: something that ServerResponse writes its answer to. What makes it a stream, and costs as much as the
 * rest of the request, is made when somebody looks at it, writes faster than the front end takes, or ends it.
 */
export function createLeanSocket(facts: RequestFacts, sink: SocketSink): HostedSocket {
  return new Lean(facts, sink);
}

function LeanConstructor(this: LeanSocket, facts: RequestFacts, sink: SocketSink): void {
  this[socketFacts] = facts;
  this[socketSink] = sink;
  this[isDestroyed] = false;
  this[corks] = 0;
  if (facts.urlScheme === 'https') this.encrypted = true;
}

/** From now on it is a HostedSocket like any other. */
function becomeStream(socket: LeanSocket): HostedSocket & StreamStates {
  const stream = Object.setPrototypeOf(socket, HostedSocket.prototype) as HostedSocket & StreamStates;
  Reflect.apply(Duplex, stream, [socketOptions]);
  if (socket[isDestroyed]) {
    stream.destroyed = true;
    for (const state of [stream._readableState, stream._writableState]) {
      state.closed = true;
      state.closeEmitted = true;
    }
  } else {
    for (let cork = 0; cork < socket[corks]; cork += 1) stream.cork();
  }
  stream[socketSink].becameStream(stream);
  return stream;
}

function emitClose(socket: LeanSocket): void {
  socket.emit('close');
}

const leanMembers: PropertyDescriptorMap & ThisType<LeanSocket> = {
  _readableState: {
    get() {
      return becomeStream(this)._readableState;
    },
  },
  _writableState: {
    get() {
      return this[corks] > 0 ? idle._writableState : becomeStream(this)._writableState;
    },
  },
  readable: {
    get() {
      return !this[isDestroyed] || this[socketSink].owesEnd;
    },
    set(value: boolean) {
      becomeStream(this).readable = value;
    },
  },
  writable: {
    get() {
      return !this[isDestroyed];
    },
    set(value: boolean) {
      (becomeStream(this) as { writable: boolean }).writable = value;
    },
  },
  destroyed: {
    get() {
      return this[isDestroyed];
    },
    set(value: boolean) {
      becomeStream(this).destroyed = value;
    },
  },
  readableHighWaterMark: { value: highWaterMark },
  writableHighWaterMark: { value: highWaterMark },
  writableLength: { value: 0 },
  writableCorked: {
    get() {
      return this[corks];
    },
  },
  writableNeedDrain: { value: false },
  on: { value: listen },
  addListener: { value: listen },
  // No listener of those events is here yet.
  removeListener: { value: EventEmitter.prototype.removeListener },
  off: { value: EventEmitter.prototype.removeListener },
  removeAllListeners: { value: EventEmitter.prototype.removeAllListeners },
  cork: {
    value(this: LeanSocket) {
      this[corks] += 1;
    },
  },
  uncork: {
    value(this: LeanSocket) {
      // OutgoingMessage.end() lets go of all of them at once.
      this[corks] = Math.min(this[corks], idle._writableState.corked);
      idle._writableState.corked = Number.POSITIVE_INFINITY;
      if (this[corks] > 0) this[corks] -= 1;
    },
  },
  write: {
    value(this: LeanSocket, chunk: Buffer | string, encoding?: unknown, callback?: unknown): boolean {
      const isChunk = typeof chunk === 'string' || Buffer.isBuffer(chunk);
      const bytes = isChunk ? 3 * chunk.length : Number.POSITIVE_INFINITY;
      if (this[isDestroyed] || !this[socketSink].takesAtOnce(bytes))
        return becomeStream(this).write(chunk, encoding as BufferEncoding, callback as () => void);
      const done = typeof encoding === 'function' ? encoding : callback;
      const named = typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8';
      const isAwaited = typeof done === 'function' && done !== nothing;
      const taken = isAwaited ? () => process.nextTick(done as () => void, null) : ignore;
      this[socketSink].write(chunk, named, taken);
      return true;
    },
  },
  end: {
    value(this: LeanSocket, ...parameters: Parameters<HostedSocket['end']>) {
      return becomeStream(this).end(...parameters);
    },
  },
  resume: {
    value(this: LeanSocket) {
      this[socketSink].resumed();
      return this;
    },
  },
  destroy: {
    value(this: LeanSocket, error?: Error) {
      if (this[isDestroyed]) return this;
      this[isDestroyed] = true;
      this[socketSink].destroyed(error ?? null);
      process.nextTick(emitClose, this);
      return this;
    },
  },
};

LeanConstructor.prototype = Object.create(HostedSocket.prototype, leanMembers);
const Lean = LeanConstructor as unknown as new (facts: RequestFacts, sink: SocketSink) => HostedSocket;

/** `data` and `readable` make a stream flow; other events need none. */
function listen(
  this: LeanSocket,
  event: string | symbol,
  listener: (...args: unknown[]) => void,
): LeanSocket {
  if (event === 'data' || event === 'readable')
    return becomeStream(this).on(event, listener) as HostedSocket as LeanSocket;
  return EventEmitter.prototype.on.call(this, event, listener) as LeanSocket;
}

function ignore(): void {}
