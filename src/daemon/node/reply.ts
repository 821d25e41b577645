import { encodeResponse } from '../../wire/index.js';
import { describeError } from './describe-error.js';
import type { ServingContext } from './execution-context.js';
import { LineSplitter } from './line-splitter.js';
import { printDirectly } from './output-capture.js';
import type { Stream } from './stream.js';

/** The application broke a rule of HTTP or of its calling convention; the message is for the error log. */
export class ApplicationFault extends Error {
  override readonly name = 'ApplicationFault';
}

const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const aftermathCodes = new Set(['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED', 'EPIPE']);

/**
 * One request's answer, for all calling conventions: the head once, body bytes that fit to it, an end; or a failure that
 * is told to the error log. Also the place where the application's output finds its request.
 */
export class Reply implements ServingContext {
  readonly kind = 'serving';
  readonly scriptFile: string;
  readonly #stream: Stream;
  /** Of the request: the answer has no body. */
  readonly isToHead: boolean;
  readonly #printed: (LineSplitter | undefined)[] = [];
  #started = false;
  #bodyAllowed = true;
  /** What Content-Length still promises; undefined without one. */
  #promisedBytes: number | undefined;

  constructor(stream: Stream, method: string, scriptFile: string) {
    this.#stream = stream;
    this.isToHead = method === 'HEAD';
    this.scriptFile = scriptFile;
  }

  /** The answer went out whole, was broken off, or nobody waits for it. */
  get over(): boolean {
    return this.#stream.outcome !== undefined;
  }

  get started(): boolean {
    return this.#started;
  }

  /**
   * Sends the head. `headers` are name, value, …, free of CR, LF and NUL.
   * @throws ApplicationFault as {@link prepareHead}.
   */
  start(status: number, reason: string, headers: readonly string[]): void {
    this.startPrepared(prepareHead(status, reason, headers));
  }

  startPrepared({ status, encoded, lengthBytes }: PreparedHead): void {
    this.#started = true;
    this.#bodyAllowed = !this.isToHead && status !== 204 && status !== 304;
    this.#promisedBytes = this.#bodyAllowed ? lengthBytes : undefined;
    this.#stream.respondText(encoded);
  }

  /** Answers 101: what is written from now on is the connection's. */
  switchProtocol(headers: readonly string[]): void {
    const kept: string[] = [];
    for (let at = 0; at + 1 < headers.length; at += 2)
      if (!hopByHop.has((headers[at] as string).toLowerCase()))
        kept.push(headers[at] as string, headers[at + 1] as string);
    this.#started = true;
    this.#stream.switchProtocol(kept);
  }

