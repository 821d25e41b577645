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
  #listener: Listener | undefined;
  #hasStarted = false;

  constructor(source: Body) {
    this.#source = source;
  }

  /** All that has come in so far is still here. */
  get canRepeat(): boolean {
    return this.#kept !== undefined;
  }

  /** The body from its beginning; what was opened before hears no more of it. */
  open(): Body {
    this.#listener = undefined;
    const source = this.#source;
    return {
      length: source.length,
      start: (listener) => this.#start(listener),
      pause: () => source.pause(),
      resume: () => source.resume(),
    };
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
    if (this.#ending === undefined) this.#source.resume();
    else this.#ending(listener);
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
