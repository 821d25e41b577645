import { type ChildProcess, fork } from 'node:child_process';
import type { ServerConfig } from '../config/model.js';
import type { TlsMaterial } from '../tls/index.js';
import type { Identity } from './accounts.js';
import type { SharedLogins } from './login-journal.js';

/** One daemon process that listens, as front ends hear of it. */
export interface AnnouncedProcess {
  readonly group: string;
  readonly runtime: 'python' | 'node';
  readonly pid: number;
  readonly socketPath: string;
  /** Proves to the daemon process that a front end is talking. */
  readonly token: string;
  /** Requests at once; null: no bound. */
  readonly threads: number | null;
  /** Open no new streams; those that are open may end. */
  readonly draining: boolean;
}

/** One front end's share: everything it needs to serve this configuration. */
export interface FrontEndStart {
  readonly config: ServerConfig;
  /** Descriptors of the bound sockets, in the order of `config.listeners`. */
  readonly listenerFds: readonly number[];
  readonly logFds: readonly { readonly key: string; readonly fd: number }[];
  /** Certificates and keys, which the account of front ends may not be able to read. */
  readonly tls: TlsMaterial;
  /** Absent: stay who you are. */
  readonly identity?: Identity;
  readonly logins: LoginShare;
  /** Where it notes how many connections it has, and sees how many the others have; absent: there are no others. */
  readonly tally?: { readonly fd: number; readonly place: number; readonly places: number };
  /** It asks the members of balancers whether they are well, for all front ends. */
  readonly checksHealth: boolean;
}

/** What the front ends of a site need to count logins together. */
export interface LoginShare {
  /** Under this key they digest what they tell each other. */
  readonly secret: Uint8Array;
  readonly frontEnds: number;
}

/** What the supervisor tells a front end. Structured clones: regular expressions, maps and sets survive. */
export type ToFrontEnd =
  | { readonly type: 'start'; readonly start: FrontEndStart }
  | { readonly type: 'processes'; readonly processes: readonly AnnouncedProcess[] }
  | { readonly type: 'logins'; readonly news: SharedLogins }
  /** What another front end has found out about members of balancers: passed on, never looked into. */
  | { readonly type: 'members'; readonly news: object }
  | { readonly type: 'count' }
  | { readonly type: 'drain'; readonly timeoutMs: number };

/** What a front end tells the supervisor. */
export type FromFrontEnd =
  | { readonly type: 'listening' }
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'logins'; readonly news: SharedLogins }
  | { readonly type: 'members'; readonly news: object }
  /** The answer to `count`. */
  | { readonly type: 'counts'; readonly counts: FrontEndCounts }
  | { readonly type: 'request-processes'; readonly group: string; readonly runtime: 'python' | 'node' };

/** Since a front end started. */
export interface FrontEndCounts {
  /** Under way, and over. */
  readonly active: number;
  readonly finished: number;
  /** Attempts to log in, and what became of them. */
  readonly logins: Readonly<Record<'granted' | 'failed' | 'delayed' | 'throttled' | 'overloaded', number>>;
  readonly members: readonly MemberCounts[];
}

/** One member of a balancer, as one front end sees it. */
export interface MemberCounts {
  /** `balancer://name`, and the URL of the member. */
  readonly balancer: string;
  readonly member: string;
  readonly state: string;
  /** Requests that are under way, and all that were its. */
  readonly busy: number;
  readonly elected: number;
}

/** A front end that is busy does not answer at once. */
const countsPatienceMs = 500;

export interface FrontEndListener {
  message(message: FromFrontEnd): void;
  /** Once. */
  ended(reason: string): void;
}

/** First descriptor after stdin, stdout, stderr and the IPC channel. */
export const firstInheritedFd = 4;

/** Requests are short-lived garbage: half of Node's nursery costs no speed that could be measured, and saves 20 to 40 MB each. */
const frontEndFlags = ['--max-semi-space-size=8'];

/** After `stop`, before SIGKILL. */
const killAfterMs = 3_000;

/** One front-end process, from fork to exit. */
export class FrontEndProcess {
  readonly startedAt = Date.now();
  isListening = false;
  isLeaving = false;
  readonly checksHealth: boolean;
  readonly #child: ChildProcess;
  #killTimer: NodeJS.Timeout | undefined;
  #countsCallback: ((counts: FrontEndCounts) => void) | undefined;

  /** `inheritedFds` become descriptors 4, 5, … of the child. */
  constructor(
    modulePath: string,
    inheritedFds: readonly number[],
    start: FrontEndStart,
    listener: FrontEndListener,
  ) {
    this.checksHealth = start.checksHealth;
    this.#child = fork(modulePath, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...inheritedFds],
      execArgv: frontEndFlags,
      detached: true,
    });
    this.#child.on('message', (message) => {
      const fromFrontEnd = message as FromFrontEnd;
      if (fromFrontEnd.type === 'listening') this.isListening = true;
      if (fromFrontEnd.type === 'counts') return this.#countsCallback?.(fromFrontEnd.counts);
      listener.message(fromFrontEnd);
    });
    let hasEnded = false;
    const end = (reason: string) => {
      if (hasEnded) return;
      hasEnded = true;
      clearTimeout(this.#killTimer);
      listener.ended(reason);
    };
    this.#child.on('error', (error) => {
      if (this.#child.pid === undefined) end(`could not be started: ${error.message}`);
    });
    this.#child.on('exit', (code, signal) =>
      end(signal === null ? `exited with code ${code}` : `was ended by signal ${signal}`),
    );
    this.#send({ type: 'start', start });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves with undefined when it does not answer. */
  counts(): Promise<FrontEndCounts | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), countsPatienceMs);
      this.#countsCallback = (counts) => {
        clearTimeout(timer);
        resolve(counts);
      };
      this.#send({ type: 'count' });
    });
  }

  announce(processes: readonly AnnouncedProcess[]): void {
    this.#send({ type: 'processes', processes });
  }

  shareLogins(news: SharedLogins): void {
    this.#send({ type: 'logins', news });
  }

  shareMembers(news: object): void {
    this.#send({ type: 'members', news });
  }

  /** Stop accepting, finish open requests, exit; 0: however long that takes. */
  drain(timeoutMs: number): void {
    this.isLeaving = true;
    this.#send({ type: 'drain', timeoutMs });
  }

  terminate(): void {
    this.isLeaving = true;
    this.#child.kill('SIGTERM');
    this.#killTimer ??= setTimeout(() => this.#child.kill('SIGKILL'), killAfterMs);
  }

  #send(message: ToFrontEnd): void {
    // A front end that has just died is reported by `exit`.
    if (this.#child.connected) this.#child.send(message, () => {});
  }
}
