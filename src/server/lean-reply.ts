import { STATUS_CODES } from 'node:http';
import { Socket } from 'node:net';
import { copyText, formatHttpDate, isHeaderName } from '../http/index.js';
import { ClientReply, joinBytes } from './client-reply.js';
import { RecentObjects } from './recent-objects.js';
import type { Reply } from './request-record.js';
import { sendHints } from './send-hints.js';

/** A piece of up to so many bytes costs less as text than in a gathering write. */
const textBytes = 4_096;

/** The connection of a reply. */
export interface ReplyConnection {
  readonly socket: Socket;
  /** Calls `complete` when the system has taken the text and all before it. */
  writeLast(text: string): void;
  /** The same for a text and a piece behind it. */
  writeLastPiece(text: string, piece: Buffer): void;
  /** Calls `drained` when the system has taken what is written. */
  awaitDrain(reply: LeanReply): void;
  /** Nothing behind this reply is served. */
  stopReading(): void;
  finish(reply: LeanReply, how: 'complete' | 'aborted'): void;
}

/** The answer to one request of HTTP/1.1 on a socket: the same bytes as NodeReply's, in as few writes as can be. */
export class LeanReply extends ClientReply implements Reply {
  willClose = false;
  readonly #connection: ReplyConnection;
  #length: number | undefined;
  #hasBody: boolean;
  #isChunked = false;
  /** Until something of it is written. */
  #head = '';
  /** The first piece of the body, for a moment: mostly the end is right behind it. */
  #held: Buffer | string | undefined;
  /** Nothing more is written. */
  #isOver = false;
  #drainCallback: (() => void) | undefined;

  /** `takesBody`: false for HEAD. */
  constructor(connection: ReplyConnection, takesBody: boolean, timeoutMs: number) {
    super(timeoutMs);
    this.#connection = connection;
    this.#hasBody = takesBody;
  }

  protected override get socket(): Socket {
    return this.#connection.socket;
  }

  protected override get hasUnsent(): boolean {
    return this.socket.writableLength > 0;
  }

  closeConnection(): void {
    this.willClose = true;
  }

  start(status: number, reason: string, headers: readonly string[]): void {
    const now = Date.now();
    const head = findHead(status, reason, headers);
    const hasBody = this.#hasBody && status !== 204 && status !== 304;
    const isChunked = hasBody && head.length === undefined;
    if (head.hasTrailer && !isChunked) throw new Error('Trailer without chunks');
    this.#hasBody = hasBody;
    this.#isChunked = isChunked;
    this.#length = head.length;
    this.#head = head.hasDate ? head.text : head.text + dateLine(now);
    this.noteStart(status, headers, now);
  }

  inform(status: number, headers: readonly string[]): void {
    if (this.isStarted || this.isClosed) return;
    const { socket } = this;
    if (status === 102) socket.write('HTTP/1.1 102 Processing\r\n\r\n', 'latin1');
    if (status === 103) sendHints(socket, headers);
  }

  switchProtocol(): never {
    throw new Error('only node:http reads requests with Upgrade');
  }

  override write(piece: Buffer): boolean {
    return this.#write(piece.length > this.#left ? piece.subarray(0, this.#left) : piece);
  }

  override writeText(text: string): boolean {
    return this.#write(text.length > this.#left ? text.slice(0, this.#left) : text);
  }

