import { copyText } from '../../http/index.js';
import { type PreparedHead, prepareHead, type Reply } from './reply.js';
import { parseWrittenHead } from './written-head.js';

/** Heads that were written lately, by their text: most answers of an application have one of a few. A place for each length. */
const recentHeads: ({ readonly text: string; readonly prepared: PreparedHead } | undefined)[] = new Array(
  256,
).fill(undefined);
const longestRecent = 2_048;

/** Takes the answer out of the bytes that ServerResponse writes: heads (1xx ones are dropped), then the body. */
export class AnswerParser {
  readonly #reply: Reply;
  readonly #maySwitch: boolean;
  #head = '';

  /** `maySwitch`: 101 makes the rest the bytes of another protocol. */
  constructor(reply: Reply, maySwitch = false) {
    this.#reply = reply;
    this.#maySwitch = maySwitch;
  }

  write(chunk: Buffer | string, encoding: BufferEncoding, taken: () => void): void {
    if (this.#reply.started) {
      // The end of an answer is written so.
      if (chunk.length === 0) return taken();
      // Copied: once all is written ('finish'), applications use their memory again, and of what the system has not taken yet
      // another client would get it.
      this.#reply.write(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : Buffer.from(chunk), taken);
      return;
    }
    // Latin-1 keeps every byte of the body as it is while the head is looked for.
    this.#head += toBytesText(chunk, encoding);
    for (let end = this.#head.indexOf('\r\n\r\n'); end !== -1; end = this.#head.indexOf('\r\n\r\n')) {
      const head = this.#head.slice(0, end);
      const rest = this.#head.slice(end + 4);
      this.#head = rest;
      if (head.charAt(9) === '1' && !switches(head)) continue;
      this.#head = '';
      this.#start(head, rest, taken);
      return;
    }
    taken();
  }

  #start(head: string, rest: string, taken: () => void): void {
    try {
      if (this.#maySwitch && switches(head)) this.#reply.switchProtocol(parseWrittenHead(head).headers);
      else this.#reply.startPrepared(prepareWrittenHead(head));
    } catch (error) {
      this.#reply.fail('the answer cannot be sent', error);
    }
    if (rest === '' || this.#reply.over) taken();
    else if (this.#reply.takesAtOnce(rest.length)) {
      this.#reply.writeText(rest);
      taken();
    } else this.#reply.write(Buffer.from(rest, 'latin1'), taken);
  }
}

function switches(head: string): boolean {
  return head.startsWith('101', 9);
}

/** The text is a part of what the application wrote with it, of which nothing may be kept. */
function prepareWrittenHead(text: string): PreparedHead {
  if (text.length > longestRecent) return prepare(text);
  const place = text.length % recentHeads.length;
  const recent = recentHeads[place];
  if (recent?.text === text) return recent.prepared;
  const own = copyText(text);
  const prepared = prepare(own);
  recentHeads[place] = { text: own, prepared };
  return prepared;
}

function prepare(text: string): PreparedHead {
  const { status, reason, headers } = parseWrittenHead(text);
  return prepareHead(status, reason, headers);
}

/** Characters that are one byte in UTF-8, too. */
const ascii = /^[\x00-\x7f]*$/;

function toBytesText(chunk: Buffer | string, encoding: BufferEncoding): string {
  if (typeof chunk !== 'string') return chunk.toString('latin1');
  if (encoding === 'latin1' || encoding === 'binary') return chunk;
  if (isUtf8(encoding) && isAscii(chunk)) return chunk;
  return Buffer.from(chunk, encoding).toString('latin1');
}

/** Looks for one character first: that makes one piece of what node:http has joined, where a RegExp would take a far slower way. */
function isAscii(text: string): boolean {
  return !text.includes('\x80') && ascii.test(text);
}

function isUtf8(encoding: BufferEncoding): boolean {
  return encoding === 'utf8' || encoding === 'utf-8' || encoding === 'ascii';
}
