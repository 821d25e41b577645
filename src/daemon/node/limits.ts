import type { StartMessage } from './control-channel.js';
import type { Stream } from './stream.js';

type Limits = Pick<
  StartMessage,
  | 'requestTimeoutMs'
  | 'startupTimeoutMs'
  | 'inactivityTimeoutMs'
  | 'maximumRequests'
  | 'maximumRequestsJitter'
>;

/** Watches how long requests take and when this process has served enough; `ask` asks for a successor. */
export class ProcessLimits {
  readonly #limits: Limits;
  readonly #ask: (reason: string) => void;
  readonly #maximumRequests: number;
  #requestLimit: number;
  #active = 0;
  #completed = 0;
  #idleTimer: NodeJS.Timeout | undefined;
  #startupTimer: NodeJS.Timeout | undefined;
  #hasStarted = false;

  constructor(limits: Limits, ask: (reason: string) => void) {
    this.#limits = limits;
    this.#ask = ask;
    const { maximumRequests, maximumRequestsJitter } = limits;
    this.#maximumRequests =
      maximumRequests && maximumRequests + Math.floor(Math.random() * (maximumRequestsJitter + 1));
    this.#requestLimit = this.#maximumRequests;
  }

  /** A request enters its callable. */
  begin(stream: Stream): void {
    const { requestTimeoutMs, inactivityTimeoutMs } = this.#limits;
    if (requestTimeoutMs > 0) this.#limitTime(stream, requestTimeoutMs);
    if (inactivityTimeoutMs === 0 && this.#maximumRequests === 0) return;
    this.#active += 1;
    clearTimeout(this.#idleTimer);
    stream.onOver(() => this.#end());
  }

  /** Somebody tries to load a script: unless one is loaded within startup-timeout, the process is to be replaced. */
  noteLoading(): void {
    const { startupTimeoutMs } = this.#limits;
    if (startupTimeoutMs === 0 || this.#hasStarted || this.#startupTimer !== undefined) return;
    this.#startupTimer = setTimeout(() => {
      this.#startupTimer = undefined;
      this.#ask(`no script could be loaded for ${startupTimeoutMs / 1000} s (startup-timeout)`);
    }, startupTimeoutMs).unref();
  }

  noteLoaded(): void {
    this.#hasStarted = true;
    clearTimeout(this.#startupTimer);
  }

  /** The handler's signal is aborted; what it does afterwards reaches nobody. */
  #limitTime(stream: Stream, requestTimeoutMs: number): void {
    const timer = setTimeout(
      () =>
        stream.abort(
          'timeout',
          `the request took longer than ${requestTimeoutMs / 1000} s (request-timeout)`,
        ),
      requestTimeoutMs,
    ).unref();
    stream.onOver(() => clearTimeout(timer));
    stream.onSwitched(() => clearTimeout(timer));
  }

  #end(): void {
    this.#active -= 1;
    this.#completed += 1;
    const { inactivityTimeoutMs } = this.#limits;
    if (inactivityTimeoutMs > 0 && this.#active === 0) {
      this.#idleTimer = setTimeout(
        () => this.#ask(`no request came for ${inactivityTimeoutMs / 1000} s (inactivity-timeout)`),
        inactivityTimeoutMs,
      ).unref();
    }
    if (this.#maximumRequests === 0 || this.#completed < this.#requestLimit) return;
    // Asked again after as many, if no successor can start.
    this.#requestLimit = this.#completed + this.#maximumRequests;
    this.#ask(`it has served ${this.#completed} requests (maximum-requests)`);
  }
}
