import type { Socket } from 'node:net';
import type { AddressRange, ReadLimit } from '../config/model.js';
import { watchReading } from './watch-reading.js';

/** Time limits of a connection, by the first virtual host of its address (as httpd). */
export interface ConnectionLimits {
  /** For a request line with its headers; absent: none. */
  readonly head?: ReadLimit;
  /** Between two requests. */
  readonly keepAliveTimeoutMs: number;
  /** RemoteIPProxyProtocol: connections begin with a header that says who the client is, but not those from the exceptions. */
  readonly proxyProtocol?: { readonly exceptions: readonly AddressRange[]; readonly limit: ReadLimit };
}

export interface ConnectionEndings {
  /** A head did not arrive in time; `isSilent`: nothing of it has come. */
  headExpired(isSilent: boolean): void;
  /** No further request came in time. */
  idleExpired(): void;
  /** A body that nobody wanted is still being thrown away. */
  readsBody(): boolean;
}

/** How soon it is seen that something has come. node:http reads past the socket: there is no event for it. */
const lookEveryMs = 500;

/** Watches over the time between requests: how long a head takes, and how long none begins. */
export class ConnectionWatch {
  /** Between two requests, and nothing of the next one has come as far as is known. */
  isIdle = false;
  readonly #socket: Socket;
  readonly #limits: ConnectionLimits;
  readonly #endings: ConnectionEndings;
  #stop = () => {};

  /** `since`: when the first head began, and the bytes that the socket had read before it; absent: now. */
  constructor(
    socket: Socket,
    limits: ConnectionLimits,
    endings: ConnectionEndings,
    since = { begun: performance.now(), bytes: socket.bytesRead },
  ) {
    this.#socket = socket;
    this.#limits = limits;
    this.#endings = endings;
    socket.once('close', () => this.rest());
    this.#awaitHead(since);
  }

  /** A request is there: it has limits of its own. */
  rest(): void {
    this.#stop();
    this.#stop = () => {};
    this.isIdle = false;
  }

  /** All requests are answered. */
  awaitNext(): void {
    this.rest();
    this.isIdle = true;
    let bytesBefore = this.#socket.bytesRead;
    let waitedMs = 0;
    let step = 0;
    let timer: NodeJS.Timeout;
    const look = () => {
      step = Math.min(lookEveryMs, Math.max(this.#limits.keepAliveTimeoutMs - waitedMs, 1));
      timer = setTimeout(() => {
        waitedMs += step;
        if (this.#endings.readsBody()) {
          waitedMs = 0;
          bytesBefore = this.#socket.bytesRead;
          look();
        } else if (this.#socket.bytesRead > bytesBefore) {
          this.rest();
          this.#awaitHead({ begun: performance.now(), bytes: this.#socket.bytesRead }, bytesBefore);
        } else if (waitedMs >= this.#limits.keepAliveTimeoutMs) {
          this.rest();
          this.#endings.idleExpired();
        } else look();
      }, step);
    };
    look();
    this.#stop = () => clearTimeout(timer);
  }

  #awaitHead(since: { readonly begun: number; readonly bytes: number }, bytesBefore = since.bytes): void {
    const socket = this.#socket;
    const expire = () => this.#endings.headExpired(socket.bytesRead === bytesBefore);
    const watch = watchReading(this.#limits.head, { bytes: () => socket.bytesRead }, expire, since);
    this.#stop = () => watch.stop();
  }
}
