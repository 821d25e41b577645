import { timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { toByteString } from '../../http/index.js';
import {
  type CallMessage,
  decodeAbort,
  decodeCall,
  decodeCredit,
  decodeHello,
  encodeHello,
  FrameReader,
  FrameType,
  type IncomingRequest,
  maxBodyBytes,
  type Pairs,
  RequestDecoder,
  StreamTable,
  WireViolation,
} from '../../wire/index.js';
import { FrameBatch } from './frame-batch.js';
import { readAgain } from './read-again.js';
import { Stream, type StreamLink } from './stream.js';

/** What a connection tells the daemon. */
export interface ConnectionListener {
  /** Frames were read, and are handed on next. */
  arrived(): void;
  request(stream: Stream, message: IncomingRequest): void;
  call(stream: Stream, message: CallMessage): void;
  /** The daemon's side of a stream is over. */
  finished(stream: Stream): void;
  /** It has become a connection. */
  switched(stream: Stream): void;
  closed(connection: Connection): void;
}

/** What a connection says of the daemon, and what it asks of the front end. */
export interface Greeting {
  readonly hello: Pairs;
  readonly token: string;
}

/** More than any HELLO has; whoever sends more before it is no front end. */
const maxGreetingBytes = 4096;
/** Lines for the log are not bounded by credit: an application that prints without pause must not fill the memory. */
const congestedBytes = 4 * 1024 * 1024;
/** What one read takes at most: as much as what libuv reads at once. */
const readBytes = 65_536;
const lastStreamId = 0x7fff_ffff;
const maxPingBytes = 64;
const drainPing = Buffer.from('drain');

/**
 * One front end's connection. Whatever is wrong with what the front end sends ends this connection and nothing else.
 */
export class Connection implements StreamLink {
  readonly #socket: Socket;
  readonly #token: string;
  readonly #listener: ConnectionListener;
  readonly #batch: FrameBatch;
  readonly #streams = new StreamTable<Stream>();
  readonly #requests = new RequestDecoder();
  /** What comes is read into it, so that nothing of it may be kept. */
  readonly #space = Buffer.allocUnsafeSlow(readBytes);
  #greeted = false;
  #draining = false;
  #confirmDrain: () => void = () => {};
  /** Resolves when the front end has read our DRAIN, so that no request can be on its way any more, or has gone. */
  readonly drained: Promise<void> = new Promise((resolve) => {
    this.#confirmDrain = resolve;
  });

  constructor(socket: Socket, greeting: Greeting, listener: ConnectionListener) {
    this.#socket = socket;
    this.#token = greeting.token;
    this.#listener = listener;
    this.#batch = new FrameBatch(socket);
    const reader = new FrameReader((type, id, payload) => this.#receive(type, id, payload));
    const read = (piece: Buffer): void => {
      listener.arrived();
      try {
        reader.push(piece);
        if (!this.#greeted && socket.bytesRead > maxGreetingBytes)
          throw new WireViolation('no HELLO came first');
      } catch (error) {
        process.stderr.write(`modhost: a front end's connection is closed: ${describe(error)}\n`);
        socket.destroy();
      }
    };
    socket.on('data', read);
    readAgain(socket, this.#space, (count) => read(this.#space.subarray(0, count)));
    // 'close' follows, and says all there is to say.
    socket.on('error', () => {});
    socket.on('close', () => this.#lose());
    this.sendText(FrameType.hello, 0, encodeHello(greeting.hello));
  }

  sendText(type: FrameType, stream: number, text: string): void {
    this.#batch.addText(type, stream, text);
  }

  sendBytes(type: FrameType, stream: number, bytes: Uint8Array): boolean {
    return this.#batch.addBytes(type, stream, bytes);
  }

  whenTaken(callback: () => void): void {
    this.#batch.whenTaken(callback);
  }

  sendEmpty(type: FrameType, stream: number): void {
    this.#batch.addEmpty(type, stream);
  }

  get congested(): boolean {
    return this.#batch.waitingBytes > congestedBytes;
  }

  finished(stream: Stream): void {
    this.#listener.finished(stream);
  }

  switched(stream: Stream): void {
    this.#listener.switched(stream);
  }

  closed(stream: Stream): void {
    this.#streams.delete(stream.id);
  }

  /** Those of which a side is not over. */
  get streams(): readonly Stream[] {
    return this.#streams.values();
  }

  /** Says DRAIN once; from then on new streams are answered ABORT `retry`. The PONG of the PING behind it confirms it. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.sendEmpty(FrameType.drain, 0);
    this.sendBytes(FrameType.ping, 0, drainPing);
  }

  /**
   * Sends what is waiting and ends this side; the returned promise says when the front end has ended its own. Closing before
   * that could cost it the last frames, if it is just writing.
   */
  close(): Promise<void> {
    this.#batch.flush();
    return new Promise((resolve) => {
      if (this.#socket.destroyed) return resolve();
      this.#socket.once('close', () => resolve());
      this.#socket.end();
    });
  }

  #receive(type: FrameType, id: number, payload: Buffer): void {
    if (!this.#greeted) {
      if (type !== FrameType.hello || id !== 0) throw new WireViolation('the first frame is not HELLO');
      if (!isEqualSecret(decodeHello(payload).get('token') ?? '', this.#token))
        throw new WireViolation('the token is wrong: whoever connected is no front end of this server');
      this.#greeted = true;
      return;
    }
    if (id === 0) this.#receiveForConnection(type, payload);
    else if (type === FrameType.request || type === FrameType.call) this.#open(type, id, payload);
    else this.#receiveForStream(type, id, payload);
  }

  #receiveForConnection(type: FrameType, payload: Buffer): void {
    if (type === FrameType.ping) {
      if (payload.length > maxPingBytes) throw new WireViolation(`PING of ${payload.length} bytes`);
      this.sendBytes(FrameType.pong, 0, payload);
    } else if (type === FrameType.pong) {
      if (payload.equals(drainPing)) this.#confirmDrain();
    } else {
      throw new WireViolation(`a front end may not send frames of type 0x${type.toString(16)} on stream 0`);
    }
  }

  #open(type: FrameType, id: number, payload: Buffer): void {
    if (id > lastStreamId || this.#streams.has(id)) throw new WireViolation(`stream ${id} cannot be opened`);
    const request = type === FrameType.request ? this.#requests.decode(payload) : undefined;
    const call = request === undefined ? decodeCall(payload) : undefined;
    const stream = new Stream(id, request?.target.hasBody ?? false, this);
    this.#streams.add(id, stream);
    if (this.#draining) stream.abort('retry', 'the daemon process is draining');
    else if (request !== undefined) this.#listener.request(stream, request);
    else if (call !== undefined) this.#listener.call(stream, call);
  }

  #receiveForStream(type: FrameType, id: number, payload: Buffer): void {
    const stream = this.#streams.get(id);
    switch (type) {
      case FrameType.body:
        if (payload.length === 0 || payload.length > maxBodyBytes)
          throw new WireViolation(`BODY of ${payload.length} bytes`);
        // What came in several reads has been copied already.
        return stream?.receiveBody(payload, payload.buffer === this.#space.buffer);
      case FrameType.end:
        return stream?.receiveEnd();
      case FrameType.credit: {
        const bytes = decodeCredit(payload);
        return stream?.receiveCredit(bytes);
      }
      case FrameType.abort: {
        const { code, sentence } = decodeAbort(payload);
        return stream?.receiveAbort(sentence === '' ? code : sentence);
      }
      default:
        throw new WireViolation(
          `a front end may not send frames of type 0x${type.toString(16)} on stream ${id}`,
        );
    }
  }

  #lose(): void {
    for (const stream of this.#streams.values()) stream.receiveAbort('the front end closed the connection');
    this.#streams.clear();
    this.#confirmDrain();
    this.#listener.closed(this);
  }
}

/** Takes the same time wherever the two differ. */
function isEqualSecret(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given, 'latin1'), Buffer.from(expected, 'utf8')];
  return a.length === b.length && timingSafeEqual(a, b);
}

function describe(error: unknown): string {
  if (error instanceof WireViolation) return `protocol violation: ${error.message}`;
  return toByteString(error instanceof Error ? (error.stack ?? error.message) : String(error));
}
