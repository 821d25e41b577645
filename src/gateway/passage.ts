import type { PassedRequest, PassFault, PassOutcome } from './gateway.js';
import type { Slots } from './slots.js';
import { Upload } from './upload.js';

/** Bytes that the head of an answer may take. */
export const maxHeadBytes = 131_072;

export type RefusalStatus = Extract<PassOutcome, { kind: 'refused' }>['status'];

/** What a protocol does of its own for a request. */
export interface PassageSteps {
  /** There is room for one more connection. */
  begin(): void;
  /** Goes on reading the answer, or stops until the client has taken some of it. */
  setFlow(isFlowing: boolean): void;
  /** What to say when the other server was silent for too long. */
  describeSilence(seconds: string): { readonly status: RefusalStatus; readonly reason: string };
  /** It is over. `isWhole`: the request was sent and the answer came to its end, so that the connection may serve another one. */
  release(outcome: PassOutcome, isWhole: boolean): void;
}

/** What all protocols have in common: the wait for a connection, the body of the request, silence, a slow client, and the endings. */
export class Passage {
  readonly outcome: Promise<PassOutcome>;
  readonly upload: Upload | undefined;
  isOver = false;
  /** The head of the answer is on its way to the client. */
  hasAnswered = false;
  readonly #request: PassedRequest;
  readonly #steps: PassageSteps;
  #settle: (outcome: PassOutcome) => void = () => {};
  #giveBackSlot: () => void = () => {};
  #sinkIsFull = false;
  #silence: NodeJS.Timeout | undefined;

  constructor(request: PassedRequest, steps: PassageSteps) {
    this.#request = request;
    this.#steps = steps;
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
    if (request.body !== undefined)
      this.upload = new Upload(request.body, (status, reason, fault) => this.fail(status, reason, fault));
  }

  /** Begins as soon as there is room for a connection. */
  queue(slots: Slots): void {
    const { acquireMs = 0 } = this.#request.target.parameters;
    this.#giveBackSlot = slots.take(acquireMs, (isGiven) => {
      if (isGiven) this.#steps.begin();
      else this.fail(503, `no connection was free within ${acquireMs} ms (max, acquire)`, 'own');
    });
    if (this.isOver) this.#giveBackSlot();
  }

  /** Sends the head of the answer on; false: nothing of it is wanted, and all is over. */
  startAnswer(status: number | undefined, reason: string, headers: readonly string[]): boolean {
    this.hasAnswered = true;
    const isWanted = this.#request.sink.head(status, reason, headers);
    if (!isWanted) this.finish({ kind: 'dropped' });
    return isWanted;
  }

  /** Sends a piece of the answer on, as fast as the client takes it. */
  passBody(piece: Buffer): void {
    if (this.#request.sink.write(piece) || this.#sinkIsFull) return;
    this.#sinkIsFull = true;
    this.#steps.setFlow(false);
    this.#request.sink.onDrain(() => {
      // The connection may be another request's by now.
      if (this.isOver) return;
      this.#sinkIsFull = false;
      this.refreshSilence();
      this.#steps.setFlow(true);
    });
  }

  /** The answer has come to its end. */
  complete(): void {
    if (this.isOver) return;
    this.#request.sink.end();
    this.finish({ kind: 'done' });
  }

  /** Ends it when neither the other server sends something nor takes something, and it is not the client who is slow. */
  watchSilence(): void {
    const { timeoutMs } = this.#request;
    if (timeoutMs === 0 || this.isOver) return;
    clearTimeout(this.#silence);
    const timer = setTimeout(() => {
      const waitsForClient = this.upload?.waitsForClient === true;
      if (this.#sinkIsFull || (waitsForClient && !this.hasAnswered)) {
        timer.refresh();
        return;
      }
      const { status, reason } = this.#steps.describeSilence(`within ${timeoutMs / 1000} s (timeout)`);
      // The other server may go on as soon as it has the rest of the body.
      if (waitsForClient) this.fail(status, `${reason}, nor of the request body`, 'client');
      else this.fail(status, reason, 'silence');
    }, timeoutMs);
    this.#silence = timer;
  }

  refreshSilence(): void {
    this.#silence?.refresh();
  }

  /** Before the head: the client is told the status. Behind it: the answer is cut off visibly. */
  fail(status: RefusalStatus, reason: string, fault: PassFault): void {
    if (this.isOver) return;
    const why = { reason, fault };
    if (!this.hasAnswered) {
      this.finish({ kind: 'refused', status, ...why });
      return;
    }
    this.#request.sink.cut();
    this.finish({ kind: 'cut', ...why });
  }

  finish(outcome: PassOutcome): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.#silence);
    this.#steps.release(outcome, outcome.kind === 'done' && this.upload?.isSent !== false);
    this.upload?.stop();
    this.#giveBackSlot();
    this.#settle(outcome);
  }
}
