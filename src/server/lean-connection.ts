import type { Socket } from 'node:net';
import { type LeanFields, type LeanHead, readLeanHead } from '../http/index.js';
import { ownBytes, type PieceUse } from '../proxy/index.js';
import { factsOf, localEndOf } from './connection-facts.js';
import type { ConnectionLimits } from './connection-watch.js';
import { awaitRest } from './half-closed.js';
import { LeanBody } from './lean-body.js';
import { LeanReply } from './lean-reply.js';
import { closeLingering } from './lingering-close.js';
import type { HandedConnection, ListenerState } from './listener-ports.js';
import { type PooledReader, type PooledReading, readPooled } from './pooled-reading.js';
import { type ConnectionFacts, noBody, type RequestBody } from './request-record.js';
import { longestTimerMs } from './watch-reading.js';

type HandOver = (socket: Socket, handed: HandedConnection) => void;

/** The connections of one listener that have carried nothing unusual so far. */
export class LeanConnections {
  readonly #state: ListenerState;
  readonly #handOver: HandOver;
  readonly #open = new Set<Socket>();

  /** `handOver`: who reads a connection from a request on that is not of the plain kind. */
  constructor(state: ListenerState, handOver: HandOver) {
    this.#state = state;
    this.#handOver = handOver;
  }

  take(socket: Socket): void {
    this.#open.add(socket);
    new LeanConnection(socket, this.#state, {
      handOver: (handed) => {
        this.#open.delete(socket);
        this.#handOver(socket, handed);
      },
      closed: () => this.#open.delete(socket),
    });
  }

  destroy(): void {
    for (const socket of this.#open) socket.destroy();
  }
}

interface Endings {
  handOver(handed: HandedConnection): void;
  closed(): void;
}

/** Most heads are shorter: what stands behind one in the same piece need not become text. */
const usualHeadBytes = 4_096;

const nothing = Buffer.alloc(0);

/** Of a request with `Content-Length: 0`. */
const emptyBody: RequestBody = { ...noBody, length: 0 };

/**
 * One connection: reads heads of the plain kind, one at a time, and the bodies behind them. What a client sends ahead is kept unread until
 * the request in front of it is answered. There is one object for all requests of a connection, with one timer that is set when it
 * fires too early, not for every request; replies and bodies are new each time, since whoever served a request may hold them longer.
 */
class LeanConnection implements PooledReader {
  readonly socket: Socket;
  readonly #pooled: PooledReading | undefined;
  readonly #state: ListenerState;
  readonly #endings: Endings;
  readonly #limits: ConnectionLimits;
  #served = 0;
  #known: LeanFields | undefined;
  #facts: ConnectionFacts | undefined;
  /** Of the request whose turn it is. */
  #reply: LeanReply | undefined;
  /** As long as a part of it has not arrived: what comes belongs to it. */
  #body: LeanBody | undefined;
  /** What has become of the memory of the piece that was read last. */
  #use: PieceUse = 'kept';
  /** What is being read lies in memory of this connection's own, and nothing of it has been handed on. */
  #mayLend = false;
  /** What has arrived behind the request whose turn it is. */
  #ahead: Buffer | undefined;
  /** Nothing more is read as requests. */
  #isOver = false;
  /** Nothing more comes. */
  #hasEnded = false;
  /** By performance.now(): since when the next request is waited for. */
  #since = performance.now();
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires, by performance.now(). */
  #timerAt = Number.POSITIVE_INFINITY;
  #drained: LeanReply | undefined;
  #hasDrainListener = false;

