import type { ScriptFile } from './script-file.js';

/** So long a request whose script has changed waits for the supervisor's answer. */
const patienceMs = 2000;

/**
 * Being replaced: what this process does between asking the supervisor for a successor and the answer, which is DRAIN
 * (the successor is ready) or "keep" (it cannot start: this process goes on with the code it has). Meanwhile it serves. A request
 * that finds its script changed waits a moment, so that whoever edits and looks sees the new code, but not as long as
 * a large application may take to start.
 */
export class Replacement {
  readonly #ask: (reason: string, isEviction: boolean) => void;
  #answer: { readonly promise: Promise<void>; readonly settle: () => void } | undefined;
  #leaving = false;
  /** The state (modification time in ns) of the script that was the reason to ask. */
  #changed: { readonly path: string; readonly state: bigint | undefined } | undefined;
  /** States whose successor could not start. */
  readonly #dismissed = new Map<string, bigint | undefined>();

  constructor(ask: (reason: string, isEviction: boolean) => void) {
    this.#ask = ask;
  }

  /** What a request is to do whose script was looked at: be served, or wait for {@link isForSuccessor}. */
  concerns(script: ScriptFile): boolean {
    const { path, lookedNs } = script;
    return !this.#dismissed.has(path) || this.#dismissed.get(path) !== lookedNs;
  }

  /** Resolves with true if the request is the successor's, with false if it is to be served with the code that is loaded. */
  async isForSuccessor({ path, lookedNs }: ScriptFile): Promise<boolean> {
    if (this.#answer === undefined) {
      this.#changed = { path, state: lookedNs };
      this.wish(`${path} has changed`);
    }
    await this.#answer?.promise;
    return this.#leaving;
  }

  /** As {@link isForSuccessor}, where the script itself asks to be loaded anew. */
  async isReloadForSuccessor(reason: string): Promise<boolean> {
    this.wish(reason);
    await this.#answer?.promise;
    return this.#leaving;
  }

  /** Asks for a successor, for any reason. */
  wish(reason: string, isEviction = false): void {
    if (this.#answer !== undefined || this.#leaving) return;
    let settle = (): void => {};
    const promise = new Promise<void>((resolve) => {
      settle = resolve;
    });
    setTimeout(settle, patienceMs).unref();
    this.#answer = { promise, settle };
    this.#ask(reason, isEviction);
  }

  /** This process takes no more requests. */
  leave(): void {
    this.#leaving = true;
    this.#answer?.settle();
  }

  /** The successor could not start. */
  keep(): void {
    if (this.#changed !== undefined) this.#dismissed.set(this.#changed.path, this.#changed.state);
    this.#changed = undefined;
    this.#answer?.settle();
    this.#answer = undefined;
  }
}
