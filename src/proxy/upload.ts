import { initialWindow } from '../wire/index.js';

/** The request body as it comes from the client. Pieces are pushed until `pause`. */
export interface BodySource {
  /** Starts the flow. `fail` replaces `end` when the client left or broke the rules. */
  start(listener: {
    piece(bytes: Buffer): void;
    end(): void;
    fail(status: 400 | 408 | 413, reason: string): void;
  }): void;
  pause(): void;
  resume(): void;
}

/** The stream that takes the body. */
export interface UploadTarget {
  body(bytes: Buffer): void;
  end(): void;
}

/** The request body on its way: within the stream's credit, and repeatable until a callable has begun. */
export class Upload {
  readonly #source: BodySource;
  #target: UploadTarget | undefined;
  #credit = initialWindow;
  #pending: Buffer[] = [];
  /** What was sent before anybody accepted it; undefined once accepted. */
  #sent: Buffer[] | undefined = [];
  #hasStarted = false;
  #hasEnded = false;
  #endIsSent = false;
  #isPaused = false;
  #isStopped = false;
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
    return !this.#hasEnded && this.#pending.length === 0;
  }

  /** Sends to this stream from now on, from the beginning of the body. */
  attach(target: UploadTarget): void {
    this.#target = target;
    this.#credit = initialWindow;
    this.#endIsSent = false;
    if (this.#sent !== undefined) {
      this.#pending = [...this.#sent, ...this.#pending];
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
        this.#pending.push(bytes);
        this.#flush();
      },
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

  #flush(): void {
    while (this.#target !== undefined && this.#pending.length > 0 && this.#credit > 0) {
      const piece = this.#pending[0] as Buffer;
      const part = piece.length > this.#credit ? piece.subarray(0, this.#credit) : piece;
      if (part.length === piece.length) this.#pending.shift();
      else this.#pending[0] = piece.subarray(part.length);
      this.#credit -= part.length;
      this.#sent?.push(part);
      this.#target.body(part);
    }
    if (this.#target !== undefined && this.#pending.length === 0 && this.#hasEnded && !this.#endIsSent) {
      this.#endIsSent = true;
      this.#target.end();
    }
    this.#adjustFlow();
  }

  #adjustFlow(): void {
    const shouldPause = this.#pending.length > 0;
    if (shouldPause === this.#isPaused || this.#hasEnded) return;
    this.#isPaused = shouldPause;
    if (shouldPause) this.#source.pause();
    else this.#source.resume();
  }
}
