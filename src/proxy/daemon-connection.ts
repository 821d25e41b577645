import type { Socket } from 'node:net';
import {
  decodeAbort,
  decodeCredit,
  decodeHello,
  decodeLog,
  decodeReply,
  encodeAbort,
  encodeCredit,
  encodeHello,
  FrameReader,
  FrameType,
  frameHeaderText,
  frameText,
  initialWindow,
  maxBodyBytes,
  type ReplyMessage,
  ResponseDecoder,
  type ResponseMessage,
  SentAhead,
  StreamTable,
  WireViolation,
} from '../wire/index.js';
import { ownBytes, type PieceUse, returnBuffer } from './lent-piece.js';
import { ReadToEndSocket } from './read-to-end-socket.js';
import { WriteLedger } from './write-ledger.js';

/**
 * What is certain of a stream whose connection is lost. `unread`: the daemon process has not read what opened it; `all-heard`: whatever the
 * daemon process said has been read, so that it did not say anything else.
 */
export type Traces = 'unread' | 'all-heard' | 'unknown';

/** No callable can have got what was sent, `isAhead` and not accepted or not, so that it may be sent to another process. */
export function isUntouched(isAhead: boolean, traces: Traces): boolean {
  return traces === 'unread' || (isAhead && traces === 'all-heard');
}

/** What one stream hears. Exactly one of `end`, `abort`, `reply` and `lost` comes last. */
export interface StreamListener {
  response(message: ResponseMessage): void;
  /**
   * Of a piece that is larger than `ownBytes`, the memory is used again for what comes next if the answer is `free`; `kept`: somebody still
   * reads it, and it will not be touched.
   */
  body(piece: Buffer): PieceUse;
  /** A short piece, of which each character is one byte. */
  bodyText(text: string): PieceUse;
  end(): void;
  abort(code: string, sentence: string): void;
  credit(bytes: number): void;
  /** Of a stream that was sent ahead: from now on somebody works on it. */
  accepted(): void;
  reply(message: ReplyMessage): void;
  log(level: string, line: Buffer): void;
  /** The connection went away while the stream was open. */
  lost(reason: string, traces: Traces): void;
}

export interface ConnectionListener {
  /** The daemon said HELLO: requests may be sent. */
  ready(): void;
  /** The daemon wants no more streams. */
  drain(): void;
  /** Once, also when the connection never came up. All streams hear `lost` afterwards. */
  closed(reason: string): void;
  /** LOG on stream 0. */
  log(level: string, line: Buffer): void;
}

const lastStreamId = 0x7fff_ffff;
/** What one read takes at most. */
const readBytes = 262_144;
/** A piece of a body of up to so many bytes costs less as text, joined with what is around it, than in a gathering write. */
const textBytes = 4_096;
/** So many requests of one turn go out together: the daemon process works on them while the next ones are read. */
const requestsTogether = 4;
/**
 * Whoever has more of a body waits while so many bytes are not with the system, which takes some 200 kB at once: so there is always more to write when the daemon
 * process has read that, and clients are read meanwhile.
 */
const mostQueued = 393_216;
/** So many of those who wait go on at once. Each may read a piece that has to be kept then, which is the memory that this costs. */
const calledAtOnce = 8;

interface OpenStream {
  readonly listener: StreamListener;
  /** Where its first frame begins; see WriteLedger. */
  readonly start: number;
  /** BODY bytes that the daemon may still send. */
  credit: number;
  /** Whoever takes its body has kept the last piece. What comes next is copied: only the first piece keeps a buffer. */
  isBehind: boolean;
}

