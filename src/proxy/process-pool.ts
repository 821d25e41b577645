import { DaemonConnection } from './daemon-connection.js';
import { SilenceRow } from './silence-row.js';
import { WaitingLine } from './waiting-line.js';

export type Runtime = 'python' | 'node';

/** A daemon process as the supervisor announces it. */
export interface DaemonProcessEntry {
  readonly group: string;
  readonly runtime: Runtime;
  readonly pid: number;
  readonly socketPath: string;
  readonly token: string;
  /** Requests at once; null: no bound. */
  readonly threads: number | null;
  /** Open no new streams; those that are open may end. */
  readonly draining: boolean;
}

/** Time limits and bounds of a process group, from WSGIDaemonProcess. */
export interface GroupLimits {
  readonly connectTimeoutMs: number;
  readonly socketTimeoutMs: number;
  /** 0: off. */
  readonly queueTimeoutMs: number;
  /** Processes of the group; absent: nothing is said of them. */
  readonly processes?: number;
  /** Requests that may stand in line for a thread; more wait before the line. */
  readonly listenBacklog: number;
}

/** A worded "no" with its status. */
export interface PoolRefusal {
  readonly kind: 'refusal';
  readonly status: 503 | 504;
  readonly reason: string;
}

/** One place in one daemon process; given back with `release`, exactly once. */
export interface Lease {
  readonly kind: 'lease';
  readonly connection: DaemonConnection;
  readonly pid: number;
  /** All threads have something to do: what is sent now waits in the daemon process. */
  readonly isAhead: boolean;
  release(): void;
  /** It has become an open connection, which takes no place of a request. */
  detach(): void;
}

export interface Waiting {
  /** Stops waiting; the callback is not called any more. */
  cancel(): void;
}

export type LeaseCallback = (answer: Lease | PoolRefusal) => void;

export interface PoolPorts {
  readonly limits: GroupLimits;
  /** No other front end sends requests to these processes. */
  readonly isAlone: boolean;
  /** Asks the supervisor to have processes of this group and runtime. */
  requestProcesses(): void;
  log(level: string, line: Buffer, pid: number): void;
}

/** After a connection broke, while its process is still announced. */
const reconnectDelayMs = 125;

/**
 * Requests that a process has at hand, those it works on included: with few threads it would else wait for the front end after each
 * answer. Measured with one and with four threads: the processor time of both sides falls up to about so many, since what goes
 * together costs less.
 */
const atHand = 16;

/** For processes that are announced while a request is tried. */
const fewestAttempts = 8;

/** One announced process and the connection to it. */
class Member {
  entry: DaemonProcessEntry;
  connection: DaemonConnection | undefined;
  isReady = false;
  inFlight = 0;
  /** Open connections (WebSocket). */
  detached = 0;
  reconnectTimer: NodeJS.Timeout | undefined;
  /** The daemon itself said DRAIN, perhaps before the supervisor told us. */
  saidDrain = false;

  constructor(entry: DaemonProcessEntry) {
    this.entry = entry;
  }

  /** `sendsAhead`: also more than it has threads for, if it says which of them it has begun. */
  canTake(sendsAhead: boolean): boolean {
    if (!this.isReady || this.saidDrain || this.entry.draining) return false;
    const { threads } = this.entry;
    if (threads === null || this.inFlight < threads) return true;
    return sendsAhead && this.inFlight < atHand && this.connection?.takesAhead === true;
  }

  get isFull(): boolean {
    return this.entry.threads !== null && this.inFlight >= this.entry.threads;
  }
}

class Place implements Lease {
  readonly kind = 'lease';
  readonly connection: DaemonConnection;
  readonly pid: number;
  readonly isAhead: boolean;
  readonly #member: Member;
  readonly #freed: (member: Member) => void;
  #isReleased = false;
  #isDetached = false;

  constructor(member: Member, freed: (member: Member) => void) {
    this.#member = member;
    this.#freed = freed;
    this.isAhead = member.isFull;
    member.inFlight += 1;
    this.connection = member.connection as DaemonConnection;
    this.pid = member.entry.pid;
  }

