import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ReadLimit } from '../config/model.js';
import { headerValue } from '../http/index.js';
import { ClientWait } from './client-wait.js';
import type { NodeReply } from './node-reply.js';
import type { Expectation, RequestBody } from './request-record.js';

/** The body of one request of node:http: started when somebody wants it, limited in size and in every wait. */
export class NodeBody implements RequestBody {
  readonly isPresent: boolean;
  readonly length: number | undefined;
  readonly isChunked: boolean;
  bytesReceived = 0;
  readonly #request: IncomingMessage;
  #response: ServerResponse | undefined;
  #reply: NodeReply | undefined;
  #expectsContinue = false;
  readonly #wait: ClientWait;
  #limit = 0;
  /** Why what came is no valid body. */
  #malformation: string | undefined;
  #failListener: (reason: string) => void = () => {};

  constructor(request: IncomingMessage, timeoutMs: number) {
    this.#request = request;
    this.#wait = new ClientWait(timeoutMs);
    const length = headerValue(request.rawHeaders, 'content-length');
    this.isChunked = headerValue(request.rawHeaders, 'transfer-encoding') !== undefined;
    this.length = this.isChunked || length === undefined ? undefined : Number(length);
    this.isPresent = this.isChunked || (this.length ?? 0) > 0;
  }

  /** The turn of its request has come. */
  attach(response: ServerResponse, reply: NodeReply, expectation: Expectation): void {
    this.#response = response;
    response.once('finish', () => this.#limitRest());
    this.#reply = reply;
    this.#expectsContinue = expectation === 'continue';
    // Whoever waits for "100 Continue" and never gets it may send the body or not: nobody can tell where the next request begins.
    if (this.#expectsContinue) reply.closeUnlessContinued();
    if (expectation === 'unknown' || this.#malformation !== undefined) reply.closeConnection();
  }

  setLimit(bytes: number): void {
    this.#limit = bytes;
  }

  setTimeout(timeoutMs: number): void {
    this.#wait.timeoutMs = timeoutMs;
  }

  setReadLimit(limit: ReadLimit | undefined): void {
    this.#wait.readLimit = limit;
  }

  start(listener: Parameters<RequestBody['start']>[0]): void {
    const request = this.#request;
    let isOver = false;
    const finish = (tell: () => void) => {
      if (isOver) return;
      isOver = true;
      this.#wait.stop();
      tell();
    };
    if (this.#malformation !== undefined) {
      const reason = this.#malformation;
      finish(() => listener.fail(400, reason));
      return;
    }
    if (this.#expectsContinue) {
      this.#reply?.noteContinued();
      this.#response?.writeContinue();
    }
    this.#wait.begin(
      () => this.bytesReceived,
      (reason) => {
        this.#reply?.closeConnection();
        finish(() => listener.fail(408, reason));
      },
    );
    request.on('data', (piece: Buffer) => {
      this.#wait.goOn();
      this.bytesReceived += piece.length;
      if (isOver) return;
      if (this.#limit > 0 && this.bytesReceived > this.#limit) {
        this.#reply?.closeConnection();
        finish(() =>
          listener.fail(413, `the request body is larger than ${this.#limit} bytes (LimitRequestBody)`),
        );
        return;
      }
      listener.piece(piece);
    });
    request.on('end', () => finish(() => listener.end()));
    // That the client left is told by the reply's `onClosed`.
    request.on('error', () => finish(() => {}));
    request.on('close', () => finish(() => {}));
    this.#failListener = (reason) => finish(() => listener.fail(400, reason));
  }

  /** What came was no valid body: whoever reads it is told. */
  failParsing(reason: string): void {
    this.#malformation ??= reason;
    this.#reply?.closeConnection();
    this.#failListener(reason);
  }

  get isComplete(): boolean {
    return this.#request.complete;
  }

  pause(): void {
    this.#wait.pause();
    this.#request.pause();
  }

  resume(): void {
    this.#wait.resume();
    this.#request.resume();
  }

  /** The answer is out, but the client still sends: what is discarded must come to an end, too. */
  #limitRest(): void {
    const { timeoutMs } = this.#wait;
    if (this.#request.complete || timeoutMs === 0) return;
    const timer = setTimeout(() => this.#request.socket.destroy(), timeoutMs);
    this.#request.once('end', () => clearTimeout(timer));
    this.#request.once('close', () => clearTimeout(timer));
  }
}