  /** Body bytes; those beyond Content-Length, and any that the status or HEAD forbids, are dropped. */
  write(bytes: Uint8Array, taken: () => void): void {
    let piece = bytes;
    if (!this.#bodyAllowed) return taken();
    if (this.#promisedBytes !== undefined) {
      if (piece.length > this.#promisedBytes) piece = piece.subarray(0, this.#promisedBytes);
      this.#promisedBytes -= piece.length;
    }
    this.#stream.write(piece, taken);
  }

  /** The same, as a promise that never fails; look at {@link over} afterwards. */
  writeAll(bytes: Uint8Array): Promise<void> | undefined {
    let done = false;
    let resolveLater: (() => void) | undefined;
    this.write(bytes, () => {
      done = true;
      resolveLater?.();
    });
    if (done) return undefined;
    return new Promise((resolve) => {
      resolveLater = resolve;
    });
  }

  /** So many bytes would be taken at once. */
  takesAtOnce(bytes: number): boolean {
    return this.#stream.takesAtOnce(bytes);
  }

  /** As {@link write}, for a text of which each character is one byte, when {@link takesAtOnce} has said yes. */
  writeText(text: string): void {
    if (!this.#bodyAllowed) return;
    let piece = text;
    if (this.#promisedBytes !== undefined) {
      if (piece.length > this.#promisedBytes) piece = piece.slice(0, this.#promisedBytes);
      this.#promisedBytes -= piece.length;
    }
    this.#stream.writeText(piece);
  }

  end(): void {
    if (this.over) return;
    if (this.#promisedBytes !== undefined && this.#promisedBytes > 0) {
      this.fail(`the answer is ${this.#promisedBytes} bytes shorter than its Content-Length`);
      return;
    }
    this.flushPrinted();
    this.#stream.end();
  }

  /** 500 if nothing was sent yet, else the answer is cut off. `error` goes to the error log with its stack. */
  fail(sentence: string, error?: unknown): void {
    if (this.over) {
      if (error !== undefined && !this.#isAftermath(error))
        this.complain(`${sentence}, after its answer`, error);
      return;
    }
    this.flushPrinted();
    if (error === undefined) this.log(`${sentence} (script ${this.scriptFile})`);
    else this.complain(sentence, error);
    this.#stream.abort('error', sentence);
  }

  /** For the error log only: the answer stays as it is. */
  complain(sentence: string, error: unknown): void {
    this.log(`${sentence} (script ${this.scriptFile})`);
    for (const line of describeError(error)) this.log(line);
  }

  failUncaught(error: unknown): void {
    this.fail('an error was not caught while a request was served', error);
  }

  /** One line at level `error` on the stream, or to fd 2 when it is over. */
  log(line: string): void {
    const bytes = Buffer.from(line, 'utf8');
    if (!this.#stream.log('error', bytes)) printDirectly(2, `${line}\n`);
  }

  print(channel: 1 | 2, bytes: Uint8Array): boolean {
    if (this.over) return false;
    let splitter = this.#printed[channel];
    if (splitter === undefined) {
      const fresh = new LineSplitter((line) => this.#logPrinted(line));
      this.#stream.onOver(() => fresh.flush());
      this.#printed[channel] = fresh;
      splitter = fresh;
    }
    splitter.push(bytes);
    return true;
  }

  #logPrinted(line: Buffer): void {
    const text = line.at(-1) === 13 ? line.subarray(0, -1) : line;
    if (!this.#stream.log('error', text)) printDirectly(2, Buffer.concat([text, Buffer.from('\n')]));
  }

  flushPrinted(): void {
    for (const splitter of this.#printed) splitter?.flush();
  }

  /** The application stumbled over the client's leaving, which is no fault of its own. */
  #isAftermath(error: unknown): boolean {
    if (this.#stream.outcome === 'ended' || !(error instanceof Error)) return false;
    return error.name === 'AbortError' || aftermathCodes.has(String((error as NodeJS.ErrnoException).code));
  }
}

/** A head as it goes out: `encoded` is the payload of RESPONSE; `lengthBytes` what Content-Length says, if it is there. */
export interface PreparedHead {
  readonly status: number;
  readonly encoded: string;
  readonly lengthBytes: number | undefined;
}

/**
 * `headers` are name, value, …, free of CR, LF and NUL; hop-by-hop fields are the server's business and are left out.
 * @throws ApplicationFault for a status that cannot be an answer, or a Content-Length that is no number.
 */
export function prepareHead(status: number, reason: string, headers: readonly string[]): PreparedHead {
  if (status < 200 || status > 999) throw new ApplicationFault(`status ${status} is not one of an answer`);
  const kept: string[] = [];
  let lengthBytes: number | undefined;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] as string;
    const value = headers[at + 1] as string;
    const lower = name.toLowerCase();
    if (hopByHop.has(lower)) continue;
    if (lower === 'content-length') lengthBytes = readLength(value);
    kept.push(name, value);
  }
  return { status, encoded: encodeResponse({ status, reason, headers: kept }), lengthBytes };
}

function readLength(value: string): number {
  const length = Number(value);
  if (!/^[0-9]+$/.test(value.trim()) || !Number.isSafeInteger(length))
    throw new ApplicationFault(`Content-Length is no number: ${JSON.stringify(value)}`);
  return length;
}
