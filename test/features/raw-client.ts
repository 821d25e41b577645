import { connect, type Socket } from 'node:net';

/** What came back on one connection. */
export interface RawAnswer {
  /** Of every answer, in order; 100 too. */
  readonly statuses: readonly number[];
  /** Everything, one character per byte. */
  readonly text: string;
  readonly connection: 'kept' | 'closed' | 'reset';
}

const followUp = 'GET /follow-up HTTP/1.1\r\nHost: follow.up\r\nConnection: close\r\n\r\n';

/**
 * Sends bytes (one character each) and, once a final answer begins, another request: answered, the connection was kept. `finals`: how
 * many answers to wait for before that.
 */
export function askRaw(port: number, bytes: string, finals = 1): Promise<RawAnswer> {
  return new Promise((resolve) => {
    let text = '';
    let hasFollowed = false;
    const socket = openRaw(port);
    socket.setEncoding('latin1');
    socket.on('data', (piece) => {
      text += piece;
      if (hasFollowed || finalStatuses(text).length < finals) return;
      hasFollowed = true;
      socket.write(followUp, 'latin1');
    });
    let isReset = false;
    socket.on('error', () => {
      isReset = true;
    });
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      const all = statusesOf(text);
      const isKept = finalStatuses(text).length > finals;
      resolve({
        statuses: isKept ? all.slice(0, -1) : all,
        text,
        connection: isKept ? 'kept' : isReset ? 'reset' : 'closed',
      });
    });
    socket.write(bytes, 'latin1');
  });
}

/** A connection on which nothing is sent yet; errors are not told. */
export function openRaw(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  return socket;
}

function statusesOf(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.[01] (\d\d\d) /g)].map(([, status]) => Number(status));
}

function finalStatuses(text: string): number[] {
  return statusesOf(text).filter((status) => status >= 200);
}
