import { ApplicationFault, type Reply } from './reply.js';

/** `start_response` of PEP 3333; `errorInfo` is the error that makes a second call legal. */
export type StartResponse = (
  status: string,
  headers: readonly (readonly [string, string])[],
  errorInfo?: unknown,
) => (bytes: Uint8Array | string) => Promise<void>;

interface Head {
  readonly status: number;
  readonly reason: string;
  readonly headers: string[];
}

/**
 * The head of a WSGI answer from the call of `start_response` to the moment it goes out: with the first byte of the
 * body, or at the end. Until then a later call replaces it (mod_wsgi.md §4.3).
 */
export class WsgiAnswer {
  readonly #reply: Reply;
  #head: Head | undefined;

  constructor(reply: Reply) {
    this.#reply = reply;
  }

  readonly startResponse: StartResponse = (status, headers, errorInfo) => {
    if (this.#reply.started) {
      if (errorInfo !== undefined && errorInfo !== null) throw errorInfo;
      throw new ApplicationFault('startResponse() was called again after the head had been sent');
    }
    this.#head = checkHead(status, headers);
    return (bytes) => this.#writeDirectly(bytes);
  };

  /** Resolves when the bytes are on their way, or nobody wants them any more. */
  async write(piece: unknown): Promise<void> {
    const bytes = toBytes(piece);
    if (bytes.length === 0) return;
    this.#commit();
    await this.#reply.writeAll(bytes);
  }

  end(): void {
    this.#commit();
    this.#reply.end();
  }

  #writeDirectly(piece: Uint8Array | string): Promise<void> {
    const written = this.write(piece).then(() => {
      if (this.#reply.over) throw new ApplicationFault('the client left');
    });
    // Who does not wait for write() is not to be ended by a rejection.
    written.catch(() => {});
    return written;
  }

  #commit(): void {
    if (this.#reply.started || this.#reply.over) return;
    if (this.#head === undefined)
      throw new ApplicationFault('the application gave its answer without calling startResponse()');
    this.#reply.start(this.#head.status, this.#head.reason, this.#head.headers);
  }
}

/** Iterables of a WSGI answer give bytes, or text that is sent as UTF-8. */
function toBytes(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece;
  if (typeof piece === 'string') return Buffer.from(piece, 'utf8');
  throw new TypeError(
    `the answer's body must consist of Uint8Array or string, not ${piece === null ? 'null' : typeof piece}`,
  );
}

function checkHead(status: unknown, headers: unknown): Head {
  if (typeof status !== 'string') throw new TypeError('startResponse(): the status must be a string');
  const parts = /^([0-9]{3})(?: (.*))?$/s.exec(status);
  if (parts === null || !isFieldText(status))
    throw new RangeError(
      `startResponse(): the status must be three digits and a reason: ${JSON.stringify(status)}`,
    );
  if (!Array.isArray(headers)) throw new TypeError('startResponse(): the headers must be an array');
  const list: string[] = [];
  for (const field of headers as unknown[]) {
    if (!Array.isArray(field) || field.length !== 2)
      throw new TypeError('startResponse(): each header must be an array of name and value');
    const [name, value] = field as unknown[];
    if (typeof name !== 'string' || typeof value !== 'string')
      throw new TypeError('startResponse(): header names and values must be strings');
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name))
      throw new RangeError(`startResponse(): not a header name: ${JSON.stringify(name)}`);
    if (!isFieldText(value))
      throw new RangeError(`startResponse(): the value of ${name} holds characters that no header may hold`);
    list.push(name, value);
  }
  return { status: Number(parts[1]), reason: parts[2] ?? '', headers: list };
}

/** No control characters but the tab, and nothing beyond one byte. */
function isFieldText(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
}
