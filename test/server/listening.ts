import { connect, type Socket } from 'node:net';
import { bindTcp } from '../../src/processes/listening-sockets.js';
import { createListener, type HttpListener, type ListenerLimits } from '../../src/server/listener.js';
import type { RequestRecord } from '../../src/server/request-record.js';

/** Which of the two readers of HTTP a listener may use. */
export type Way = 'lean' | 'node';

/** A listener of its own in this process. */
export interface TestListener {
  readonly port: number;
  /** Every request, as text, by the port of the client. */
  readonly seen: Map<number, string[]>;
  drain(): Promise<void>;
  destroy(): void;
  stop(): Promise<void>;
}

const usualLimits: ListenerLimits = {
  keepAliveTimeoutMs: 60_000,
  headBytes: 8_000,
  headerLines: 20,
  hasProxyProtocol: false,
  ofConnection: () => ({ keepAliveTimeoutMs: 60_000 }),
  timeoutMs: 60_000,
};

export async function startListener(
  way: Way,
  answer: (record: RequestRecord) => void,
  limits: Partial<ListenerLimits> = {},
  dropped = () => {},
  refuse = refuseShortly,
): Promise<TestListener> {
  const seen = new Map<number, string[]>();
  const note = (record: RequestRecord, text: string) => {
    const { clientPort } = record.connection;
    seen.set(clientPort, [...(seen.get(clientPort) ?? []), text]);
  };
  const socket = bindTcp('127.0.0.1', 0);
  const listener: HttpListener = createListener(
    { ...usualLimits, ...limits, isNodeOnly: way === 'node' },
    {
      request: (record) => {
        note(record, describe(record));
        answer(record);
      },
      unreadable: ({ record, status, reason }) => {
        note(record, `${status} ${reason}`);
        refuse(record, status);
      },
      lost: () => {},
      dropped,
    },
  );
  await listener.listen(socket.fd, 500);
  let drained: Promise<void> | undefined;
  const drain = () => {
    drained ??= listener.drain();
    return drained;
  };
  return {
    port: socket.port,
    seen,
    drain,
    destroy: () => listener.destroy(),
    stop: () => {
      listener.destroy();
      return drain();
    },
  };
}

function refuseShortly({ reply }: RequestRecord, status: number): void {
  reply.start(status, '', ['Content-Length', '0']);
  reply.end();
}

/** Everything about a request that does not depend on when it was sent. */
function describe({ body, ...record }: RequestRecord): string {
  const { method, target, httpVersion, headers, keepAliveIndex, expectation, upgrade } = record;
  const { isPresent, length, isChunked } = body;
  return JSON.stringify({
    ...{ method, target, httpVersion, headers, keepAliveIndex, expectation, upgrade },
    ...{ isPresent, length, isChunked },
  });
}

/** What a client got, without the times that answers name. */
export interface Heard {
  readonly text: string;
  readonly ending: 'end' | 'reset';
  readonly seen: readonly string[];
}

/** Sends pieces, each of them in a turn of the event loop of its own, and then the end. */
export function tell(listener: TestListener, pieces: readonly string[], pauseMs = 0): Promise<Heard> {
  return new Promise((resolve) => {
    let text = '';
    let ending: Heard['ending'] = 'end';
    let clientPort = 0;
    const socket: Socket = connect({
      port: listener.port,
      host: '127.0.0.1',
      noDelay: true,
      allowHalfOpen: true,
    });
    socket.setEncoding('latin1').on('data', (piece) => {
      text += piece;
    });
    socket.on('error', () => {
      ending = 'reset';
    });
    socket.on('close', () => {
      const seen = listener.seen.get(clientPort) ?? [];
      listener.seen.delete(clientPort);
      resolve({ text: text.replace(/\r\nDate: [^\r]*/g, ''), ending, seen });
    });
    socket.once('connect', async () => {
      clientPort = socket.localPort ?? 0;
      for (const piece of pieces) {
        if (socket.writable) socket.write(piece, 'latin1');
        await pass(pauseMs);
      }
      if (!socket.destroyed) socket.end();
    });
  });
}

/** Until what was written has been read on the other side of this process, mostly. */
async function pass(pauseMs: number): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
}
