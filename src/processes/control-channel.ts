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
  readonly displayName: string | null;
  readonly queueTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  readonly preload: readonly { readonly script: string; readonly applicationGroup: string }[];
}

export type DaemonMessage = { readonly type: 'ready' } | { readonly type: 'reload'; readonly script: string };

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

  send(message: StartMessage | { readonly type: 'drain' }): void {
    if (!this.#socket.destroyed) this.#socket.write(`${JSON.stringify(message)}\n`);
  }
}

function readMessage(line: string): DaemonMessage | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
    if (value.type === 'ready') return { type: 'ready' };
    if (value.type === 'reload' && 'script' in value) return { type: 'reload', script: String(value.script) };
  } catch {
    // Falls through: users' code can reach the descriptor, so nonsense is no fault of ours.
  }
  return undefined;
}