/** One connection to one daemon process, with its streams. Frames of one turn of the event loop go out in few writes. */
export class DaemonConnection {
  readonly #socket: Socket;
  readonly #listener: ConnectionListener;
  readonly #isAlone: boolean;
  readonly #streams = new StreamTable<OpenStream>();
  readonly #responses = new ResponseDecoder();
  readonly #ledger = new WriteLedger();
  #buffer: Buffer = Buffer.allocUnsafeSlow(readBytes);
  #isBufferKept = false;
  #nextStream = 1;
  /** What goes out next: `#ready`, and `#text` behind it. */
  #text = '';
  #ready: (string | Buffer)[] = [];
  /** Since what is outgoing was empty. */
  #outgoingRequests = 0;
  /** Who has something to send, and waits until what is sent is taken. */
  #waiting: (() => void)[] = [];
  #closed = false;
  /** If the daemon takes streams ahead. */
  #sentAhead: SentAhead | undefined;
  /** Since a write has failed. */
  #unreadFrom: number | undefined;

  /** `isAlone`: no other front end sends requests to this daemon process. */
  constructor(socketPath: string, token: string, isAlone: boolean, listener: ConnectionListener) {
    this.#isAlone = isAlone;
    this.#listener = listener;
    const reader = new FrameReader(
      (type, stream, payload) => this.#receive(type, stream, payload),
      (stream, part) => this.#receiveBody(stream, part),
    );
    const reading = {
      buffer: () => this.#readBuffer(),
      callback: (count: number) => this.#read(reader, count),
    };
    this.#socket = new ReadToEndSocket((error) => {
      this.#unreadFrom = this.#ledger.unreadFrom(error);
    }, reading).connect(socketPath);
    this.#socket.on('drain', this.#callNext);
    this.#socket.on('error', (error) => this.#close(error.message, error));
    this.#socket.on('close', () => this.#close('it closed the connection', 'end'));
    this.#send(
      frameText(
        FrameType.hello,
        0,
        encodeHello(['pid', String(process.pid), 'token', token, ...(isAlone ? ['alone', '1'] : [])]),
      ),
    );
  }

  /** Streams open now. */
  get openStreams(): number {
    return this.#streams.size;
  }

  /** The daemon says ACCEPTED for streams that are sent ahead; known when it is ready. */
  get takesAhead(): boolean {
    return this.#sentAhead !== undefined;
  }

  /** Opens a stream with a REQUEST or CALL; `text` is its encoded payload, with the flag for `isAhead`. */
  open(
    type: typeof FrameType.request | typeof FrameType.call,
    text: string,
    isAhead: boolean,
    listener: StreamListener,
  ): number {
    const stream = this.#takeStreamId();
    const start = this.#send(frameText(type, stream, text));
    this.#streams.add(stream, { listener, start, credit: initialWindow, isBehind: false });
    this.#sentAhead?.open(stream, isAhead);
    this.#outgoingRequests += 1;
    if (this.#outgoingRequests === requestsTogether) this.#flush();
    return stream;
  }

  /** The caller keeps to the stream's credit. What is large goes out at once, so that its memory is free again; if it `isLent`, it is given back. */
  sendBody(stream: number, bytes: Buffer, isLent: boolean): PieceUse {
    for (let at = 0; at < bytes.length; at += maxBodyBytes) {
      const piece = bytes.subarray(at, at + maxBodyBytes);
      this.#send(frameHeaderText(FrameType.body, stream, piece.length));
      if (piece.length <= textBytes) this.#send(piece.toString('latin1'));
      else this.#sendPiece(piece);
    }
    // A small one leaves with what else there is in this turn, and so may what lies before it in the same memory.
    if (bytes.length <= ownBytes) return 'kept';
    if (!isLent) {
      this.#flush();
      return this.#socket.writableLength === 0 ? 'free' : 'kept';
    }
    let isKept = false;
    this.#flush((error) => {
      if (isKept && !error) returnBuffer(bytes);
    });
    isKept = this.#socket.writableLength > 0;
    return isKept ? 'returned' : 'free';
  }

  /** The daemon process has not taken enough yet of what was sent; `onDrain` is called when it has. */
  get isBehind(): boolean {
    return this.#socket.writableLength > mostQueued && !this.#closed;
  }

  /** Once; those who wait are called in order, some of them at a time, as long as the daemon process takes what they send. */
  onDrain(callback: () => void): void {
    this.#waiting.push(callback);
  }

  readonly #callNext = (): void => {
    if (this.isBehind) return;
    for (let count = 0; count < calledAtOnce && this.#waiting.length > 0 && !this.isBehind; count += 1)
      this.#waiting.shift()?.();
    // Once more when what these have to send has been read and sent: then there may be no room for others.
    if (this.#waiting.length > 0) setImmediate(() => setImmediate(this.#callNext));
  };

  sendEnd(stream: number): void {
    this.#send(frameText(FrameType.end, stream, ''));
  }

  grant(stream: number, bytes: number): void {
    const open = this.#streams.get(stream);
    if (open === undefined) return;
    open.credit += bytes;
    this.#send(frameText(FrameType.credit, stream, encodeCredit(bytes).toString('latin1')));
  }

  /** Closes a stream; its listener hears nothing more. */
  abort(stream: number, code: 'gone' | 'timeout' | 'cancel', sentence: string): void {
    if (this.#forget(stream)) this.#send(frameText(FrameType.abort, stream, encodeAbort(code, sentence)));
  }

  close(): void {
    this.#close('closed');
  }

  /** Where the next bytes are put: where those before were, unless somebody still reads them. */
  #readBuffer(): Uint8Array {
    if (this.#isBufferKept) {
      this.#buffer = Buffer.allocUnsafeSlow(readBytes);
      this.#isBufferKept = false;
    }
    return this.#buffer;
  }

  #read(reader: FrameReader, count: number): boolean {
    try {
      if (!this.#closed) reader.push(this.#buffer.subarray(0, count));
    } catch (error) {
      if (!(error instanceof WireViolation)) throw error;
      this.#close(`protocol violation: ${error.message}`);
    }
    return true;
  }

  #receive(type: FrameType, stream: number, payload: Buffer): void {
    if (stream === 0) {
      this.#receiveForConnection(type, payload);
      return;
    }
    const open = this.#streams.get(stream);
    if (open === undefined) return;
    const { listener } = open;
    this.#ledger.noteRead(open.start);
    switch (type) {
      case FrameType.response:
        return listener.response(this.#responses.decode(payload));
      case FrameType.end:
        // Still open while the listener hears it: it may have to ABORT what is left of the request body.
        listener.end();
        this.#forget(stream);
        return;
      case FrameType.abort: {
        const { code, sentence } = decodeAbort(payload);
        this.#forget(stream);
        return listener.abort(code, sentence);
      }
      case FrameType.credit:
        return listener.credit(decodeCredit(payload));
      case FrameType.accepted:
        this.#sentAhead?.accept(stream);
        return;
      case FrameType.reply: {
        const reply = decodeReply(payload);
        this.#forget(stream);
        return listener.reply(reply);
      }
      case FrameType.log: {
        const { level, line } = decodeLog(payload);
        return listener.log(level, line);
      }
      default:
        throw new WireViolation(`a daemon may not send frames of type 0x${type.toString(16)} on a stream`);
    }
  }

  /** What has come of a BODY frame. */
  #receiveBody(stream: number, part: Buffer): void {
    if (stream === 0) throw new WireViolation('a daemon may not send BODY on stream 0');
    const open = this.#streams.get(stream);
    if (open === undefined) return;
    this.#ledger.noteRead(open.start);
    open.credit -= part.length;
    if (open.credit < 0) throw new WireViolation('a response body beyond the credit');
    if (part.length <= textBytes) {
      open.isBehind = open.listener.bodyText(part.toString('latin1')) === 'kept';
      return;
    }
    if (part.length <= ownBytes || open.isBehind) {
      open.isBehind = open.listener.body(Buffer.from(part)) === 'kept';
      return;
    }
    open.isBehind = open.listener.body(part) === 'kept';
    if (open.isBehind) this.#isBufferKept = true;
  }

  #receiveForConnection(type: FrameType, payload: Buffer): void {
    switch (type) {
      case FrameType.hello:
        if (decodeHello(payload).get('ahead') === '2')
          this.#sentAhead = new SentAhead(this.#isAlone, (stream) =>
            this.#streams.get(stream)?.listener.accepted(),
          );
        return this.#listener.ready();
      case FrameType.ping:
        this.#send(frameText(FrameType.pong, 0, payload.toString('latin1')));
        return;
      case FrameType.pong:
        return;
      case FrameType.drain:
        return this.#listener.drain();
      case FrameType.log: {
        const { level, line } = decodeLog(payload);
        return this.#listener.log(level, line);
      }
      default:
        throw new WireViolation(`a daemon may not send frames of type 0x${type.toString(16)} on stream 0`);
    }
  }

  /** False: it was not open. */
  #forget(stream: number): boolean {
    if (!this.#streams.delete(stream)) return false;
    this.#sentAhead?.close(stream);
    return true;
  }

  #takeStreamId(): number {
    let id = this.#nextStream;
    while (this.#streams.has(id)) id = id === lastStreamId ? 1 : id + 1;
    this.#nextStream = id === lastStreamId ? 1 : id + 1;
    return id;
  }

  /** Each character one byte. Returns where it begins. */
  #send(text: string): number {
    const start = this.#ledger.queue(text.length);
    if (this.#closed) return start;
    this.#beginTurn();
    this.#text += text;
    return start;
  }

  #sendPiece(piece: Buffer): void {
    this.#ledger.queue(piece.length);
    if (this.#closed) return;
    this.#beginTurn();
    this.#ready.push(this.#text, piece);
    this.#text = '';
  }

  /** With the first that is to go out in this turn of the event loop. */
  #beginTurn(): void {
    if (this.#text === '' && this.#ready.length === 0) setImmediate(this.#endTurn);
  }

  readonly #endTurn = (): void => this.#flush();

  /** `written`: when the system has all of it. */
  #flush(written?: (error?: Error | null) => void): void {
    const text = this.#text;
    const ready = this.#ready;
    if (text === '' && ready.length === 0) return;
    this.#text = '';
    if (ready.length > 0) this.#ready = [];
    this.#outgoingRequests = 0;
    // What is not written has certainly not been read: the ledger must not hear of it.
    if (this.#closed || !this.#socket.writable) return;
    this.#ledger.write(this.#socket.writableLength === 0);
    if (ready.length === 0) {
      this.#socket.write(text, 'latin1', written);
      return;
    }
    if (text !== '') ready.push(text);
    const last = ready.length - 1;
    const taken = (error?: Error | null) => {
      written?.(error);
      if (!error) this.#callNext();
    };
    this.#socket.cork();
    for (const [at, piece] of ready.entries()) this.#write(piece, at === last ? taken : undefined);
    this.#socket.uncork();
  }

  #write(piece: string | Buffer, written: ((error?: Error | null) => void) | undefined): void {
    if (typeof piece === 'string') this.#socket.write(piece, 'latin1', written);
    else this.#socket.write(piece, written);
  }

  /** `ending`: what the system said of it; absent: it is us who close. */
  #close(reason: string, ending?: 'end' | NodeJS.ErrnoException): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
    const error = ending === 'end' ? undefined : ending;
    const unreadFrom = this.#unreadFrom ?? this.#ledger.unreadFrom(error);
    const others = ending === 'end' || error?.syscall === 'read' ? 'all-heard' : 'unknown';
    const streams = this.#streams.values();
    this.#streams.clear();
    this.#waiting = [];
    // First, so that no stream that ends now makes room for another one here.
    this.#listener.closed(reason);
    for (const { listener, start } of streams) listener.lost(reason, start >= unreadFrom ? 'unread' : others);
  }
}
