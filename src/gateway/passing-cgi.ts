import type { Socket } from 'node:net';
import type { AnswerHead } from './answer-head.js';
import { ConnectFailure } from './connection-plan.js';
import type { ConnectionPool } from './connections.js';
import type { AnswerPart, AnswerReader, Dialect, EncodedRequest } from './dialect.js';
import { ErrorLines } from './error-lines.js';
import type { PassedRequest, PassOutcome } from './gateway.js';
import { idempotentMethods } from './idempotent-methods.js';
import { maxHeadBytes, Passage, type RefusalStatus } from './passage.js';

/** One request to a server that is told CGI's variables, over a connection of its own, or one that was kept. */
export class PassingCgi {
  readonly #passage: Passage;
  readonly #dialect: Dialect;
  readonly #pool: ConnectionPool;
  readonly #request: PassedRequest;
  readonly #keeps: boolean;
  readonly #errorLines: ErrorLines;
  /** CONTENT_LENGTH; undefined: there is no body. */
  #length: number | undefined;
  #socket: Socket | undefined;
  #reader: AnswerReader;
  #sentBefore = 0;
  #sentBytes = 0;
  #isFresh = true;
  #isUntouched = true;
  #headText = '';
  #head: AnswerHead | undefined;
  #bodyBytes = 0;
  /** Nothing more of the body will come. */
  #hasEnded = false;
  /** Nothing came behind the end of the answer. */
  #isClear = false;