  /** What Content-Length still allows. */
  get #left(): number {
    return this.#length === undefined ? Number.POSITIVE_INFINITY : this.#length - this.bodyBytes;
  }

  #write(bytes: Buffer | string): boolean {
    if (bytes.length === 0 || this.#isOver) return true;
    const isFirst = this.bodyBytes === 0;
    this.bodyBytes += bytes.length;
    if (!this.#hasBody) return true;
    if (isFirst && bytes.length <= joinBytes) {
      hold(this);
      this.#held = bytes;
      return true;
    }
    this.release();
    const isTaken = this.#send(bytes);
    if (!isTaken) this.watchTaking();
    return isTaken;
  }

  /** If nothing came right behind the first piece, it goes out by itself. */
  release(): void {
    if (this.#held === undefined) return;
    const held = this.#held;
    this.#held = undefined;
    if (!this.#isOver && !this.#send(held)) this.watchTaking();
  }

  get isFlushed(): boolean {
    return this.#held === undefined && !this.hasUnsent;
  }

  onDrain(callback: () => void): void {
    if (this.isClosed) return;
    this.#drainCallback = callback;
    this.#connection.awaitDrain(this);
  }

  drained(): void {
    this.stopWatching();
    const callback = this.#drainCallback;
    this.#drainCallback = undefined;
    callback?.();
  }

  end(): void {
    if (this.#isOver) return;
    const isShort = this.#length !== undefined && this.#hasBody && this.bodyBytes < this.#length;
    if (isShort || !this.isStarted) return this.cut();
    const held = this.#held;
    this.#held = undefined;
    this.#isOver = true;
    const tail = this.#isChunked ? '0\r\n\r\n' : '';
    if (typeof held === 'object' && held.length > textBytes && !this.#isChunked)
      this.#connection.writeLastPiece(this.#takeHead(), held);
    else {
      const text = held === undefined ? '' : this.#frame(held);
      this.#connection.writeLast(`${this.#takeHead()}${text}${tail}`);
    }
    if (this.hasUnsent) this.watchTaking();
  }

  /** As text, which can be joined with the head: one small write instead of a gathering one. */
  #frame(piece: Buffer | string): string {
    const text = typeof piece === 'string' ? piece : piece.toString('latin1');
    return this.#isChunked ? `${piece.length.toString(16)}\r\n${text}\r\n` : text;
  }

  /** The head, if nothing has been sent yet. */
  #takeHead(): string {
    const head = this.#head;
    if (head === '') return '';
    this.#head = '';
    const connection = this.willClose ? 'Connection: close\r\n' : '';
    return `${head}${connection}${this.#isChunked ? 'Transfer-Encoding: chunked\r\n' : ''}\r\n`;
  }

  #send(piece: Buffer | string): boolean {
    const { socket } = this;
    const head = this.#takeHead();
    if (typeof piece === 'string') return socket.write(head + this.#frame(piece), 'latin1');
    if (piece.length <= joinBytes && (head !== '' || this.#isChunked))
      return socket.write(head + this.#frame(piece), 'latin1');
    if (head === '' && !this.#isChunked) return socket.write(piece);
    socket.cork();
    socket.write(this.#isChunked ? `${head}${piece.length.toString(16)}\r\n` : head, 'latin1');
    let isTaken = socket.write(piece);
    if (this.#isChunked) isTaken = socket.write('\r\n', 'latin1');
    socket.uncork();
    return isTaken;
  }

  cut(): void {
    if (this.isClosed) return;
    this.release();
    this.#isOver = true;
    this.#connection.stopReading();
    this.limitCut();
    // What was written still goes out, and Content-Length or the missing last chunk tell that it is not all.
    Socket.prototype.destroySoon.call(this.socket);
  }

  /** The system has taken all of it. */
  complete(): void {
    if (this.#isOver) this.#close('complete');
  }

  /** The connection is closed. */
  abort(): void {
    this.#close('aborted');
  }

  #close(how: 'complete' | 'aborted'): void {
    if (this.isClosed) return;
    this.#isOver = true;
    this.#held = undefined;
    this.tellClosed(how);
    this.#connection.finish(this, how);
  }
}

/** Replies that hold the first piece of their body. */
let holding: LeanReply[] = [];
const resolved = Promise.resolve();

/** Releases the reply behind what is being done now; once for all of that moment. */
function hold(reply: LeanReply): void {
  holding.push(reply);
  if (holding.length === 1) void resolved.then(releaseHeld);
}

function releaseHeld(): void {
  const released = holding;
  holding = [];
  for (const reply of released) reply.release();
}

interface Head {
  readonly status: number;
  readonly reason: string;
  /** Without the end, without Date unless the headers say it, and without what the connection says. */
  readonly text: string;
  /** Content-Length. */
  readonly length: number | undefined;
  readonly hasDate: boolean;
  readonly hasTrailer: boolean;
}

const recentHeads = new RecentObjects<readonly string[], Head>(8);

/** Throws as `makeHead` does. */
function findHead(status: number, reason: string, headers: readonly string[]): Head {
  const known = recentHeads.find(headers);
  if (known !== undefined && known.status === status && known.reason === reason) return known;
  const made = makeHead(status, reason, headers);
  recentHeads.keep(headers, made);
  return made;
}

/** Throws for what cannot be sent, as ServerResponse does: a caller that lets it through is wrong about it. */
function makeHead(status: number, reason: string, headers: readonly string[]): Head {
  if (!Number.isInteger(status) || status < 200 || status > 999)
    throw new RangeError(`${status} is no status of a final answer`);
  const phrase = reason === '' ? (STATUS_CODES[status] ?? 'unknown') : reason;
  if (forbidden.test(phrase)) throw new TypeError('the reason phrase holds a control character');
  let text = `HTTP/1.1 ${status} ${phrase}\r\n`;
  let length: number | undefined;
  let hasDate = false;
  let hasTrailer = false;
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string;
    const value = headers[at + 1] as string;
    if (!knownNames.has(name) && !isHeaderName(name))
      throw new TypeError(`${JSON.stringify(name)} is no header name`);
    if (forbidden.test(value)) throw new TypeError(`the value of ${name} holds a control character`);
    text += `${name}: ${value}\r\n`;
    // What these names are about is told by their length already.
    if (name.length === 14 && name.toLowerCase() === 'content-length') length ??= Number(value);
    else if (name.length === 4 && name.toLowerCase() === 'date') hasDate = true;
    else if (name.length === 7 && name.toLowerCase() === 'trailer') hasTrailer = true;
  }
  // In one piece, for as often as it is sent.
  return { status, reason, text: copyText(text), length, hasDate, hasTrailer };
}

/** Whatever may not stand in a field or a reason phrase. */
const forbidden = /[^\t\x20-\x7e\x80-\xff]/;

/** Names that need not be looked at: most answers have no others. */
const knownNames: ReadonlySet<string> = new Set([
  ...[
    'Server',
    'Content-Type',
    'Content-Length',
    'Cache-Control',
    'ETag',
    'Last-Modified',
    'Location',
    'Vary',
  ],
  ...[
    'Accept-Ranges',
    'Set-Cookie',
    'Expires',
    'X-Powered-By',
    'Date',
    'WWW-Authenticate',
    'Content-Encoding',
  ],
]);

let dateSecond = 0;
let dateText = '';

/** The same for all answers of one second. */
function dateLine(now: number): string {
  const second = Math.floor(now / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = copyText(`Date: ${formatHttpDate(now)}\r\n`);
  }
  return dateText;
}
