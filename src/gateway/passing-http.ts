import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { ConnectFailure, type ConnectionPool } from './connections.js';
import type { PassedRequest, PassOutcome } from './gateway.js';
import { Upload } from './upload.js';

/** RFC 9110 section 9.2.2: asking twice is as good as asking once. */
const idempotentMethods: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PUT',
  'DELETE',
  'PROPFIND',
]);

/** Of these nobody expects a body; for others, node:http would announce one in chunks where no length is said. */
const bodilessMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

/** Bytes that the head of an answer may take. */
const maxHeadBytes = 131_072;

/** One request on its way to an HTTP server and its answer back, through every ending that there is. */
export class PassingHttp {
  readonly outcome: Promise<PassOutcome>;
  readonly #pool: ConnectionPool;
  readonly #request: PassedRequest;
  readonly #upload: Upload | undefined;
  #settle: (outcome: PassOutcome) => void = () => {};
  #giveBackSlot: () => void = () => {};
  #ask: ClientRequest | undefined;
  #answer: IncomingMessage | undefined;
  #isOver = false;
  #hasRetried = false;
  #hasAnswered = false;
  #sinkIsFull = false;
  #isContinued: boolean;
  #silence: NodeJS.Timeout | undefined;

  constructor(pool: ConnectionPool, request: PassedRequest) {
    this.#pool = pool;
    this.#request = request;
    this.#isContinued = !request.expectsContinue;
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
    if (request.body !== undefined)
      this.#upload = new Upload(request.body, (status, reason) => this.#fail(status, reason));
    const { acquireMs = 0 } = request.target.parameters;
    this.#giveBackSlot = pool.slots.take(acquireMs, (isGiven) => {
      if (isGiven) this.#prepare();
      else this.#fail(503, `no connection was free within ${acquireMs} ms (max, acquire)`);
    });
    if (this.#isOver) this.#giveBackSlot();
  }

  abandon(): void {
    this.#finish({ kind: 'gone' });
  }

  #prepare(): void {
    if (this.#upload === undefined) this.#attempt([]);
    // Who waits for 100 Continue sends nothing before, and so nothing more is known.
    else if (!this.#isContinued) this.#attempt(frame(this.#request.body?.length));
    else this.#upload.begin(({ length }) => this.#attempt(frame(length)));
  }

  #attempt(framing: readonly string[]): void {
    try {
      this.#send(framing);
    } catch (error) {
      // What node:http does not let out, such as a control character that a rule of the site file made.
      this.#fail(500, `the request cannot be sent: ${(error as Error).message}`);
    }
  }

  #send(framing: readonly string[]): void {
    const { method, path, headers, hasEmptyBody, isLast, wantsUpgrade } = this.#request;
    const connection = wantsUpgrade ? 'Upgrade' : isLast ? 'close' : 'Keep-Alive';
    const ask = httpRequest({
      agent: this.#pool.agent,
      method,
      path,
      headers: [
        ...headers,
        ...framing,
        ...(framing.length === 0 && (hasEmptyBody || !bodilessMethods.has(method))
          ? ['Content-Length', '0']
          : []),
        'Connection',
        connection,
      ] as unknown as Record<string, string>,
      setHost: false,
      maxHeaderSize: maxHeadBytes,
    });
    // Whether or not the other server hears the wish, which node:http does not in a list of headers.
    if (isLast) ask.shouldKeepAlive = false;
    this.#ask = ask;
    let bytesBefore = 0;
    ask.once('socket', (socket: Socket) => {
      bytesBefore = socket.bytesRead;
      this.#watchSilence();
    });
    ask.on('continue', () => this.#continue());
    ask.on('information', ({ statusCode, rawHeaders }) => {
      this.#silence?.refresh();
      if (statusCode !== 100 && !this.#isOver) this.#request.sink.inform(statusCode, rawHeaders);
    });
    ask.on('response', (answer) => this.#takeAnswer(answer));
    ask.on('upgrade', (answer, socket, early) => this.#takeUpgrade(answer, socket, early));
    ask.on('drain', () => {
      this.#silence?.refresh();
      this.#upload?.drained();
    });
    ask.on('error', (error: NodeJS.ErrnoException) => {
      const isUntouched = ask.socket === null || ask.socket.bytesRead === bytesBefore;
      if (this.#ask !== ask || this.#isOver || this.#hasAnswered) return;
      if (ask.reusedSocket && isUntouched && this.#mayRetry(error)) this.#retry(framing);
      else this.#fail(statusOf(error), describe(error, this.#request));
    });
    if (this.#upload === undefined) ask.end();
    else if (this.#isContinued) this.#sendBody(ask);
    else ask.flushHeaders();
  }

  /** The connection had been closed by the other side when it was used again. */
  #mayRetry({ code }: NodeJS.ErrnoException): boolean {
    if (this.#hasRetried || (code !== 'ECONNRESET' && code !== 'EPIPE')) return false;
    return idempotentMethods.has(this.#request.method) && this.#upload?.canRepeat !== false;
  }

  #retry(framing: readonly string[]): void {
    this.#hasRetried = true;
    this.#pool.dropFree();
    this.#attempt(framing);
  }

  #sendBody(ask: ClientRequest): void {
    this.#upload?.attach({
      write: (bytes) => {
        this.#silence?.refresh();
        return ask.write(bytes);
      },
      end: () => ask.end(),
    });
  }

  #continue(): void {
    this.#silence?.refresh();
    if (this.#isContinued || this.#ask === undefined || this.#isOver) return;
    this.#isContinued = true;
    this.#sendBody(this.#ask);
  }

  // What the other server says

  #takeAnswer(answer: IncomingMessage): void {
    if (this.#isOver) return;
    const { statusCode: status = 0, statusMessage: reason = '', rawHeaders, httpVersion } = answer;
    // Its loss is told by `close`.
    answer.on('error', () => {});
    if (status < 200) {
      this.#fail(502, `status ${status} where a final answer was expected`);
      return;
    }
    if (!httpVersion.startsWith('1.')) {
      this.#fail(502, `no valid answer: HTTP/${httpVersion}`);
      return;
    }
    this.#silence?.refresh();
    this.#answer = answer;
    this.#hasAnswered = true;
    if (!this.#request.sink.head(status, reason, rawHeaders)) {
      this.#finish({ kind: 'dropped' });
      return;
    }
    answer.on('data', (piece: Buffer) => this.#takePiece(answer, piece));
    answer.on('end', () => {
      if (this.#isOver || !answer.complete) return;
      this.#request.sink.end();
      this.#finish({ kind: 'done' });
    });
    answer.on('close', () => this.#fail(502, 'the connection was closed before the answer was complete'));
  }

  #takePiece(answer: IncomingMessage, piece: Buffer): void {
    if (this.#isOver) return;
    this.#silence?.refresh();
    if (this.#request.sink.write(piece) || this.#sinkIsFull) return;
    this.#sinkIsFull = true;
    answer.pause();
    this.#request.sink.onDrain(() => {
      this.#sinkIsFull = false;
      this.#silence?.refresh();
      answer.resume();
    });
  }

  #takeUpgrade({ rawHeaders }: IncomingMessage, socket: Socket, early: Buffer): void {
    if (!this.#request.wantsUpgrade || this.#isOver) {
      socket.destroy();
      this.#fail(502, 'another protocol, which nobody had asked for');
      return;
    }
    socket.on('error', () => {});
    this.#finish({ kind: 'upgraded', headers: rawHeaders, socket, early });
  }

  // Endings

  /** Neither the other server sent something nor did it take something, and it is not the client who is slow. */
  #watchSilence(): void {
    const { timeoutMs } = this.#request;
    if (timeoutMs === 0 || this.#isOver) return;
    clearTimeout(this.#silence);
    const timer = setTimeout(() => {
      if (this.#sinkIsFull || (this.#upload?.waitsForClient === true && !this.#hasAnswered)) {
        timer.refresh();
        return;
      }
      const seconds = `within ${timeoutMs / 1000} s (timeout)`;
      if (!this.#isContinued && !this.#hasAnswered) this.#fail(503, `no 100 Continue ${seconds}`);
      else this.#fail(502, `${this.#hasAnswered ? 'nothing more' : 'no answer'} ${seconds}`);
    }, timeoutMs);
    this.#silence = timer;
  }

  #fail(status: Extract<PassOutcome, { kind: 'refused' }>['status'], reason: string): void {
    if (this.#isOver) return;
    if (!this.#hasAnswered) {
      this.#finish({ kind: 'refused', status, reason });
      return;
    }
    this.#request.sink.cut();
    this.#finish({ kind: 'cut', reason });
  }

  /** A connection whose exchange is not complete on both sides can carry no other one. */
  #finish(outcome: PassOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#silence);
    const isWhole = outcome.kind === 'done' && this.#upload?.isSent !== false;
    if (outcome.kind !== 'upgraded' && !isWhole) {
      this.#ask?.destroy();
      this.#answer?.destroy();
    }
    this.#upload?.stop();
    this.#giveBackSlot();
    this.#settle(outcome);
  }
}

function frame(length: number | undefined): string[] {
  return length === undefined ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(length)];
}

function statusOf(error: Error): 500 | 502 | 503 {
  return error instanceof ConnectFailure ? error.status : 502;
}

function describe(error: NodeJS.ErrnoException, { target }: PassedRequest): string {
  if (error instanceof ConnectFailure) return error.message;
  if (error.code?.startsWith('HPE_') === true) return `no valid answer: ${error.message} (${error.code})`;
  if (error.code === 'ECONNRESET')
    return `the connection was closed before there was an answer (${error.code})`;
  return `${error.code ?? 'error'} while talking to ${target.authority}: ${error.message}`;
}