  constructor(socket: Socket, state: ListenerState, endings: Endings) {
    this.socket = socket;
    this.#state = state;
    this.#endings = endings;
    this.#limits = state.limits.ofConnection(localEndOf(socket));
    this.#pooled = readPooled(socket, this);
    socket.on('data', this.#read);
    socket.on('end', this.#end);
    socket.on('error', ignoreError);
    socket.on('close', this.#close);
    this.#limitWait();
  }

  /** Hands over what a reply has last; that reply is over when the system has taken it. */
  writeLast(text: string): void {
    const { socket } = this;
    if (text === '' && socket.writableLength === 0) process.nextTick(this.#written);
    else if (this.#pooled === undefined || socket.writableLength > 0)
      socket.write(text, 'latin1', this.#written);
    else this.#writeAtOnce(text);
  }

  /** Where the system takes all of it, as it mostly does, Node need not be asked to tell so later: that costs as much as reading the request. */
  #writeAtOnce(text: string): void {
    const { socket } = this;
    const isGoing = socket.write(text, 'latin1');
    if (socket.writableLength > 0) socket.write(nothing, this.#written);
    // A connection that breaks is reported by `close`.
    else if (isGoing) this.#endTaken();
  }

  /** Not now where that begins the next request, whose answer may be written at once, too: a client may have sent thousands. */
  #endTaken(): void {
    const isLast = this.#ahead === undefined && this.#body === undefined && this.#reply?.willClose === false;
    if (isLast) this.#reply?.complete();
    else process.nextTick(this.#written);
  }

  writeLastPiece(text: string, piece: Buffer): void {
    const { socket } = this;
    socket.cork();
    if (text !== '') socket.write(text, 'latin1');
    socket.write(piece, this.#written);
    socket.uncork();
  }

  /** Tells that reply when the client has taken what is on its way. */
  awaitDrain(reply: LeanReply): void {
    this.#drained = reply;
    if (this.#hasDrainListener) return;
    this.#hasDrainListener = true;
    this.socket.on('drain', () => this.#drained?.drained());
  }

  /** Nothing behind the present answer is read. */
  stopReading(): void {
    this.#isOver = true;
    this.#ahead = undefined;
  }

  /** The request is answered, or never will be. */
  finish(reply: LeanReply, how: 'complete' | 'aborted'): void {
    if (this.#reply !== reply) return;
    this.#reply = undefined;
    this.#drained = undefined;
    if (how === 'aborted') {
      this.stopReading();
      return;
    }
    if (reply.willClose) {
      this.stopReading();
      this.#body?.abandon();
      closeLingering(this.socket);
      return;
    }
    // What nobody wanted of the body is thrown away before the next request is read.
    if (this.#body !== undefined) this.#body.discard();
    else this.#turn();
  }

  /** What came into the pool: mostly one head and nothing else, of which nothing has to be kept but the text. */
  read(buffer: Buffer, count: number, isOwn: boolean): PieceUse {
    if (this.#isOver) return 'free';
    if (this.#body === undefined && this.#reply === undefined) {
      const head = this.#readHead(buffer, count);
      if (head?.length === count) {
        this.#serve(head, undefined);
        return 'free';
      }
    }
    const bytes = buffer.subarray(0, count);
    if (!isOwn || count <= ownBytes) {
      this.#read(Buffer.from(bytes));
      return 'free';
    }
    this.#use = 'kept';
    this.#mayLend = true;
    this.#read(bytes);
    this.#mayLend = false;
    return this.#use;
  }

  readonly #read = (piece: Buffer): void => {
    if (this.#isOver) return;
    let rest: Buffer | undefined = piece;
    if (this.#body !== undefined) {
      rest = this.#feed(this.#body, piece);
      if (rest === undefined) return;
    }
    if (this.#reply !== undefined) this.#keep(rest);
    else this.#begin(rest);
  };

  /** What is not of the body any more. */
  #feed(body: LeanBody, piece: Buffer): Buffer | undefined {
    const { missing } = body;
    const rest = piece.length > missing ? piece.subarray(missing) : undefined;
    if (piece.length >= missing) {
      this.#body = undefined;
      this.#pooled?.giveAway(false);
    }
    // Where something else has come with it, nobody can say for all of the memory that it is free.
    const lends = this.#mayLend && rest === undefined;
    this.#mayLend = false;
    const use = body.take(rest === undefined ? piece : piece.subarray(0, missing), lends);
    if (lends) this.#use = use;
    if (this.#body === undefined && this.#reply === undefined && rest === undefined && !this.#isOver)
      this.#turn();
    return this.#isOver ? undefined : rest;
  }

  /** No client can make the server keep more than was read before it could be stopped. */
  #keep(piece: Buffer): void {
    this.#ahead = this.#ahead === undefined ? piece : Buffer.concat([this.#ahead, piece]);
    this.socket.pause();
  }

  /** The next request. */
  #turn(): void {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead !== undefined) this.#begin(ahead);
    else if (this.#hasEnded) this.socket.end();
    else this.#awaitNext();
    if (ahead !== undefined && this.#ahead === undefined && !this.#isOver) this.socket.resume();
  }

  #begin(piece: Buffer): void {
    const head = this.#readHead(piece, piece.length);
    if (head === undefined) this.#leave(piece);
    else this.#serve(head, piece.length > head.length ? piece.subarray(head.length) : undefined);
  }

  #readHead(bytes: Buffer, count: number): LeanHead | undefined {
    const { limits } = this.#state;
    const head = readLeanHead(
      bytes.toString('latin1', 0, Math.min(count, usualHeadBytes)),
      limits,
      this.#known,
    );
    if (head !== undefined || count <= usualHeadBytes) return head;
    return readLeanHead(bytes.toString('latin1', 0, Math.min(count, limits.headBytes)), limits, this.#known);
  }

  /** `rest`: what stands behind the head. */
  #serve({ fields, method, target }: LeanHead, rest: Buffer | undefined): void {
    const { handlers, limits } = this.#state;
    this.#known = fields.text.length <= usualHeadBytes ? fields : undefined;
    const reply = new LeanReply(this, method !== 'HEAD', limits.timeoutMs);
    const body = this.#makeBody(fields.bodyLength, reply);
    this.#reply = reply;
    if (fields.closes || this.#state.isDraining) reply.closeConnection();
    if (rest !== undefined) {
      const behind = this.#body === undefined ? rest : this.#feed(this.#body, rest);
      if (behind !== undefined) this.#keep(behind);
    }
    if (this.#body !== undefined) this.#pooled?.giveAway(true);
    this.#facts ??= factsOf(this.socket);
    const keepAliveIndex = this.#served;
    this.#served += 1;
    handlers.request({
      connection: this.#facts,
      method,
      target,
      httpVersion: '1.1',
      headers: fields.list,
      startedAt: Date.now(),
      keepAliveIndex,
      expectation: 'none',
      body,
      reply,
    });
  }

  #makeBody(length: number | undefined, reply: LeanReply): RequestBody {
    if (length === undefined) return noBody;
    if (length === 0) return emptyBody;
    this.#body = new LeanBody(this.socket, reply, length, this.#state.limits.timeoutMs);
    return this.#body;
  }

  /** Somebody else reads from here on; what a client sent ahead and did not wait for is not worth it. */
  #leave(piece: Buffer): void {
    this.stopReading();
    if (this.#hasEnded) {
      this.socket.end();
      return;
    }
    clearTimeout(this.#timer);
    this.#pooled?.stop();
    this.socket.off('data', this.#read);
    this.socket.off('end', this.#end);
    this.socket.off('error', ignoreError);
    this.socket.off('close', this.#close);
    // Between two requests, the time of a head counts from its first byte on.
    const begun = this.#served === 0 ? this.#since : performance.now();
    this.#endings.handOver({ served: this.#served, begun, bytes: piece });
  }

  readonly #written = (error?: Error | null): void => {
    // A connection that breaks is reported by `close`.
    if (!error) this.#reply?.complete();
  };

  /** The client sends no more, and may be gone. */
  readonly #end = (): void => {
    if (this.#isOver) return;
    this.#hasEnded = true;
    if (this.#body !== undefined) this.socket.destroy();
    else if (this.#reply === undefined) this.socket.end();
    else {
      if (this.#ahead === undefined) this.#reply.closeConnection();
      awaitRest(this.socket);
    }
  };

  readonly #close = (): void => {
    clearTimeout(this.#timer);
    this.stopReading();
    this.#body?.abandon();
    this.#reply?.abort();
    this.#endings.closed();
  };

  #awaitNext(): void {
    this.#since = performance.now();
    this.#limitWait();
  }

  /** Until when a request has to begin, by performance.now(). */
  get #waitsUntil(): number {
    if (this.#served > 0) return this.#since + this.#limits.keepAliveTimeoutMs;
    const headMs = this.#limits.head?.initialMs ?? 0;
    return headMs === 0 ? Number.POSITIVE_INFINITY : this.#since + headMs;
  }

  /** A timer that fires early enough is left alone. */
  #limitWait(): void {
    const until = this.#waitsUntil;
    if (until >= this.#timerAt) return;
    clearTimeout(this.#timer);
    const waitMs = Math.min(Math.max(until - performance.now(), 1), longestTimerMs);
    this.#timerAt = until;
    this.#timer = setTimeout(this.#expire, waitMs);
  }

  /** Set for an earlier wait, perhaps, or in the midst of a request: then it is set again, or when the next wait begins. */
  readonly #expire = (): void => {
    this.#timerAt = Number.POSITIVE_INFINITY;
    if (this.#isOver || this.#reply !== undefined || this.#body !== undefined) return;
    if (this.#waitsUntil - performance.now() >= 1) this.#limitWait();
    else if (this.#served === 0) this.socket.destroy();
    else {
      this.stopReading();
      closeLingering(this.socket);
    }
  };
}

function ignoreError(): void {}
