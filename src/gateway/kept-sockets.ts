import type { Socket } from 'node:net';

/** Connections that wait for their next request. */
export class KeptSockets {
  readonly #ttlMs: number;
  readonly #most: number;
  readonly #free: { readonly socket: Socket; readonly release: () => void }[] = [];

  constructor(ttlMs: number, most: number) {
    this.#ttlMs = ttlMs;
    this.#most = most;
  }

  /** The one that has waited for the shortest time. */
  take(): Socket | undefined {
    const entry = this.#free.pop();
    entry?.release();
    return entry?.socket;
  }

  /** Nobody else may listen to it any more. What comes while nobody asks would be taken for the next answer: it is closed then. */
  keep(socket: Socket): void {
    if (this.#free.length >= this.#most || socket.destroyed || !socket.writable) {
      socket.destroy();
      return;
    }
    const drop = () => {
      entry.release();
      const at = this.#free.indexOf(entry);
      if (at >= 0) this.#free.splice(at, 1);
      socket.on('error', () => {});
      socket.destroy();
    };
    const timer = setTimeout(drop, this.#ttlMs);
    const events = ['data', 'end', 'error', 'close'];
    const entry = {
      socket,
      release: () => {
        clearTimeout(timer);
        for (const event of events) socket.removeListener(event, drop);
      },
    };
    for (const event of events) socket.on(event, drop);
    this.#free.push(entry);
    socket.resume();
  }

  /** They were there before a server that has been started anew. */
  dropAll(): void {
    for (const { socket, release } of this.#free.splice(0)) {
      release();
      socket.on('error', () => {});
      socket.destroy();
    }
  }
}