  constructor(dialect: Dialect, pool: ConnectionPool, request: PassedRequest) {
    this.#dialect = dialect;
    this.#reader = dialect.createReader();
    this.#pool = pool;
    this.#request = request;
    this.#keeps = dialect.mayKeep && request.target.parameters.disableReuse === false && !request.isLast;
    this.#errorLines = new ErrorLines((line) => request.sink.logError(line));
    this.#passage = new Passage(request, {
      begin: () => this.#prepare(),
      setFlow: (isFlowing) => (isFlowing ? this.#socket?.resume() : this.#socket?.pause()),
      describeSilence: (seconds) => ({
        status: dialect.statuses.silent,
        reason: `${this.#head === undefined ? 'no answer' : 'nothing more'} ${seconds}`,
      }),
      release: (_, isWhole) => this.#release(isWhole),
    });
    const { body } = request;
    // The length has to be said before the body (as httpd).
    if (body !== undefined && body.length === undefined && !dialect.collectsBody)
      this.#passage.fail(411, 'a request body without a length', 'own');
    else this.#passage.queue(pool.slots);
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
    if (upload === undefined) {
      this.#length = this.#request.hasEmptyBody ? 0 : undefined;
      void this.#start();
      return;
    }
    upload.collect((length) => {
      this.#length = length;
      void this.#start();
    });
  }

  async #start(): Promise<void> {
    const encoded = this.#dialect.encode(this.#request.variables, this.#length, this.#keeps);
    if (encoded.kind === 'unsayable') {
      this.#passage.fail(500, encoded.reason, 'own');
      return;
    }
    const kept = this.#keeps ? this.#pool.kept.take() : undefined;
    this.#isFresh = kept === undefined;
    try {
      const socket = kept ?? (await this.#pool.open());
      if (this.#passage.isOver) socket.destroy();
      else this.#talk(socket, encoded);
    } catch (error) {
      const { status, fault } =
        error instanceof ConnectFailure ? error : { status: 500 as const, fault: 'own' as const };
      this.#passage.fail(status, (error as Error).message, fault);
    }
  }

  #talk(socket: Socket, request: EncodedRequest): void {
    this.#socket = socket;
    this.#sentBefore = socket.bytesWritten;
    this.#reader = this.#dialect.createReader();
    this.#isUntouched = true;
    socket.on('data', (piece: Buffer) => this.#take(piece));
    socket.on('end', () => this.#takeEnd());
    socket.on('error', ({ code }: NodeJS.ErrnoException) => this.#lose(socket, code ?? 'error'));
    socket.on('close', () => this.#lose(socket, 'closed'));
    socket.on('drain', () => {
      this.#passage.refreshSilence();
      this.#passage.upload?.drained();
    });
    this.#passage.watchSilence();
    const { upload } = this.#passage;
    socket.cork();
    socket.write(request.head);
    if (upload === undefined) socket.write(request.end);
    else
      upload.attach({
        write: (bytes) => {
          this.#passage.refreshSilence();
          return (
            request
              .body(bytes)
              .map((piece) => socket.write(piece))
              .at(-1) ?? true
          );
        },
        end: () => socket.write(request.end),
      });
    socket.uncork();
  }

  // What the other server says

  #take(piece: Buffer): void {
    if (this.#passage.isOver) return;
    this.#isUntouched = false;
    this.#passage.refreshSilence();
    const parts = this.#reader.take(piece);
    this.#isClear =
      parts.findIndex(({ kind }) => kind === 'end') === parts.length - 1 && !this.#reader.hasRest;
    for (const part of parts) {
      if (this.#passage.isOver) return;
      this.#takePart(part);
    }
  }

  #takePart(part: AnswerPart): void {
    switch (part.kind) {
      case 'output':
        return this.#head === undefined ? this.#takeHead(part.bytes) : this.#takeBody(part.bytes);
      case 'error-output':
        return this.#errorLines.take(part.bytes);
      case 'output-end':
        this.#hasEnded = true;
        return;
      case 'invalid':
        return this.#passage.fail(
          this.#dialect.statuses.closed,
          `no valid answer: ${part.reason}`,
          'bad-answer',
        );
      case 'end':
        this.#hasEnded = true;
        if (part.note !== undefined) this.#errorLines.take(Buffer.from(`${part.note}\n`));
        if (part.fault === undefined) this.#end(this.#dialect.statuses.invalid);
        else this.#passage.fail(part.fault.status, part.fault.reason, 'bad-answer');
    }
  }

  #takeHead(piece: Buffer): void {
    const searchFrom = Math.max(0, this.#headText.length - 3);
    this.#headText += piece.toString('latin1');
    const end = this.#dialect.findHeadEnd(this.#headText, searchFrom);
    const { invalid } = this.#dialect.statuses;
    if (end === undefined || end.from > maxHeadBytes) {
      if (this.#headText.length > maxHeadBytes)
        this.#passage.fail(invalid, 'no valid answer: the head is too long', 'bad-answer');
      return;
    }
    const head = this.#dialect.parseHead(this.#headText.slice(0, end.from));
    if (head.kind === 'invalid') {
      this.#passage.fail(invalid, `no valid answer: ${head.reason}`, 'bad-answer');
      return;
    }
    const rest = Buffer.from(this.#headText.slice(end.to), 'latin1');
    this.#headText = '';
    this.#head = head;
    if (this.#passage.startAnswer(head.status, head.reason, head.headers) && rest.length > 0)
      this.#takeBody(rest);
  }

  #takeBody(piece: Buffer): void {
    this.#bodyBytes += piece.length;
    this.#passage.passBody(piece);
  }

  /** The end of the connection. */
  #takeEnd(): void {
    if (this.#passage.isOver || this.#retries()) return;
    const { closed, closedInHead } = this.#dialect.statuses;
    if (this.#head === undefined) {
      if (this.#headText !== '')
        this.#passage.fail(closedInHead, 'the connection was closed in the head of the answer', 'bad-answer');
      else this.#passage.fail(closed, 'the connection was closed before there was an answer', 'bad-answer');
      return;
    }
    if (this.#dialect.hasEnd && !this.#hasEnded)
      this.#passage.fail(closed, 'the connection was closed before the answer was complete', 'bad-answer');
    else this.#end(closed);
  }

  /** The body is complete, unless more was announced. */
  #end(status: RefusalStatus): void {
    const head = this.#head;
    if (head === undefined) {
      this.#passage.fail(status, 'no valid answer: it ended before its head was complete', 'bad-answer');
      return;
    }
    const mayBeShort = this.#request.method === 'HEAD' || head.status === 204 || head.status === 304;
    if (!mayBeShort && this.#bodyBytes < (head.length ?? 0))
      this.#passage.fail(status, 'it ended before it was as long as its Content-Length', 'bad-answer');
    else this.#passage.complete();
  }

  #lose(socket: Socket, code: string): void {
    if (this.#socket !== socket || this.#passage.isOver || this.#retries()) return;
    this.#passage.fail(this.#dialect.statuses.lost, `the connection was lost: ${code}`, 'bad-answer');
  }

  /** A kept connection had been closed by the other side when it was used again. */
  #retries(): boolean {
    if (this.#isFresh || !this.#isUntouched) return false;
    if (!idempotentMethods.has(this.#request.method) || this.#passage.upload?.canRepeat === false)
      return false;
    this.#socket
      ?.removeAllListeners()
      .on('error', () => {})
      .destroy();
    this.#socket = undefined;
    this.#pool.kept.dropAll();
    void this.#start();
    return true;
  }

  #release(isWhole: boolean): void {
    this.#errorLines.end();
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    this.#sentBytes = socket.bytesWritten - this.#sentBefore;
    if (!this.#keeps || !isWhole || !this.#isClear) {
      socket.destroy();
      return;
    }
    socket.removeAllListeners();
    this.#pool.kept.keep(socket);
  }
}
