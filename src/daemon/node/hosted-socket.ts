import { Duplex } from 'node:stream';

/** The client's connection as the application shall see it. */
export interface Endpoints {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly encrypted: boolean;
}

/** Where the bytes go that node:http writes. */
export interface SocketSink {
  write(chunk: Buffer | string, encoding: BufferEncoding, taken: () => void): void;
  /** Someone destroyed the socket before the answer was complete. */
  destroyed(error: Error | null): void;
}

/** Stands in for the client's socket: what node:http writes is the answer; nothing can be read from it. */
export class HostedSocket extends Duplex {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly remoteFamily: string | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  /** Only there when true, as on a TLS socket. */
  readonly encrypted?: boolean;
  readonly connecting = false;
  readonly #sink: SocketSink;

  constructor(endpoints: Endpoints, sink: SocketSink) {
    super({ decodeStrings: false });
    this.remoteAddress = endpoints.remoteAddress;
    this.remotePort = endpoints.remotePort;
    this.remoteFamily = familyOf(endpoints.remoteAddress);
    this.localAddress = endpoints.localAddress;
    this.localPort = endpoints.localPort;
    if (endpoints.encrypted) this.encrypted = true;
    this.#sink = sink;
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

  override _read(): void {}

  override _write(chunk: Buffer | string, encoding: BufferEncoding, callback: () => void): void {
    this.#sink.write(chunk, encoding, callback);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#sink.destroyed(error);
    // Nobody listens for 'error' here; the request and the response tell the application.
    callback(null);
  }
}

function familyOf(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  return address.includes(':') ? 'IPv6' : 'IPv4';
}
