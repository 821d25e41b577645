import {
  encodeAbort,
  encodeCredit,
  encodeLog,
  encodeReply,
  encodeResponse,
  FrameType,
  initialWindow,
  maxBodyBytes,
  type ReplyMessage,
  type ResponseMessage,
} from '../../wire/index.js';
import { RequestAborted, RequestBody } from './request-body.js';

export type AbortCode = 'retry' | 'error' | 'timeout';

/** How the daemon's side of a stream ended: the answer went out whole, was broken off here, or nobody waits for it. */
export type Outcome = 'ended' | 'aborted' | 'gone';

/** What a stream needs of its connection. */
export interface StreamLink {
  /** `text`: each character one byte. */
  sendText(type: FrameType, stream: number, text: string): void;
  /** False: the bytes must stay as they are until {@link whenTaken} says so. */
  sendBytes(type: FrameType, stream: number, bytes: Uint8Array): boolean;
  /** Calls when the system has all that was sent so far, or nobody wants it any more: mostly at once. */
  whenTaken(callback: () => void): void;
  sendEmpty(type: FrameType, stream: number): void;
  /** So much waits to be read by the front end that what no credit bounds should go elsewhere. */
  readonly congested: boolean;
  /** The daemon's side is over: the stream no longer counts as work. */
  finished(stream: Stream): void;
  /** The stream has become a connection. */
  switched(stream: Stream): void;
  /** Both sides are over: the id may be used again. */
  closed(stream: Stream): void;
}

interface WaitingBytes {
  bytes: Uint8Array;
  readonly taken: () => void;
}

/** The daemon's end of one stream: what the callable says goes out within the front end's credit. */
export class Stream {
  readonly id: number;
  readonly body: RequestBody;
  readonly #link: StreamLink;
  #credit = initialWindow;
  #waiting: WaitingBytes[] = [];
  /** What was sent last is not copied, and may not have gone yet. */
  #isLent = false;
  #ending = false;
  #outcome: Outcome | undefined;
  /** Most have one. */
  #listener: ((outcome: Outcome) => void) | undefined;
  #moreListeners: ((outcome: Outcome) => void)[] | undefined;
  #switched: (() => void)[] | undefined;
  /** It has become a connection, and is no request any more. */
  isSwitched = false;
  /** It is work of this process: a request or a call, and not one that is turned away. */
  isCounted = false;
  /** It has been admitted to its callable and has not left it. */
  isInside = false;

  constructor(id: number, hasBody: boolean, link: StreamLink) {
    this.id = id;
    this.#link = link;
    this.body = new RequestBody(hasBody, (bytes) =>
      link.sendBytes(FrameType.credit, id, encodeCredit(bytes)),
    );
  }

