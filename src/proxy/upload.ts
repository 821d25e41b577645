import { initialWindow } from '../wire/index.js';
import { type PieceUse, returnBuffer } from './lent-piece.js';

/** The request body as it comes from the client. Pieces are pushed until `pause`. */
export interface BodySource {
  /** Starts the flow. `fail` replaces `end` when the client left or broke the rules. */
  start(listener: {
    piece(bytes: Buffer): void;
    /** In place of `piece`, where the memory is wanted back. */
    lend?(bytes: Buffer): PieceUse;
    end(): void;
    fail(status: 400 | 408 | 413, reason: string): void;
  }): void;
  pause(): void;
  resume(): void;
}

/** The stream that takes the body. */
export interface UploadTarget {
  /** `isLent`: nobody else has the memory of it, which is wanted back. */
  body(bytes: Buffer, isLent: boolean): PieceUse;
  /** What is sent is not taken as fast as it comes: the caller is to wait for `onDrain`. */
  isBehind(): boolean;
  onDrain(callback: () => void): void;
  end(): void;
}

/** What came and was not sent. `isLent`: nobody else reads its memory, which is wanted back when it is sent. */
interface Piece {
  readonly bytes: Buffer;
  readonly isLent: boolean;
}

/** The request body on its way: within the stream's credit, and repeatable until a callable has begun. */
export class Upload {
  readonly #source: BodySource;
  #target: UploadTarget | undefined;
  #credit = initialWindow;
  #pending: Piece[] = [];
  /** What was sent before anybody accepted it; undefined once accepted. */
  #sent: Buffer[] | undefined = [];
  #hasStarted = false;
  #hasEnded = false;
  #endIsSent = false;
  #isPaused = false;
  #isStopped = false;
  /** Until the target has sent what it has. */
  #waitsForTarget = false;
  /** Whoever gave the last piece is waiting to be told what became of its memory: this. */
  #use: PieceUse | undefined;
  readonly #fail: (status: 400 | 408 | 413, reason: string) => void;

  constructor(source: BodySource, fail: (status: 400 | 408 | 413, reason: string) => void) {
    this.#source = source;
    this.#fail = fail;
  }

  /** False once a callable may have read from it. */
  get canRepeat(): boolean {
    return this.#sent !== undefined;
  }

  /** True when the daemon has the whole body. */
  get isSent(): boolean {
    return this.#endIsSent;
  }

  get waitsForClient(): boolean {
    return !this.#hasEnded && !this.#hasToWait;
  }

  /** Sends to this stream from now on, from the beginning of the body. */
  attach(target: UploadTarget): void {
    this.#target = target;
    this.#credit = initialWindow;
    this.#endIsSent = false;
    this.#waitsForTarget = false;
    if (this.#sent !== undefined) {
      this.#pending = [...this.#sent.map((bytes) => ({ bytes, isLent: false })), ...this.#pending];
      this.#sent = [];
    }
    if (this.#hasStarted) {
      this.#flush();
      return;
    }
    this.#hasStarted = true;
    this.#source.start({
      piece: (bytes) => {
        if (this.#isStopped) return;
        this.#pending.push({ bytes, isLent: false });
        this.#flush();
      },
      lend: (bytes) => this.#borrow(bytes),
      end: () => {
        this.#hasEnded = true;
        this.#flush();
      },
      fail: (status, reason) => this.#fail(status, reason),
    });
  }

  /** Nobody takes it for now: what comes is kept, and the client has to wait. */
  detach(): void {
    this.#target = undefined;
  }

  accepted(): void {
    this.#sent = undefined;
  }

  grant(bytes: number): void {
    this.#credit += bytes;
    this.#flush();
  }

  /** The answer is complete; what is left of the body is the listener's to discard. */
  stop(): void {
    this.#isStopped = true;
    this.#pending = [];
    this.#sent = undefined;
    this.#target = undefined;
    if (this.#isPaused) this.#source.resume();
  }

  #borrow(bytes: Buffer): PieceUse {
    if (this.#isStopped) return 'free';
    this.#use = 'kept';
    this.#pending.push({ bytes, isLent: !this.canRepeat });
    this.#flush();
    const use = this.#use;
    this.#use = undefined;
    return this.#pending.at(-1)?.isLent === true ? 'returned' : use;
  }

  #flush(): void {
    // Handing it something may take the target away.
    for (
      let target = this.#target;
      target !== undefined && this.#pending.length > 0 && this.#credit > 0 && !this.#waitsForTarget;
      target = this.#target
    ) {
      const { bytes, isLent } = this.#pending[0] as Piece;
      const isWhole = bytes.length <= this.#credit;
      const part = isWhole ? bytes : bytes.subarray(0, this.#credit);
      // What may have to be sent again is not given back.
      const mayReturn = isLent && !this.canRepeat;
      if (isWhole) this.#pending.shift();
      else this.#pending[0] = { bytes: bytes.subarray(part.length), isLent: mayReturn };
      this.#credit -= part.length;
      this.#sent?.push(part);
      const use = target.body(part, mayReturn && isWhole);
      if (mayReturn && isWhole) this.#note(bytes, use);
      if (target === this.#target && target.isBehind()) this.#awaitTarget(target);
    }
    if (this.#target !== undefined && this.#pending.length === 0 && this.#hasEnded && !this.#endIsSent) {
      this.#endIsSent = true;
      this.#target.end();
    }
    this.#adjustFlow();
  }

  /** What became of a piece that was lent: its lender is told at once, or has been promised that it comes back. */
  #note(bytes: Buffer, use: PieceUse): void {
    if (this.#use !== undefined && this.#pending.length === 0) this.#use = use;
    else if (use === 'free') returnBuffer(bytes);
  }

  #awaitTarget(target: UploadTarget): void {
    this.#waitsForTarget = true;
    target.onDrain(() => {
      // Not if it goes elsewhere meanwhile.
      if (this.#target !== target) return;
      this.#waitsForTarget = false;
      this.#flush();
    });
  }

  /** What comes could not be sent now. */
  get #hasToWait(): boolean {
    return this.#pending.length > 0 || this.#credit <= 0 || this.#waitsForTarget;
  }

  #adjustFlow(): void {
    const shouldPause = this.#hasToWait;
    if (shouldPause === this.#isPaused || this.#hasEnded) return;
    this.#isPaused = shouldPause;
    if (shouldPause) this.#source.pause();
    else this.#source.resume();
  }
}
