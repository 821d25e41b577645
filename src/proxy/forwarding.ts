import {
  encodeRequest,
  FrameType,
  initialWindow,
  type OutgoingRequest,
  type ResponseMessage,
} from '../wire/index.js';
import { isUntouched, type StreamListener, type Traces } from './daemon-connection.js';
import type { PieceUse } from './lent-piece.js';
import type { Lease, PoolRefusal, ProcessPool, Waiting } from './process-pool.js';
import { Listening } from './silence-row.js';
import { type BodySource, Upload } from './upload.js';

/** Where the response goes. Nothing is called after `end` or `cut`. */
export interface ResponseSink {
  /** Once, before everything else. False: the head cannot be sent (the reason goes to the log, the client gets 500). */
  head(response: ResponseMessage):
    | {
        readonly accepted: true;
        /** With 101: what comes from the client from now on. */
        readonly connection?: BodySource;
      }
    | { readonly accepted: false; readonly reason: string };
  /** False: wait for `onDrain` before more credit is given. */
  write(piece: Buffer): boolean;
  /** The same for a short text of which each character is one byte. */
  writeText(text: string): boolean;
  onDrain(callback: () => void): void;
  /** True: nobody reads the memory of what was written any more. */
  readonly isFlushed?: boolean;
  end(): void;
  /** Ends the reply so that the client sees that it is incomplete. */
  cut(): void;
}

export interface ForwardRequest {
  readonly message: OutgoingRequest;
  /** undefined: no body. */
  readonly body?: BodySource | undefined;
  readonly sink: ResponseSink;
  /** One line of the application's output. */
  log(level: string, line: Buffer): void;
}

/** How it ended. */
export type ForwardOutcome =
  | { readonly kind: 'done' }
  /** Nothing was sent to the client yet: the caller answers with this status. */
  | {
      readonly kind: 'refused';
      readonly status: 400 | 408 | 413 | 500 | 502 | 503 | 504;
      readonly reason: string;
      /** Nobody is to blame but the client: for what it sent, or did not send. */
      readonly isClients?: true;
    }
  /** The head was out: the reply has been cut off visibly. */
  | { readonly kind: 'cut'; readonly reason: string; readonly isClients?: true }
  | { readonly kind: 'gone' };

export interface Forwarding {
  readonly outcome: Promise<ForwardOutcome>;
  /** The client left: the application is told, nobody is answered. */
  abandon(): void;
}

/** Bytes that the consumer must have taken before credit is granted again. */
const creditStep = initialWindow / 2;

/** Carries one request to a daemon process of the pool and the answer back. */
export function forward(pool: ProcessPool, request: ForwardRequest): Forwarding {
  return new Exchange(pool, request);
}

/** In the pool's row of those who listen while a daemon process has the request. */
class Exchange extends Listening implements Forwarding, StreamListener {
  readonly outcome: Promise<ForwardOutcome>;
  readonly #pool: ProcessPool;
  readonly #request: ForwardRequest;
  #upload: Upload | undefined;
  #settle: (outcome: ForwardOutcome) => void = () => {};
  #waiting: Waiting | undefined;
  #lease: Lease | undefined;
  #stream = 0;
  /** No callable has it yet, as far as the daemon process has said. */
  #isAhead = false;
  #attempts = 0;
  #isOver = false;
  #hasHead = false;
  #sinkIsFull = false;
  #taken = 0;

  constructor(pool: ProcessPool, request: ForwardRequest) {
    super();
    this.#pool = pool;
    this.#request = request;
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
    if (request.body !== undefined) {
      this.#upload = new Upload(request.body, (status, reason) => this.#failUpload(status, reason));
    }
    this.#attempt();
  }

  abandon(): void {
    if (this.#isOver) return;
    this.#abortStream('gone', 'the client left');
    this.#finish({ kind: 'gone' });
  }

  // What the stream says

  response(message: ResponseMessage): void {
    if (this.#hasHead) return this.#fail(502, 'the daemon process sent a second response head');
    this.hear();
    this.#upload?.accepted();
    const answer = this.#request.sink.head(message);
    if (!answer.accepted) {
      this.#abortStream('cancel', answer.reason);
      this.#finish({ kind: 'refused', status: 500, reason: answer.reason });
      return;
    }
    this.#hasHead = true;
    if (answer.connection !== undefined) this.#carryOn(answer.connection);
  }

  body(piece: Buffer): PieceUse {
    if (!this.#takesBody(piece.length)) return 'free';
    return this.#noteWritten(this.#request.sink.write(piece));
  }

  bodyText(text: string): PieceUse {
    if (!this.#takesBody(text.length)) return 'free';
    return this.#noteWritten(this.#request.sink.writeText(text));
  }

  #takesBody(bytes: number): boolean {
    if (!this.#hasHead) {
      this.#fail(502, 'the daemon process sent a response body without a head');
      return false;
    }
    this.hear();
    this.#taken += bytes;
    return true;
  }

  #noteWritten(isTaken: boolean): PieceUse {
    if (isTaken) {
      this.#grantTaken();
    } else if (!this.#sinkIsFull) {
      this.#sinkIsFull = true;
      this.#request.sink.onDrain(() => {
        this.#sinkIsFull = false;
        this.hear();
        this.#grantTaken();
      });
    }
    return this.#request.sink.isFlushed === true ? 'free' : 'kept';
  }

