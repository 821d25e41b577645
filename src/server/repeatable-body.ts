import type { PassedRequest } from '../gateway/index.js';

type Body = NonNullable<PassedRequest['body']>;
type Listener = Parameters<Body['start']>[0];

/** What is kept of a body until somebody takes it: more than comes in before there is a connection. */
const longestKeptBytes = 262_144;

/** A request body that can be offered to one server after another, as long as little of it has come in. */
export class RepeatableBody {
  readonly #source: Body;
  #kept: Buffer[] | undefined = [];
  #keptBytes = 0;
  #ending: ((listener: Listener) => void) | undefined;
  /** Whom it was offered to last: nobody else may stop it or let it go on. */
  #opened: Body | undefined;
  #listener: Listener | undefined;
  #hasStarted = false;
  #isHeld = false;

  constructor(source: Body) {
    this.#source = source;
  }

  /** All that has come in so far is still here. */
  get canRepeat(): boolean {
    return this.#kept !== undefined;
  }

  /**
   * The body from its beginning; what was opened before hears no more of it. Until it is started the client has to wait: whoever has it may
   * have to wait, too, and what came meanwhile would be lost. Throws when its beginning is not here any more.
   */
  open(): Body {
    if (!this.canRepeat) throw new Error('the beginning of the request body is not here any more');
    const source = this.#source;
    this.#listener = undefined;
    this.#isHeld = false;
    if (this.#hasStarted) source.pause();
    const opened: Body = {
      length: source.length,
      start: (listener) => this.#start(listener),
      pause: () => {
        if (this.#opened !== opened) return;
        this.#isHeld = true;
        source.pause();
      },
      resume: () => {
        if (this.#opened !== opened) return;
        this.#isHeld = false;
        source.resume();
      },
    };
    this.#opened = opened;
    return opened;
  }

  /** Nobody else will be offered it: its beginning need not be kept any longer. */
  forgetBeginning(): void {
    this.#kept = undefined;
  }

  /** Nobody wants it any more: what is left of it is thrown away. */
  release(): void {
    this.#opened = undefined;
    this.#listener = undefined;
    if (this.#hasStarted && this.#ending === undefined) this.#source.resume();
  }

  #start(listener: Listener): void {
    this.#listener = listener;
    if (!this.#hasStarted) {
      this.#hasStarted = true;
      this.#source.start({
        piece: (bytes) => this.#take(bytes),
        end: () => this.#end((to) => to.end()),
        fail: (status, reason) => this.#end((to) => to.fail(status, reason)),
      });
      return;
    }
    for (const piece of this.#kept ?? []) listener.piece(piece);
    if (this.#listener !== listener) return;
    if (this.#ending !== undefined) this.#ending(listener);
    else if (!this.#isHeld) this.#source.resume();
  }

  #take(bytes: Buffer): void {
    this.#keptBytes += bytes.length;
    if (this.#keptBytes > longestKeptBytes) this.#kept = undefined;
    else this.#kept?.push(bytes);
    this.#listener?.piece(bytes);
  }

  #end(ending: (listener: Listener) => void): void {
    this.#ending = ending;
    if (this.#listener !== undefined) ending(this.#listener);
  }
}
