import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { headerValues } from '../http/index.js';
import { ConnectFailure } from './connection-plan.js';
import type { ConnectionPool } from './connections.js';
import type { PassedRequest, PassFault, PassOutcome } from './gateway.js';
import { idempotentMethods } from './idempotent-methods.js';
import { maxHeadBytes, Passage } from './passage.js';

/** Of these nobody expects a body; for others, node:http would announce one in chunks where no length is said. */
const bodilessMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

/** One request on its way to an HTTP server and its answer back, through every ending that there is. */
export class PassingHttp {
  readonly #passage: Passage;
  readonly #pool: ConnectionPool;
  readonly #request: PassedRequest;
  #ask: ClientRequest | undefined;
  #answer: IncomingMessage | undefined;
  #hasRetried = false;
  #socket: Socket | undefined;
  #sentBefore = 0;
  #sentBytes = 0;
  #isContinued: boolean;

  constructor(pool: ConnectionPool, request: PassedRequest) {
    this.#pool = pool;
    this.#request = request;
    this.#isContinued = !request.expectsContinue;
    this.#passage = new Passage(request, {
      begin: () => this.#prepare(),
      setFlow: (isFlowing) => (isFlowing ? this.#answer?.resume() : this.#answer?.pause()),
      describeSilence: (seconds) => this.#describeSilence(seconds),
      release: (outcome, isWhole) => this.#release(outcome, isWhole),
    });
    this.#passage.queue(pool.slots);
  }

  get outcome(): Promise<PassOutcome> {
    return this.#passage.outcome;
  }

  /** Known when it is over. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  abandon(): void {
    this.#passage.finish({ kind: 'gone' });
  }

  #prepare(): void {
    const { upload } = this.#passage;
    if (upload === undefined) this.#attempt([]);
    // Who waits for 100 Continue sends nothing before, and so nothing more is known.
    else if (!this.#isContinued) this.#attempt(frame(this.#request.body?.length));
    else upload.begin(({ length }) => this.#attempt(frame(length)));
  }

  #attempt(framing: readonly string[]): void {
    try {
      this.#send(framing);
    } catch (error) {
      // What node:http does not let out, such as a control character that a rule of the site file made.
      this.#passage.fail(500, `the request cannot be sent: ${(error as Error).message}`, 'own');
    }
  }

  #send(framing: readonly string[]): void {
    const { method, path, headers, hasEmptyBody, isLast, upgrade } = this.#request;
    const connection = upgrade !== undefined ? 'Upgrade' : isLast ? 'close' : 'Keep-Alive';
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
      this.#socket = socket;
      this.#sentBefore = socket.bytesWritten;
      this.#passage.watchSilence();
    });
    ask.on('continue', () => this.#continue());
    ask.on('information', ({ statusCode, rawHeaders }) => {
      this.#passage.refreshSilence();
      if (statusCode !== 100 && !this.#passage.isOver) this.#request.sink.inform(statusCode, rawHeaders);
    });
    ask.on('response', (answer) => this.#takeAnswer(answer));
    ask.on('upgrade', (answer, socket, early) => this.#takeUpgrade(answer, socket, early));
    ask.on('drain', () => {
      this.#passage.refreshSilence();
      this.#passage.upload?.drained();
    });
    ask.on('error', (error: NodeJS.ErrnoException) => {
      const isUntouched = ask.socket === null || ask.socket.bytesRead === bytesBefore;
      if (this.#ask !== ask || this.#passage.isOver || this.#passage.hasAnswered) return;
      if (ask.reusedSocket && isUntouched && this.#mayRetry(error)) this.#retry(framing);
      else this.#passage.fail(statusOf(error), describe(error, this.#request), faultOf(error));
    });
    if (this.#passage.upload === undefined) ask.end();
    else if (this.#isContinued) this.#sendBody(ask);
    else ask.flushHeaders();
  }

  /** The connection had been closed by the other side when it was used again. */
  #mayRetry({ code }: NodeJS.ErrnoException): boolean {
    if (this.#hasRetried || (code !== 'ECONNRESET' && code !== 'EPIPE')) return false;
    return idempotentMethods.has(this.#request.method) && this.#passage.upload?.canRepeat !== false;
  }

  #retry(framing: readonly string[]): void {
    this.#hasRetried = true;
    this.#pool.dropFree();
    this.#attempt(framing);
  }

  #sendBody(ask: ClientRequest): void {
    this.#passage.upload?.attach({
      write: (bytes) => {
        this.#passage.refreshSilence();
        return ask.write(bytes);
      },
      end: () => ask.end(),
    });
  }

  #continue(): void {
    this.#passage.refreshSilence();
    if (this.#isContinued || this.#ask === undefined || this.#passage.isOver) return;
    this.#isContinued = true;
    this.#sendBody(this.#ask);
  }

  // What the other server says

  #takeAnswer(answer: IncomingMessage): void {
    if (this.#passage.isOver) return;
    const { statusCode: status = 0, statusMessage: reason = '', rawHeaders, httpVersion } = answer;
    // Its loss is told by `close`.
    answer.on('error', () => {});
    if (status < 200) {
      this.#passage.fail(502, `status ${status} where a final answer was expected`, 'bad-answer');
      return;
    }
    if (!httpVersion.startsWith('1.')) {
      this.#passage.fail(502, `no valid answer: HTTP/${httpVersion}`, 'bad-answer');
      return;
    }
    this.#passage.refreshSilence();
    this.#answer = answer;
    if (!this.#passage.startAnswer(status, reason, rawHeaders)) return;
    answer.on('data', (piece: Buffer) => {
      if (this.#passage.isOver) return;
      this.#passage.refreshSilence();
      this.#passage.passBody(piece);
    });
    answer.on('end', () => {
      if (answer.complete) this.#passage.complete();
    });
    answer.on('close', () =>
      this.#passage.fail(502, 'the connection was closed before the answer was complete', 'bad-answer'),
    );
  }

  #takeUpgrade({ rawHeaders }: IncomingMessage, socket: Socket, early: Buffer): void {
    if (this.#request.upgrade === undefined || this.#passage.isOver) {
      socket.destroy();
      this.#passage.fail(502, 'another protocol, which nobody had asked for', 'bad-answer');
      return;
    }
    const protocol = headerValues(rawHeaders, 'upgrade').join(', ');
    if (protocol.toLowerCase() !== this.#request.upgrade) {
      socket.destroy();
      this.#passage.fail(
        502,
        `another protocol than the one that was asked for: '${protocol}'`,
        'bad-answer',
      );
      return;
    }
    socket.on('error', () => {});
    this.#passage.finish({ kind: 'upgraded', headers: rawHeaders, socket, early });
  }

  // Endings

  #describeSilence(seconds: string) {
    const { hasAnswered } = this.#passage;
    if (!this.#isContinued && !hasAnswered)
      return { status: 503 as const, reason: `no 100 Continue ${seconds}` };
    return { status: 502 as const, reason: `${hasAnswered ? 'nothing more' : 'no answer'} ${seconds}` };
  }

  /** A connection whose exchange is not complete on both sides can carry no other one. */
  #release(outcome: PassOutcome, isWhole: boolean): void {
    if (this.#socket !== undefined) this.#sentBytes = this.#socket.bytesWritten - this.#sentBefore;
    if (outcome.kind === 'upgraded' || isWhole) return;
    this.#ask?.destroy();
    this.#answer?.destroy();
  }
}

function frame(length: number | undefined): string[] {
  return length === undefined ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(length)];
}

function statusOf(error: Error): 500 | 502 | 503 {
  return error instanceof ConnectFailure ? error.status : 502;
}

function faultOf(error: Error): PassFault {
  return error instanceof ConnectFailure ? error.fault : 'bad-answer';
}

function describe(error: NodeJS.ErrnoException, { target }: PassedRequest): string {
  if (error instanceof ConnectFailure) return error.message;
  if (error.code?.startsWith('HPE_') === true) return `no valid answer: ${error.message} (${error.code})`;
  if (error.code === 'ECONNRESET')
    return `the connection was closed before there was an answer (${error.code})`;
  return `${error.code ?? 'error'} while talking to ${target.authority}: ${error.message}`;
}
