import type { Duplex } from 'node:stream';

/** The first line of the control channel. See daemon/README.md. */
export interface StartMessage {
  readonly type: 'start';
  readonly group: string;
  readonly token: string;
  readonly processes: number;
  readonly threads: number | null;
  readonly multiprocess: boolean;
  readonly home: string | null;
  readonly pythonPath: readonly string[];
  /** Script file → dotted name. */
  readonly pythonModules: Readonly<Record<string, string>>;
  readonly displayName: string | null;
  readonly queueTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly interruptTimeoutMs: number;
  readonly startupTimeoutMs: number;
  readonly inactivityTimeoutMs: number;
  readonly maximumRequests: number;
  readonly maximumRequestsJitter: number;
  /** graceful-timeout, where WebSockets may go on for longer. */
  readonly requestDrainTimeoutMs?: number;
  /** What `locale=` says; null: the interpreter goes on with what it started with. */
  readonly locale: string | null;
  readonly switchInterval: number | null;
  readonly stackSize: number | null;
  readonly preload: readonly LoadedScript[];
}

/** A script file as loaded for an application group. */
export interface LoadedScript {
  readonly script: string;
  readonly applicationGroup: string;
}

export type DaemonMessage =
  /** `failed`: script files that could not be preloaded. */
  | { readonly type: 'ready'; readonly failed: readonly string[] }
  | ({ readonly type: 'loaded' } & LoadedScript)
  /** The process wants to be replaced, and serves until it is. */
  | { readonly type: 'reload'; readonly reason: string; readonly isEviction: boolean }
  /** The answer to `ping`. */
  | { readonly type: 'pong' }
  /** The answer to `count`. */
  | ({ readonly type: 'counts' } & RequestCounts);

/** Requests and calls of one process: those that are open, and those that are over. */
export interface RequestCounts {
  readonly active: number;
  readonly finished: number;
}

export type SupervisorMessage =
  | StartMessage
  /** `elapsedMs`: for so long open requests have had time to end. */
  | { readonly type: 'drain'; readonly elapsedMs: number }
  /** Is the interpreter alive? */
  | { readonly type: 'ping' }
  | { readonly type: 'count' }
  /** The successor cannot start. */
  | { readonly type: 'keep' };

/** Longest line that a daemon process may send, in characters. */
const maxLineLength = 65_536;

/** One JSON object per line, both ways, with a daemon process. */
export class ControlChannel {
  readonly #socket: Duplex;

  constructor(
    socket: Duplex,
    onMessage: (message: DaemonMessage) => void,
    onNonsense: (line: string) => void,
  ) {
    this.#socket = socket;
    // A process that is going away resets its end; its exit is what counts.
    socket.on('error', () => {});
    let rest = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > maxLineLength) rest = '';
      for (const line of lines) {
        const message = readMessage(line);
        if (message === undefined) onNonsense(line);
        else onMessage(message);
      }
    });
  }

  send(message: SupervisorMessage): void {
    if (!this.#socket.destroyed) this.#socket.write(`${JSON.stringify(message)}\n`);
  }
}

/** Users' code can reach the descriptor, so nonsense is no fault of ours. */
function readMessage(line: string): DaemonMessage | undefined {
  let members: Record<string, unknown>;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null) return undefined;
    members = value as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { type, failed = [], script, applicationGroup, reason, eviction } = members;
  if (type === 'pong') return { type };
  const { active, finished } = members;
  if (type === 'counts' && typeof active === 'number' && typeof finished === 'number')
    return { type, active, finished };
  if (type === 'ready' && Array.isArray(failed)) return { type, failed: failed.map(String) };
  if (type === 'loaded' && typeof script === 'string' && typeof applicationGroup === 'string')
    return { type, script, applicationGroup };
  if (type === 'reload' && typeof reason === 'string') return { type, reason, isEviction: eviction === true };
  return undefined;
}
