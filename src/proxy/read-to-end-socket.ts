import { type ConnectOpts, type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';

/** The end of what a process has said comes at once when it has ended. */
const patienceMs = 250;

/**
 * A socket whose failed write does not take away what there is still to read, as a plain one's does: it is destroyed when the other side has been
 * read to its end, without the error of the write, which `onFailedWrite` hears once.
 */
export class ReadToEndSocket extends Socket {
  readonly #onFailedWrite: (error: NodeJS.ErrnoException) => void;
  #hasFailed = false;

  /** `read`: where what comes is put, and who hears of it, in place of `data`. */
  constructor(onFailedWrite: (error: NodeJS.ErrnoException) => void, read: OnReadOpts) {
    const options: SocketConstructorOpts & ConnectOpts = { onread: read };
    super(options);
    this.#onFailedWrite = onFailedWrite;
  }

  /** Called by Node, too, when something fails. */
  override destroy(error?: NodeJS.ErrnoException): this {
    if (error?.syscall !== 'write' || this.readableEnded) return super.destroy(error);
    if (this.#hasFailed) return this;
    this.#hasFailed = true;
    this.#onFailedWrite(error);
    letReadOn(this);
    const timer = setTimeout(() => super.destroy(error), patienceMs);
    this.once('end', () => super.destroy());
    this.once('close', () => clearTimeout(timer));
    return this;
  }
}

/** Node marks both sides of a stream as failed, and then hands on nothing. Where it comes to keep that elsewhere, patience ends. */
function letReadOn(socket: Socket): void {
  const state: unknown = Reflect.get(socket, '_readableState');
  if (typeof state === 'object' && state !== null) Reflect.set(state, 'errored', null);
}
