/** What the first bytes of a connection are: the beginning of TLS (RFC 8446 section 4.1.2), of something else, or too few to tell. */
export type FirstBytes =
  | { readonly kind: 'incomplete' }
  /** Perhaps malformed: OpenSSL says so. */
  | {
      readonly kind: 'hello';
      /** The host the client asks for (RFC 6066 section 3), in lower case without a dot at the end. */
      readonly serverName?: string;
    }
  | { readonly kind: 'other' };

const handshakeRecord = 0x16;
const clientHello = 0x01;
/** More than any client has to say before it knows the server. */
const longestHello = 65_536;
/** Into more, nobody cuts a message but to keep us busy: all that is there is looked at whenever more comes. */
const mostRecords = 4_096;

/** Looks no further than the first message; never throws, whatever the bytes are. */
export function readFirstBytes(bytes: Buffer): FirstBytes {
  if (bytes.length === 0) return { kind: 'incomplete' };
  if (bytes[0] !== handshakeRecord) return { kind: 'other' };
  const message = collectMessage(bytes);
  if (message === 'incomplete') return { kind: bytes.length < longestHello ? 'incomplete' : 'hello' };
  if (message === 'malformed') return { kind: 'hello' };
  const serverName = findServerName(message);
  return { kind: 'hello', ...(serverName === undefined ? {} : { serverName }) };
}

/** The first handshake message without its head; it may come in several records. */
function collectMessage(bytes: Buffer): Buffer | 'incomplete' | 'malformed' {
  const pieces: Buffer[] = [];
  let length = 0;
  let wanted: number | undefined;
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length < at + 5) return 'incomplete';
    const size = bytes.readUInt16BE(at + 3);
    if (bytes[at] !== handshakeRecord || bytes[at + 1] !== 3 || size === 0 || size > 16_640)
      return 'malformed';
    if (pieces.length === mostRecords) return 'malformed';
    const piece = bytes.subarray(at + 5, at + 5 + size);
    pieces.push(piece);
    length += piece.length;
    at += 5 + size;
    if (length < 4) continue;
    wanted ??= readLength(Buffer.concat(pieces));
    if (wanted > longestHello) return 'malformed';
    if (length >= 4 + wanted) return Buffer.concat(pieces).subarray(4, 4 + wanted);
  }
  return 'incomplete';
}

/** Of the message that begins so; more than there can be if it is another message. */
function readLength(head: Buffer): number {
  return head[0] === clientHello ? head.readUIntBE(1, 3) : Number.POSITIVE_INFINITY;
}

function findServerName(hello: Buffer): string | undefined {
  try {
    const reader = new Reader(hello);
    reader.skip(2 + 32);
    reader.take(1);
    reader.take(2);
    reader.take(1);
    if (reader.isAtEnd) return undefined;
    const extensions = new Reader(reader.take(2));
    while (!extensions.isAtEnd) {
      const type = extensions.number(2);
      const content = extensions.take(2);
      if (type === 0) return readServerName(new Reader(content));
    }
  } catch {
    // Bytes that end too early.
  }
  return undefined;
}

function readServerName(extension: Reader): string | undefined {
  const names = new Reader(extension.take(2));
  while (!names.isAtEnd) {
    const type = names.number(1);
    const name = names.take(2).toString('latin1');
    if (type === 0)
      return /^[\x21-\x7e]{1,255}$/.test(name) ? name.toLowerCase().replace(/\.$/, '') : undefined;
  }
  return undefined;
}

/** @throws RangeError at the end of the bytes */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  skip(count: number): void {
    this.#at += count;
  }

  number(size: number): number {
    const value = this.#bytes.readUIntBE(this.#at, size);
    this.#at += size;
    return value;
  }

  /** Bytes behind their length, which takes `size` bytes. */
  take(size: number): Buffer {
    const length = this.number(size);
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError('cut off');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
