import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';

/** A stream that was made of a body that is known keeps that under this, so that a Response made of the stream knows it too. */
const knownBody = Symbol('modhost.body');

/** The body of a Response: a text or bytes that become a stream when somebody asks for it, or a stream from the beginning. */
export class LightBody {
  readonly #source: string | Uint8Array | undefined;
  #stream: ReadableStream | undefined;
  #isTaken = false;

  /** Bytes are not copied. */
  constructor(given: string | Uint8Array | ReadableStream) {
    if (given instanceof ReadableStream) this.#stream = given;
    else this.#source = given;
  }

  /** The same one each time. */
  get stream(): ReadableStream {
    this.#stream ??= this.#makeStream();
    return this.#stream;
  }

  /** What a genuine Response of the same body can be made of. */
  get given(): string | Uint8Array | ReadableStream {
    return this.#stream ?? this.#source ?? '';
  }

  /** Somebody has taken it, or read from its stream. */
  get isUsed(): boolean {
    return this.#stream === undefined ? this.#isTaken : isDisturbed(this.#stream);
  }

  /** Nobody has taken it, and nobody is reading. */
  get isUsable(): boolean {
    return !this.isUsed && this.#stream?.locked !== true;
  }

  /** The whole of it, which counts as used then; undefined if it has to be read from the stream. */
  take(): string | Uint8Array | undefined {
    if (this.#source === undefined || !this.isUsable) return undefined;
    if (this.#stream === undefined) this.#isTaken = true;
    else this.#stream.cancel().catch(() => {});
    return this.#source;
  }

  #makeStream(): ReadableStream {
    const source = this.#source ?? '';
    const stream = new ReadableStream({
      type: 'bytes',
      pull(controller) {
        const bytes = typeof source === 'string' ? Buffer.from(source, 'utf8') : source;
        if (bytes.length > 0) controller.enqueue(new Uint8Array(bytes));
        controller.close();
        controller.byobRequest?.respond(0);
      },
    });
    Object.defineProperty(stream, knownBody, { value: this });
    if (this.#isTaken) stream.cancel().catch(() => {});
    return stream;
  }
}

/** Of what can be the body of a Response without being asked for more; undefined for everything else. */
export function readBody(given: unknown): LightBody | undefined {
  if (typeof given === 'string') return new LightBody(given);
  // What is empty may be something that was given away; the genuine constructor knows.
  if (given instanceof Uint8Array)
    return given.length > 0 && given.buffer instanceof ArrayBuffer
      ? new LightBody(new Uint8Array(given))
      : undefined;
  if (given instanceof ArrayBuffer)
    return given.byteLength > 0 ? new LightBody(new Uint8Array(given.slice(0))) : undefined;
  if (!(given instanceof ReadableStream) || given.locked || isDisturbed(given)) return undefined;
  return (given as { readonly [knownBody]?: LightBody })[knownBody] ?? new LightBody(given);
}

/** Somebody has read from it, or cancelled it. Node's types know this of its own streams only. */
function isDisturbed(stream: ReadableStream): boolean {
  return Readable.isDisturbed(stream as unknown as Readable);
}
