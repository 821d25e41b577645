import { initialWindow, WireViolation } from '../../wire/index.js';

/** CREDIT goes out in steps of at least a quarter of the window. */
const creditStepBytes = initialWindow / 4;
/** Below this, a piece is copied, so that a few bytes do not hold the whole buffer that the socket was read into. */
const copyBelowBytes = 16_384;

/** The client left, or the front end wants no answer any more, while the body was still under way. */
export class RequestAborted extends Error {
  override readonly name = 'RequestAborted';
  readonly code = 'ECONNRESET';
}

/**
 * The body of one request as it arrives: at most one window of it lies here, and the front end gets credit only for what
 * a consumer took.
 */
export class RequestBody {
  readonly #grant: (bytes: number) => void;
  readonly #pieces: Buffer[] = [];
  #window = initialWindow;
  #owed = 0;
  #allArrived: boolean;
  #broken: RequestAborted | undefined;
  #discarding = false;
  #onChange: (() => void) | undefined;

  constructor(expected: boolean, grant: (bytes: number) => void) {
    this.#allArrived = !expected;
    this.#grant = grant;
  }

  /** Nothing more will come and nothing is left. */
  get ended(): boolean {
    return this.#allArrived && this.#pieces.length === 0;
  }

  /** Everything has arrived, though it may wait here to be taken. */
  get allArrived(): boolean {
    return this.#allArrived;
  }

  get broken(): RequestAborted | undefined {
    return this.#broken;
  }

  /** The one consumer, called whenever a piece, the end or a break arrived. */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  /** The next piece as it arrived, at most `limit` bytes of it; undefined if none is there now. */
  take(limit = Number.POSITIVE_INFINITY): Buffer | undefined {
    const first = this.#pieces[0];
    if (first === undefined) return undefined;
    if (first.length <= limit) {
      this.#pieces.shift();
      this.#credit(first.length);
      return first;
    }
    this.#pieces[0] = first.subarray(limit);
    this.#credit(limit);
    return first.subarray(0, limit);
  }

  /** Nobody wants the rest: let it come and drop it, so that the client's connection stays in step. */
  discard(): void {
    this.#discarding = true;
    while (this.take() !== undefined);
  }

  /**
   * `isLent`: its memory is used again for what comes next.
   * @throws WireViolation for bytes beyond the credit or after the end.
   */
  receive(piece: Buffer, isLent = false): void {
    if (this.#allArrived) throw new WireViolation('BODY after the end of the request body');
    if (piece.length > this.#window) throw new WireViolation('BODY beyond the credit');
    this.#window -= piece.length;
    if (this.#discarding) this.#credit(piece.length);
    else this.#pieces.push(isLent || piece.length < copyBelowBytes ? Buffer.from(piece) : piece);
    this.#onChange?.();
  }

  /** @throws WireViolation for a second end. */
  finish(): void {
    if (this.#allArrived) throw new WireViolation('END after the end of the request body');
    this.#allArrived = true;
    this.#onChange?.();
  }

  /** The request had no body, but its connection goes on. */
  reopen(): void {
    this.#allArrived = false;
  }

  break(reason: RequestAborted): void {
    if (this.#allArrived || this.#broken !== undefined) return;
    this.#broken = reason;
    this.#pieces.length = 0;
    this.#onChange?.();
  }

  #credit(bytes: number): void {
    this.#owed += bytes;
    if (this.#owed < creditStepBytes || this.#allArrived || this.#broken !== undefined) return;
    this.#window += this.#owed;
    this.#grant(this.#owed);
    this.#owed = 0;
  }
}
