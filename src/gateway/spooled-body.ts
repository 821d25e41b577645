import { randomBytes } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BodySource } from '../proxy/index.js';
import type { FailUpload } from './upload.js';

/** So much waits in memory; what is more goes to a file. */
const memoryBytes = 131_072;
const readBytes = 65_536;

type Listener = Parameters<BodySource['start']>[0];

/**
 * A body of unknown length that is taken as a whole before it is sent, so that its length can be told: a long one in a file without a name in
 * the folder for temporary files (TMPDIR), which is gone with its descriptor. `fail` hears of a client that breaks off, and of a disk that takes no more.
 */
export class SpooledBody implements BodySource {
  readonly #source: BodySource;
  readonly #fail: FailUpload;
  /** Behind what is in the file. */
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #file: FileHandle | undefined;
  #fileBytes = 0;
  #readBytes = 0;
  #isFilled = false;
  #isWaiting = false;
  #isBusy = false;
  #isPaused = false;
  #isDiscarded = false;
  #onFilled: (length: number) => void = () => {};
  #listener: Listener | undefined;

  constructor(source: BodySource, fail: FailUpload) {
    this.#source = source;
    this.#fail = fail;
  }

  /** Takes all of it; calls back with its length, or nobody if it failed. */
  fill(onFilled: (length: number) => void): void {
    this.#onFilled = onFilled;
    this.#source.start({
      piece: (bytes) => this.#keep(bytes),
      end: () => {
        this.#isFilled = true;
        this.#settle();
      },
      fail: (status, reason) => {
        if (!this.#isDiscarded) this.#fail(status, reason, 'client');
      },
    });
  }

  start(listener: Listener): void {
    this.#listener = listener;
    void this.#send(listener);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#listener !== undefined) void this.#send(this.#listener);
  }

  /** Nobody wants it, or what is left of it, any more. */
  discard(): void {
    this.#isDiscarded = true;
    this.#kept = [];
    void this.#close();
    if (this.#isWaiting) this.#source.resume();
  }

  #keep(bytes: Buffer): void {
    if (this.#isDiscarded) return;
    this.#kept.push(bytes);
    this.#keptBytes += bytes.length;
    if (this.#keptBytes <= memoryBytes || this.#isBusy) return;
    this.#isWaiting = true;
    this.#source.pause();
    void this.#writeOut();
  }

  async #writeOut(): Promise<void> {
    this.#isBusy = true;
    try {
      this.#file ??= await openNameless();
      while (this.#kept.length > 0 && !this.#isDiscarded) {
        const bytes = Buffer.concat(this.#kept);
        this.#kept = [];
        this.#keptBytes = 0;
        await this.#file.appendFile(bytes);
        this.#fileBytes += bytes.length;
      }
    } catch (error) {
      this.#failOwn(error);
    }
    this.#isBusy = false;
    this.#isWaiting = false;
    if (this.#isDiscarded) void this.#close();
    if (this.#isFilled) this.#settle();
    else this.#source.resume();
  }

  #settle(): void {
    if (!this.#isBusy && !this.#isDiscarded) this.#onFilled(this.#fileBytes + this.#keptBytes);
  }

  async #send(listener: Listener): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      while (!this.#isPaused && !this.#isDiscarded) {
        const bytes = await this.#takeNext();
        if (this.#isDiscarded) break;
        if (bytes === undefined) {
          this.discard();
          listener.end();
        } else listener.piece(bytes);
      }
    } catch (error) {
      this.#failOwn(error);
    }
    this.#isBusy = false;
  }

  /** undefined: there is nothing more. */
  async #takeNext(): Promise<Buffer | undefined> {
    if (this.#file === undefined || this.#readBytes === this.#fileBytes) return this.#kept.shift();
    const piece = Buffer.allocUnsafeSlow(Math.min(readBytes, this.#fileBytes - this.#readBytes));
    const { bytesRead } = await this.#file.read(piece, 0, piece.length, this.#readBytes);
    if (bytesRead === 0) throw new Error('the file of the request body has become shorter');
    this.#readBytes += bytesRead;
    return piece.subarray(0, bytesRead);
  }

  #failOwn(error: unknown): void {
    if (this.#isDiscarded) return;
    this.discard();
    const why = error instanceof Error ? error.message : String(error);
    this.#fail(500, `a request body without a length could not be kept in ${tmpdir()}: ${why}`, 'own');
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    // What is being read or written still comes to its end first.
    await file?.close().catch(() => {});
  }
}

async function openNameless(): Promise<FileHandle> {
  const path = join(tmpdir(), `modhost-body-${randomBytes(16).toString('hex')}`);
  const file = await open(path, 'wx+', 0o600);
  try {
    await unlink(path);
  } catch (error) {
    await file.close();
    throw error;
  }
  return file;
}
