import { Duplex } from 'node:stream';
import type { RequestFacts } from './environ.js';

/** Where the bytes go that node:http writes. */
export interface SocketSink {
  write(chunk: Buffer | string, encoding: BufferEncoding, taken: () => void): void;
  /** So many bytes would be taken at once, and those written before have been. */
  takesAtOnce(bytes: number): boolean;
  /** The request has an end that it will hear of when it asks for more. */
  readonly owesEnd: boolean;
  /** The request asks for more. */
  resumed(): void;
  /** A lean socket has become a stream: what is written may have to wait from now on. */
  becameStream(socket: HostedSocket): void;
  /** Someone destroyed the socket before the answer was complete. */
  destroyed(error: Error | null): void;
}

/** Strings go to the sink as they are. */
export const socketOptions = { decodeStrings: false } as const;

/** Names that no application can meet by chance. */
export const socketFacts = Symbol('modhost.facts');
export const socketSink = Symbol('modhost.sink');

/** Stands in for the client's socket: what node:http writes is the answer; nothing can be read from it. */
export class HostedSocket extends Duplex {
  [socketFacts]: RequestFacts;
  [socketSink]: SocketSink;
  /** Only there when true, as on a TLS socket. */
  encrypted?: boolean;

  constructor(facts: RequestFacts, sink: SocketSink) {
    super(socketOptions);
    this[socketFacts] = facts;
    this[socketSink] = sink;
    if (facts.urlScheme === 'https') this.encrypted = true;
  }

  get remoteAddress(): string | undefined {
    return this[socketFacts].environ.REMOTE_ADDR;
  }
  get remotePort(): number | undefined {
    return readPort(this[socketFacts].environ.REMOTE_PORT);
  }
  get remoteFamily(): string | undefined {
    return familyOf(this.remoteAddress);
  }
  get localAddress(): string | undefined {
    return this[socketFacts].environ.SERVER_ADDR;
  }
  get localPort(): number | undefined {
    return readPort(this[socketFacts].environ.SERVER_PORT);
  }
  get connecting(): boolean {
    return false;
  }

  address(): object {
    return { address: this.localAddress, port: this.localPort, family: familyOf(this.localAddress) };
  }

  // The connection is the front end's: an application that tunes it changes nothing.
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  override resume(): this {
    this[socketSink].resumed();
    return super.resume();
  }

  override _read(): void {}

  override _write(chunk: Buffer | string, encoding: BufferEncoding, callback: () => void): void {
    this[socketSink].write(chunk, encoding, callback);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this[socketSink].destroyed(error);
    // Nobody listens for 'error' here; the request and the response tell the application.
    callback(null);
  }
}

function familyOf(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

function readPort(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,5}$/.test(text) ? Number(text) : undefined;
}