  /** Undefined while an answer may still be sent. */
  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  /** Called once, when the daemon's side is over, however that came; at once if it is over already. */
  onOver(listener: (outcome: Outcome) => void): void {
    if (this.#outcome !== undefined) listener(this.#outcome);
    else if (this.#listener === undefined) this.#listener = listener;
    else {
      this.#moreListeners ??= [];
      this.#moreListeners.push(listener);
    }
  }

  /** @throws WireViolation if a text holds a NUL. */
  respond(message: ResponseMessage): void {
    if (this.#outcome !== undefined) return;
    this.respondText(encodeResponse(message));
  }

  /** As {@link respond}, with what `encodeResponse` made of a message. */
  respondText(encoded: string): void {
    if (this.#outcome === undefined) this.#link.sendText(FrameType.response, this.id, encoded);
  }

  /** Answers 101: from now on `body` and `write` carry the connection. */
  switchProtocol(headers: ResponseMessage['headers']): void {
    if (this.#outcome !== undefined) return;
    this.isSwitched = true;
    this.body.reopen();
    this.respond({ status: 101, reason: 'Switching Protocols', headers });
    this.#link.switched(this);
    const listeners = this.#switched ?? [];
    this.#switched = undefined;
    for (const listener of listeners) listener();
  }

  /** Called when the stream has become a connection: it is no request any more. */
  onSwitched(listener: () => void): void {
    this.#switched ??= [];
    this.#switched.push(listener);
  }

  /** `taken` is called when all bytes were sent within the credit, or when nobody wants them any more: they may be changed then. */
  write(bytes: Uint8Array, taken: () => void): void {
    if (this.#outcome !== undefined || bytes.length === 0) return taken();
    if (this.#waiting.length === 0) {
      const rest = this.#sendWithinCredit(bytes);
      if (rest === undefined) this.#release(taken);
      else this.#waiting.push({ bytes: rest, taken });
    } else {
      this.#waiting.push({ bytes, taken });
    }
  }

  /** So many bytes could be sent now, or nobody wants them any more. */
  takesAtOnce(bytes: number): boolean {
    return this.#outcome !== undefined || (this.#waiting.length === 0 && bytes <= this.#credit);
  }

  /** As {@link write}, for a short text of which each character is one byte, that {@link takesAtOnce} said yes to. */
  writeText(text: string): void {
    if (this.#outcome !== undefined || text === '') return;
    this.#credit -= text.length;
    this.#link.sendText(FrameType.body, this.id, text);
  }

  /** The answer is complete once everything written has been sent. */
  end(): void {
    if (this.#outcome !== undefined || this.#ending) return;
    this.#ending = true;
    if (this.#waiting.length === 0) this.#sendEnd();
  }

  reply(message: ReplyMessage): void {
    if (this.#outcome !== undefined) return;
    this.#link.sendText(FrameType.reply, this.id, encodeReply(message));
    this.#finish('ended');
    this.#link.closed(this);
  }

  abort(code: AbortCode, sentence: string): void {
    if (this.#outcome !== undefined) return;
    this.#link.sendText(FrameType.abort, this.id, encodeAbort(code, withoutNul(sentence)));
    this.#finish('aborted');
    this.body.break(new RequestAborted(sentence));
    this.#link.closed(this);
  }

  /** One line for the error log; false if it has to go to fd 2: the stream is over, or the connection is full of lines. */
  log(level: string, line: Uint8Array): boolean {
    if (this.#outcome !== undefined || this.#link.congested) return false;
    this.#link.sendBytes(FrameType.log, this.id, encodeLog(level, line));
    return true;
  }

  receiveCredit(bytes: number): void {
    this.#credit += bytes;
    while (this.#outcome === undefined) {
      const first = this.#waiting[0];
      if (first === undefined) break;
      const rest = this.#sendWithinCredit(first.bytes);
      if (rest !== undefined) {
        first.bytes = rest;
        return;
      }
      this.#waiting.shift();
      this.#release(first.taken);
    }
    if (this.#ending && this.#outcome === undefined) this.#sendEnd();
  }

  /** @throws WireViolation, see {@link RequestBody.receive}. */
  receiveBody(piece: Buffer, isLent: boolean): void {
    this.body.receive(piece, isLent);
  }

  /** @throws WireViolation for a second end. */
  receiveEnd(): void {
    this.body.finish();
    if (this.#outcome !== undefined) this.#link.closed(this);
  }

  /** The front end sent ABORT, or its connection is lost. */
  receiveAbort(sentence: string): void {
    this.#finish('gone');
    this.body.break(new RequestAborted(sentence));
    this.#link.closed(this);
  }

  #sendWithinCredit(bytes: Uint8Array): Uint8Array | undefined {
    let at = 0;
    while (at < bytes.length && this.#credit > 0) {
      const length = Math.min(bytes.length - at, maxBodyBytes, this.#credit);
      if (!this.#link.sendBytes(FrameType.body, this.id, bytes.subarray(at, at + length)))
        this.#isLent = true;
      this.#credit -= length;
      at += length;
    }
    return at === bytes.length ? undefined : bytes.subarray(at);
  }

  /** An application may write its next piece into the same memory when it hears that this one is taken, as with node:http. */
  #release(taken: () => void): void {
    if (!this.#isLent) return taken();
    this.#isLent = false;
    this.#link.whenTaken(taken);
  }

  #sendEnd(): void {
    this.#link.sendEmpty(FrameType.end, this.id);
    this.#finish('ended');
    if (this.body.allArrived) this.#link.closed(this);
  }

  #finish(outcome: Outcome): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    const waiting = this.#waiting;
    const listener = this.#listener;
    const moreListeners = this.#moreListeners;
    if (waiting.length > 0) this.#waiting = [];
    this.#listener = undefined;
    this.#moreListeners = undefined;
    this.#link.finished(this);
    for (const { taken } of waiting) this.#release(taken);
    listener?.(outcome);
    if (moreListeners !== undefined) for (const other of moreListeners) other(outcome);
  }
}

function withoutNul(sentence: string): string {
  return sentence.replaceAll('\0', ' ');
}