  end(): void {
    if (!this.#hasHead) return this.#fail(502, 'the daemon process ended a response without a head');
    if (this.#upload?.isSent === false)
      this.#abortStream('cancel', 'the response came before the whole request body');
    this.#request.sink.end();
    this.#finish({ kind: 'done' });
  }

  abort(code: string, sentence: string): void {
    if (code === 'retry' && this.#repeat()) return;
    if (code === 'timeout') return this.#fail(504, sentence);
    this.#fail(code === 'retry' ? 503 : 500, sentence);
  }

  accepted(): void {
    this.hear();
    this.#isAhead = false;
  }

  credit(bytes: number): void {
    this.hear();
    this.#upload?.accepted();
    this.#upload?.grant(bytes);
  }

  reply(): void {
    this.#fail(502, 'the daemon process sent a REPLY to a REQUEST');
  }

  log(level: string, line: Buffer): void {
    this.#request.log(level, line);
  }

  lost(reason: string, traces: Traces): void {
    if (isUntouched(this.#isAhead, traces) && this.#repeat()) return;
    const pid = this.#lease?.pid ?? 0;
    this.#fail(502, `daemon process ${pid} ended before the response was complete: ${reason}`);
  }

  // What is done about it

  /** The connection has changed its protocol: what comes on it goes to the application as it is. */
  #carryOn(connection: BodySource): void {
    this.#lease?.detach();
    this.#upload = new Upload(connection, (status, reason) => this.#failUpload(status, reason));
    this.#upload.accepted();
    this.#attachUpload();
  }

  /** Tries another process, which only a request that was handed to no callable may be sent to. */
  #repeat(): boolean {
    if (this.#hasHead || this.#upload?.canRepeat === false) return false;
    this.#upload?.detach();
    this.#releaseLease();
    this.#attempt();
    return true;
  }

  #attempt(): void {
    this.#attempts += 1;
    if (this.#attempts > this.#pool.mostAttempts) {
      this.#finish({
        kind: 'refused',
        status: 503,
        reason: `${this.#attempts - 1} daemon processes in turn could not take the request`,
      });
      return;
    }
    this.#waiting = this.#pool.lease((answer) => this.#send(answer));
  }

  #send(answer: Lease | PoolRefusal): void {
    this.#waiting = undefined;
    if (answer.kind === 'refusal') {
      this.#finish({ kind: 'refused', status: answer.status, reason: answer.reason });
      return;
    }
    this.#lease = answer;
    const { connection, isAhead } = answer;
    this.#isAhead = isAhead;
    const text = this.#encode(isAhead);
    if (text === undefined) return;
    this.#stream = connection.open(FrameType.request, text, isAhead, this);
    if (this.row === undefined) this.#pool.silence.add(this);
    else this.hear();
    this.#attachUpload();
  }

  /** What cannot be said (a NUL in a variable) is this request's own fault, whoever's place it has just got. */
  #encode(isAhead: boolean): string | undefined {
    try {
      return encodeRequest(this.#request.message, this.#upload !== undefined, isAhead);
    } catch (error) {
      this.#finish({ kind: 'refused', status: 500, reason: (error as Error).message });
      return undefined;
    }
  }

  #attachUpload(): void {
    const connection = this.#lease?.connection;
    const stream = this.#stream;
    this.#upload?.attach({
      body: (bytes, isLent) => {
        this.hear();
        return connection?.sendBody(stream, bytes, isLent) ?? 'free';
      },
      isBehind: () => connection?.isBehind === true,
      onDrain: (callback) => connection?.onDrain(callback),
      end: () => {
        this.hear();
        connection?.sendEnd(stream);
      },
    });
  }

  /** socket-timeout: neither side of the daemon's connection moved, and it is not the client who is slow. */
  silent(): void {
    if (this.#sinkIsFull || this.#upload?.waitsForClient === true) {
      this.#pool.silence.add(this);
      return;
    }
    const what = this.#hasHead ? 'sent nothing more' : 'sent no response head';
    this.#abortStream('timeout', 'socket-timeout');
    const { socketTimeoutMs } = this.#pool.limits;
    this.#fail(504, `the daemon process ${what} for ${socketTimeoutMs / 1000} s (socket-timeout)`);
  }

  #grantTaken(): void {
    if (this.#taken < creditStep || this.#isOver) return;
    this.#lease?.connection.grant(this.#stream, this.#taken);
    this.#taken = 0;
  }

  #failUpload(status: 400 | 408 | 413, reason: string): void {
    if (this.#isOver) return;
    this.#abortStream('gone', reason);
    this.#endWith(status, { reason, isClients: true });
  }

  #fail(status: 500 | 502 | 503 | 504, reason: string): void {
    if (this.#isOver) return;
    this.#abortStream('cancel', reason);
    this.#endWith(status, { reason });
  }

  #endWith(
    status: 400 | 408 | 413 | 500 | 502 | 503 | 504,
    why: { readonly reason: string; readonly isClients?: true },
  ): void {
    if (!this.#hasHead) {
      this.#finish({ kind: 'refused', status, ...why });
      return;
    }
    this.#request.sink.cut();
    this.#finish({ kind: 'cut', ...why });
  }

  #abortStream(code: 'gone' | 'timeout' | 'cancel', sentence: string): void {
    this.#lease?.connection.abort(this.#stream, code, sentence);
  }

  #releaseLease(): void {
    this.#lease?.release();
    this.#lease = undefined;
  }

  #finish(outcome: ForwardOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.row?.remove(this);
    this.#waiting?.cancel();
    this.#releaseLease();
    this.#upload?.stop();
    this.#settle(outcome);
  }
}
