import { GenuineRequest } from './genuine.js';

/** Where Node before 24 keeps the signal of a Request; undefined where nobody can reach it. */
const requestSignal = Object.getOwnPropertySymbols(new GenuineRequest('http://localhost/')).find(
  (symbol) => symbol.description === 'signal',
);

/**
 * The signal of one request: aborted when the client has left. Few applications look at it, and it costs more than all the rest of a
 * Request, so it is made when somebody does, where Node lets us.
 */
export class LazySignal {
  #controller: AbortController | undefined;
  #follower: Request | undefined;
  #isAborted = false;

  /** To be given to the constructor of the Request that {@link belongTo} is called with then. */
  readonly early: AbortSignal | undefined = requestSignal === undefined ? this.#make() : undefined;

  /** Everything that asks for the request's signal, `clone()` and `new GenuineRequest(request)` included, gets this one. */
  belongTo(request: Request): void {
    if (requestSignal === undefined) return;
    Object.defineProperty(request, requestSignal, { get: () => this.#follow(), configurable: true });
  }

  abort(): void {
    this.#isAborted = true;
    this.#controller?.abort();
  }

  /** A signal as a Request makes it of the one it is given: copies of a Request hear of that, and of no other. */
  #follow(): AbortSignal {
    this.#follower ??= new GenuineRequest('http://localhost/', { signal: this.#make() });
    return this.#follower.signal;
  }

  #make(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isAborted) this.#controller.abort();
    }
    return this.#controller.signal;
  }
}
