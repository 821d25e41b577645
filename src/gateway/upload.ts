import type { BodySource } from '../proxy/index.js';
import type { PassFault } from './gateway.js';
import { SpooledBody } from './spooled-body.js';

/** A body up to this size that has no length is collected, so that the other server is told one (as httpd). */
const collectBytes = 16_384;
/** How long a client may take to send more of it before the rest is sent in chunks. */
const collectMs = 50;

/** Where the bytes of a body go; false: wait for `drained`. */
export interface UploadTarget {
  write(bytes: Buffer): boolean;
  end(): void;
}

/** What is known of a body when its first part is there. */
export interface Beginning {
  /** Bytes in all, if that is known now. */
  readonly length: number | undefined;
}

/** It cannot be sent, or not as a whole. */
export type FailUpload = (
  status: 400 | 408 | 413 | 500,
  reason: string,
  fault: Extract<PassFault, 'client' | 'own'>,
) => void;

/** A request body on its way to another server, as fast as that takes it. */
export class Upload {
  /** All of it has been handed on, as many bytes as the other server was told: it takes what comes next for another request. */
  isSent = false;
  #source: BodySource;
  /** In place of the client's, where that had to be collected. */
  #spooled: SpooledBody | undefined;
  readonly #fail: FailUpload;
  /** What the other server is told; undefined: it is sent in chunks. */
  #length: number | undefined;
  #target: UploadTarget | undefined;
  #pending: Buffer[] = [];
  #receivedBytes = 0;
  #handedBytes = 0;
  /** Everything so far, while it is small: for a second attempt. */
  #repeatable: Buffer[] | undefined = [];
  #hasStarted = false;
  #hasEnded = false;
  #isPaused = false;
  #isStopped = false;
  #isFull = false;
  #onBeginning: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: BodySource & { readonly length: number | undefined }, fail: FailUpload) {
    this.#source = source;
    this.#length = source.length;
    this.#fail = fail;
  }

  /** The client is to send, not the other server to take. */
  get waitsForClient(): boolean {
    return this.#hasStarted && !this.#hasEnded && !this.#isFull;
  }

  /** Nothing was handed on yet, or all of it is still here. */
  get canRepeat(): boolean {
    return !this.#hasStarted || (this.#repeatable !== undefined && this.#hasEnded);
  }

  /** Calls back once the length is known: that of a body without one when all of it is here. */
  collect(callback: (length: number) => void): void {
    if (this.#length !== undefined) {
      callback(this.#length);
      return;
    }
    const spooled = new SpooledBody(this.#source, this.#fail);
    this.#spooled = spooled;
    spooled.fill((length) => {
      this.#source = spooled;
      this.#length = length;
      callback(length);
    });
  }

  /** Calls back once it is known how to announce the body: with its length, or when the client takes long to say more. */
  begin(callback: (beginning: Beginning) => void): void {
    if (this.#length !== undefined) {
      callback({ length: this.#length });
      return;
    }
    this.#onBeginning = () => {
      this.#onBeginning = undefined;
      clearTimeout(this.#timer);
      if (this.#hasEnded) this.#length = this.#receivedBytes;
      callback({ length: this.#length });
    };
    if (this.#hasEnded) this.#onBeginning();
    else {
      this.#start();
      this.#timer = setTimeout(() => this.#onBeginning?.(), collectMs);
    }
  }

  /** Sends there from now on, from the beginning of the body. */
  attach(target: UploadTarget): void {
    this.#target = target;
    this.#isFull = false;
    this.isSent = false;
    this.#handedBytes = 0;
    if (this.#hasStarted && this.#repeatable !== undefined) this.#pending = [...this.#repeatable];
    this.#start();
    this.#flush();
  }

  /** The target takes more. */
  drained(): void {
    this.#isFull = false;
    this.#flush();
  }

  /** The answer is complete; what is left of the body is thrown away. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#onBeginning = undefined;
    this.#pending = [];
    this.#repeatable = undefined;
    this.#target = undefined;
    this.#spooled?.discard();
    if (this.#isPaused) this.#source.resume();
  }

  #start(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    this.#source.start({
      piece: (bytes) => this.#take(bytes),
      end: () => {
        this.#hasEnded = true;
        this.#onBeginning?.();
        this.#flush();
      },
      fail: (status, reason) => {
        if (!this.#isStopped) this.#fail(status, reason, 'client');
      },
    });
  }

  #take(bytes: Buffer): void {
    if (this.#isStopped) return;
    this.#pending.push(bytes);
    this.#receivedBytes += bytes.length;
    if (this.#receivedBytes > collectBytes) this.#repeatable = undefined;
    else this.#repeatable?.push(bytes);
    if (this.#onBeginning !== undefined && this.#receivedBytes > collectBytes) this.#onBeginning();
    this.#flush();
  }

  #flush(): void {
    while (this.#target !== undefined && !this.#isFull) {
      const piece = this.#pending.shift();
      if (piece === undefined) break;
      this.#handedBytes += piece.length;
      if (this.#handedBytes > (this.#length ?? this.#receivedBytes)) this.#refuseLength();
      else if (!this.#target.write(piece)) this.#isFull = true;
    }
    if (this.#target !== undefined && this.#pending.length === 0 && this.#hasEnded && !this.isSent) {
      if (this.#handedBytes === (this.#length ?? this.#receivedBytes)) {
        this.isSent = true;
        this.#target.end();
      } else this.#refuseLength();
    }
    this.#adjustFlow();
  }

  /** Whatever has gone wrong: it would read the next request as the rest of this body, or the rest of this body as a request. */
  #refuseLength(): void {
    this.#target = undefined;
    const announced = this.#length ?? this.#receivedBytes;
    this.#fail(500, `${this.#handedBytes} bytes of a request body of ${announced} bytes`, 'own');
  }

  #adjustFlow(): void {
    const shouldPause = this.#isFull || (this.#target === undefined && this.#receivedBytes > collectBytes);
    if (shouldPause === this.#isPaused || this.#hasEnded) return;
    this.#isPaused = shouldPause;
    if (shouldPause) this.#source.pause();
    else this.#source.resume();
  }
}