  detach(): void {
    if (this.#isReleased || this.#isDetached) return;
    this.#isDetached = true;
    this.#member.inFlight -= 1;
    this.#member.detached += 1;
    this.#freed(this.#member);
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    if (this.#isDetached) this.#member.detached -= 1;
    else this.#member.inFlight -= 1;
    this.#freed(this.#member);
  }
}

/** The daemon processes of one group and runtime: who takes the next request, and who waits how long. */
export class ProcessPool {
  readonly limits: GroupLimits;
  /** Who has sent a request and may not hear nothing for longer than socket-timeout. */
  readonly silence: SilenceRow;
  readonly #ports: PoolPorts;
  readonly #members = new Map<string, Member>();
  readonly #waiting: WaitingLine;
  /** With several processes a request would wait for one while another is free; queue-timeout counts what waits here. */
  readonly #sendsAhead: boolean;
  #absenceTimer: NodeJS.Timeout | undefined;

  constructor(ports: PoolPorts) {
    this.#ports = ports;
    this.limits = ports.limits;
    this.silence = new SilenceRow(ports.limits.socketTimeoutMs);
    this.#waiting = new WaitingLine(ports.limits);
    this.#sendsAhead = ports.limits.processes === 1 && ports.limits.queueTimeoutMs === 0;
  }

  /** Replaces the table of processes by a new one. */
  announce(entries: readonly DaemonProcessEntry[]): void {
    const announced = new Map(entries.map((entry) => [entry.socketPath, entry]));
    for (const [path, member] of this.#members) {
      if (!announced.has(path)) this.#forget(path, member);
    }
    for (const [path, entry] of announced) {
      const member = this.#members.get(path);
      if (member !== undefined) {
        member.entry = entry;
      } else {
        const fresh = new Member(entry);
        this.#members.set(path, fresh);
        this.#connect(fresh);
      }
    }
    this.#serveWaiting();
  }

  /** Calls back with a place in the least busy process, at once if there is one. */
  lease(callback: LeaseCallback): Waiting | undefined {
    const member = this.#waiting.isEmpty ? this.#leastBusy() : undefined;
    if (member !== undefined) {
      callback(this.#take(member));
      return undefined;
    }
    return this.#wait(callback);
  }

  /** How many processes a request may be sent to in turn, each answering `retry`: a changed script makes all of them do so. */
  get mostAttempts(): number {
    return 2 * this.#members.size + fewestAttempts;
  }

  /** Closes every connection; waiting requests are refused. */
  close(): void {
    for (const [path, member] of this.#members) this.#forget(path, member);
    this.#refuseWaiting('the front end is ending');
  }

  #leastBusy(): Member | undefined {
    let best: Member | undefined;
    for (const member of this.#members.values()) {
      if (member.canTake(this.#sendsAhead) && (best === undefined || member.inFlight < best.inFlight))
        best = member;
    }
    return best;
  }

  #take(member: Member): Lease {
    return new Place(member, this.#freed);
  }

  /** A member has less to do. */
  readonly #freed = (member: Member): void => {
    if (!this.#waiting.isEmpty) this.#serveWaiting();
    this.#closeIfDone(member);
  };

  #wait(callback: LeaseCallback): Waiting {
    const waiting = this.#waiting.join(callback);
    if (!this.#hasProcess()) {
      this.#ports.requestProcesses();
      this.#startAbsenceTimer();
    }
    return waiting;
  }

  #serveWaiting(): void {
    if (this.#hasProcess()) this.#stopAbsenceTimer();
    else if (!this.#waiting.isEmpty) {
      this.#ports.requestProcesses();
      this.#startAbsenceTimer();
    }
    while (!this.#waiting.isEmpty) {
      const member = this.#leastBusy();
      if (member === undefined) return;
      this.#waiting.shift()?.(this.#take(member));
    }
  }

  #hasProcess(): boolean {
    for (const member of this.#members.values()) {
      if (member.isReady && !member.saidDrain && !member.entry.draining) return true;
    }
    return false;
  }

  /** While there is nobody to send to, requests wait as long as mod_wsgi tries to connect. */
  #startAbsenceTimer(): void {
    if (this.#absenceTimer !== undefined) return;
    const { connectTimeoutMs } = this.#ports.limits;
    this.#absenceTimer = setTimeout(() => {
      this.#absenceTimer = undefined;
      this.#refuseWaiting(`no daemon process came up within ${connectTimeoutMs / 1000} s (connect-timeout)`);
    }, connectTimeoutMs);
  }

  #stopAbsenceTimer(): void {
    clearTimeout(this.#absenceTimer);
    this.#absenceTimer = undefined;
  }

  #refuseWaiting(reason: string): void {
    this.#stopAbsenceTimer();
    this.#waiting.refuseAll({ kind: 'refusal', status: 503, reason });
  }

  #connect(member: Member): void {
    const { socketPath, token } = member.entry;
    member.connection = new DaemonConnection(socketPath, token, this.#ports.isAlone, {
      ready: () => {
        member.isReady = true;
        this.#serveWaiting();
      },
      drain: () => {
        member.saidDrain = true;
        this.#serveWaiting();
      },
      log: (level, line) => this.#ports.log(level, line, member.entry.pid),
      closed: () => {
        member.isReady = false;
        member.connection = undefined;
        if (this.#members.get(member.entry.socketPath) !== member) return;
        this.#serveWaiting();
        member.reconnectTimer = setTimeout(() => this.#connect(member), reconnectDelayMs);
      },
    });
  }

  /** The supervisor no longer announces it: it has ended, or is about to. */
  #forget(path: string, member: Member): void {
    this.#members.delete(path);
    clearTimeout(member.reconnectTimer);
    member.entry = { ...member.entry, draining: true };
    this.#closeIfDone(member);
  }

  #closeIfDone(member: Member): void {
    const isIdle = member.inFlight === 0 && member.detached === 0;
    if (isIdle && this.#members.get(member.entry.socketPath) !== member) member.connection?.close();
  }
}
