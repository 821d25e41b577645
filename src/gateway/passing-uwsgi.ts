import type { Socket } from 'node:net';
import { type AnswerHead, parseAnswerHead } from './answer-head.js';
import { ConnectFailure, type ConnectionPlan, openConnection } from './connections.js';
import type { PassedRequest, PassOutcome } from './gateway.js';
import type { Slots } from './slots.js';
import { Upload } from './upload.js';
import { encodeUwsgiPacket } from './uwsgi-packet.js';

/** Bytes that the head of an answer may take. */
const maxHeadBytes = 131_072;

type RefusalStatus = Extract<PassOutcome, { kind: 'refused' }>['status'];

/** One request to a uWSGI server: one connection, which ends with the answer. */
export class PassingUwsgi {
  readonly outcome: Promise<PassOutcome>;
  readonly #plan: ConnectionPlan;
  readonly #request: PassedRequest;
  readonly #upload: Upload | undefined;
  #settle: (outcome: PassOutcome) => void = () => {};
  #giveBackSlot: () => void = () => {};
  #socket: Socket | undefined;
  #isOver = false;
  #headText = '';
  #head: AnswerHead | undefined;
  #bodyBytes = 0;
  #sinkIsFull = false;
  #silence: NodeJS.Timeout | undefined;

  constructor(plan: ConnectionPlan, slots: Slots, request: PassedRequest) {
    this.#plan = plan;
    this.#request = request;
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
    if (request.body !== undefined)
      this.#upload = new Upload(request.body, (status, reason) => this.#fail(status, reason));
    if (request.body !== undefined && request.body.length === undefined) {
      // The length has to be said before the body (as httpd).
      this.#fail(411, 'a request body without a length');
      return;
    }
    const { acquireMs = 0 } = request.target.parameters;
    this.#giveBackSlot = slots.take(acquireMs, (isGiven) => {
      if (isGiven) void this.#start();
      else this.#fail(503, `no connection was free within ${acquireMs} ms (max, acquire)`);
    });
    if (this.#isOver) this.#giveBackSlot();
  }

  abandon(): void {
    this.#finish({ kind: 'gone' });
  }

  async #start(): Promise<void> {
    const packet = encodeUwsgiPacket(this.#request.variables());
    if (packet === undefined) {
      this.#fail(500, 'the variables of the request are more than 64 kB');
      return;
    }
    try {
      const socket = await openConnection(this.#plan);
      if (this.#isOver) socket.destroy();
      else this.#talk(socket, packet);
    } catch (error) {
      this.#fail(error instanceof ConnectFailure ? error.status : 500, (error as Error).message);
    }
  }

  #talk(socket: Socket, packet: Buffer): void {
    this.#socket = socket;
    socket.on('data', (piece: Buffer) => this.#take(piece));
    socket.on('end', () => this.#takeEnd());
    socket.on('error', ({ code }: NodeJS.ErrnoException) => this.#lose(code ?? 'error'));
    socket.on('close', () => this.#lose('closed'));
    socket.on('drain', () => {
      this.#silence?.refresh();
      this.#upload?.drained();
    });
    this.#watchSilence();
    socket.write(packet);
    this.#upload?.attach({
      write: (bytes) => {
        this.#silence?.refresh();
        return socket.write(bytes);
      },
      // The end of the connection would be taken for a client that has left.
      end: () => {},
    });
  }

  #take(piece: Buffer): void {
    if (this.#isOver) return;
    this.#silence?.refresh();
    if (this.#head !== undefined) {
      this.#takeBody(piece);
      return;
    }
    this.#headText += piece.toString('latin1');
    const end = this.#headText.indexOf('\r\n\r\n');
    if (end < 0) {
      if (this.#headText.length > maxHeadBytes) this.#fail(502, 'no valid answer: the head is too long');
      return;
    }
    const head = parseAnswerHead(this.#headText.slice(0, end));
    if (head.kind === 'invalid') {
      this.#fail(502, `no valid answer: ${head.reason}`);
      return;
    }
    const rest = Buffer.from(this.#headText.slice(end + 4), 'latin1');
    this.#headText = '';
    this.#head = head;
    if (!this.#request.sink.head(head.status, head.reason, head.headers)) this.#finish({ kind: 'dropped' });
    else if (rest.length > 0) this.#takeBody(rest);
  }

  #takeBody(piece: Buffer): void {
    this.#bodyBytes += piece.length;
    if (this.#request.sink.write(piece) || this.#sinkIsFull) return;
    this.#sinkIsFull = true;
    this.#socket?.pause();
    this.#request.sink.onDrain(() => {
      this.#sinkIsFull = false;
      this.#silence?.refresh();
      this.#socket?.resume();
    });
  }

  /** The end of the connection is the end of the body, unless more was announced. */
  #takeEnd(): void {
    if (this.#isOver) return;
    const head = this.#head;
    if (head === undefined) {
      if (this.#headText === '') this.#fail(500, 'the connection was closed before there was an answer');
      else this.#fail(502, 'the connection was closed in the head of the answer');
      return;
    }
    const mayBeShort = this.#request.method === 'HEAD' || head.status === 204 || head.status === 304;
    if (!mayBeShort && this.#bodyBytes < (head.length ?? 0)) {
      this.#fail(502, 'the connection was closed before the answer was complete');
      return;
    }
    this.#request.sink.end();
    this.#finish({ kind: 'done' });
  }

  #lose(code: string): void {
    this.#fail(500, `the connection was lost: ${code}`);
  }

  /** Neither the other server sent something nor did it take something, and it is not the client who is slow. */
  #watchSilence(): void {
    const { timeoutMs } = this.#request;
    if (timeoutMs === 0) return;
    const timer = setTimeout(() => {
      const isClients =
        this.#sinkIsFull || (this.#upload?.waitsForClient === true && this.#head === undefined);
      if (isClients) timer.refresh();
      else
        this.#fail(
          500,
          `${this.#head === undefined ? 'no answer' : 'nothing more'} within ${timeoutMs / 1000} s (timeout)`,
        );
    }, timeoutMs);
    this.#silence = timer;
  }

  #fail(status: RefusalStatus, reason: string): void {
    if (this.#isOver) return;
    if (this.#head === undefined) {
      this.#finish({ kind: 'refused', status, reason });
      return;
    }
    this.#request.sink.cut();
    this.#finish({ kind: 'cut', reason });
  }

  #finish(outcome: PassOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#silence);
    this.#socket?.destroy();
    this.#upload?.stop();
    this.#giveBackSlot();
    this.#settle(outcome);
  }
}
