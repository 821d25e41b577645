import { Socket } from 'node:net';
import { LineSplitter } from './line-splitter.js';

const controlFd = 3;

/** What the supervisor says first; see ../README.md. */
export interface StartMessage {
  readonly group: string;
  /** What a front end's HELLO must carry. */
  readonly token: string;
  /** Requests at once; null: no bound. */
  readonly threads: number | null;
  readonly multiprocess: boolean;
  readonly home: string | null;
  readonly displayName: string | null;
  /** 0: off. */
  readonly queueTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  /** 0: off, these too. */
  readonly requestTimeoutMs: number;
  readonly startupTimeoutMs: number;
  readonly inactivityTimeoutMs: number;
  readonly maximumRequests: number;
  readonly maximumRequestsJitter: number;
  /** When it is replaced, requests are ended after this time, but not connections. */
  readonly requestDrainTimeoutMs: number;
  readonly preload: readonly { readonly script: string; readonly applicationGroup: string }[];
}

export type DaemonMessage =
  | { readonly type: 'ready'; readonly failed?: readonly string[] }
  | { readonly type: 'loaded'; readonly script: string; readonly applicationGroup: string }
  | { readonly type: 'reload'; readonly reason: string; readonly eviction?: boolean }
  | { readonly type: 'pong' }
  | { readonly type: 'counts'; readonly active: number; readonly finished: number };

export interface ControlListener {
  start(message: StartMessage): void;
  /** `elapsedMs`: for so long open requests have had time to end. */
  drain(elapsedMs: number): void;
  /** The successor that this process asked for could not start. */
  keep(): void;
  /** Asks for the numbers of {@link DaemonMessage} `counts`. */
  count(): void;
  /** The first message cannot be carried out. */
  refused(reason: string): void;
  /** The supervisor is gone. */
  ended(): void;
}

/** The channel to the supervisor on fd 3: one JSON object per line. */
export class ControlChannel {
  readonly #socket: Socket;
  readonly #listener: ControlListener;
  #started = false;

  constructor(listener: ControlListener) {
    this.#listener = listener;
    this.#socket = new Socket({ fd: controlFd, readable: true, writable: true });
    const lines = new LineSplitter((line) => this.#receive(line.toString('utf8')));
    this.#socket.on('data', (piece) => lines.push(piece));
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => listener.ended());
  }

  send(message: DaemonMessage): void {
    if (!this.#socket.destroyed) this.#socket.write(`${JSON.stringify(message)}\n`);
  }

  /** Lets the process end although the channel is open. */
  unref(): void {
    this.#socket.unref();
  }

  #receive(line: string): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      return this.#listener.refused('a line of the control channel is not JSON');
    }
    const { type, elapsedMs } = (message ?? {}) as { type?: unknown; elapsedMs?: unknown };
    if (type === 'start' && !this.#started) {
      this.#started = true;
      const start = readStart(message as Record<string, unknown>);
      if (typeof start === 'string') this.#listener.refused(start);
      else this.#listener.start(start);
    } else if (!this.#started) this.#listener.refused('the first control message is not start');
    else if (type === 'drain') this.#listener.drain(isCount(elapsedMs, 0) ? elapsedMs : 0);
    else if (type === 'ping') this.send({ type: 'pong' });
    else if (type === 'count') this.#listener.count();
    else if (type === 'keep') this.#listener.keep();
  }
}

/** The start message, or what is wrong with it. */
function readStart(message: Record<string, unknown>): StartMessage | string {
  const {
    group,
    token,
    threads,
    multiprocess,
    home,
    displayName,
    queueTimeoutMs,
    shutdownTimeoutMs,
    preload,
  } = message;
  const limits = readLimits(message);
  if (typeof limits === 'string') return limits;
  if (typeof group !== 'string') return 'start: group is no text';
  if (typeof token !== 'string' || token === '') return 'start: token is no text, or empty';
  if (threads !== null && !isCount(threads, 0)) return 'start: threads is neither null nor a number from 0';
  if (typeof multiprocess !== 'boolean') return 'start: multiprocess is neither true nor false';
  if (home !== null && typeof home !== 'string') return 'start: home is neither null nor a text';
  if (displayName !== null && typeof displayName !== 'string')
    return 'start: displayName is neither null nor a text';
  if (!isCount(queueTimeoutMs, 0)) return 'start: queueTimeoutMs is no number from 0';
  if (!isCount(shutdownTimeoutMs, 0)) return 'start: shutdownTimeoutMs is no number from 0';
  if (!Array.isArray(preload)) return 'start: preload is no list';
  const scripts: StartMessage['preload'][number][] = [];
  for (const item of preload as unknown[]) {
    const { script, applicationGroup } = (item ?? {}) as Record<string, unknown>;
    if (typeof script !== 'string' || typeof applicationGroup !== 'string')
      return 'start: preload holds something else than scripts with their groups';
    scripts.push({ script, applicationGroup });
  }
  return {
    group,
    token,
    threads,
    multiprocess,
    home,
    displayName,
    queueTimeoutMs,
    shutdownTimeoutMs,
    ...limits,
    preload: scripts,
  };
}

const limitNames = [
  'requestTimeoutMs',
  'startupTimeoutMs',
  'inactivityTimeoutMs',
  'maximumRequests',
  'maximumRequestsJitter',
  'requestDrainTimeoutMs',
] as const;

/** Those that are absent are off. */
function readLimits(
  message: Record<string, unknown>,
): Pick<StartMessage, (typeof limitNames)[number]> | string {
  const limits = {
    requestTimeoutMs: 0,
    startupTimeoutMs: 0,
    inactivityTimeoutMs: 0,
    maximumRequests: 0,
    maximumRequestsJitter: 0,
    requestDrainTimeoutMs: 0,
  };
  for (const name of limitNames) {
    const value = message[name] ?? 0;
    if (!isCount(value, 0)) return `start: ${name} is no number from 0`;
    limits[name] = value;
  }
  return limits;
}

function isCount(value: unknown, least: number): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= least;
}
