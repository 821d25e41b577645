import { AsyncLocalStorage } from 'node:async_hooks';

/** What the code that runs now runs for: a request or call that is being served. */
export interface ServingContext {
  readonly kind: 'serving';
  /** Takes what the application printed; false when the stream is over, so that it goes to fd 1 or 2 instead. */
  print(channel: 1 | 2, bytes: Uint8Array): boolean;
  /** Ends the request with 500 because of an error that nobody caught. */
  failUncaught(error: unknown): void;
}

/** What the code that runs now runs for: the loading of a script file, and whatever that started. */
export interface LoadingContext {
  readonly kind: 'loading';
  /** The script called `listen()` on an HTTP server. */
  captureServer(server: object): void;
  /** Why the load failed, once it has; whoever asked for it reports it. */
  failure?: { readonly error: unknown };
}

/** Follows callbacks and promises of the application, so that output and faults find their request. */
export const executionContext = new AsyncLocalStorage<ServingContext | LoadingContext>();
