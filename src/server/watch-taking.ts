import type { Socket } from 'node:net';

/** What becomes of a client that is waited for. */
export interface Taking {
  /** There is something left for it. */
  isWaiting(): boolean;
  /** For a whole wait it has taken nothing. */
  stalled(): void;
}

/** Watches, until the timer is cleared, whether the client takes something of what is on its way in every `timeoutMs`, however little. */
export function watchTaking(socket: Socket, timeoutMs: number, taking: Taking): NodeJS.Timeout {
  let before = bytesOnTheirWay(socket);
  const timer = setTimeout(() => {
    const now = bytesOnTheirWay(socket);
    if (taking.isWaiting() && now === before) taking.stalled();
    else timer.refresh();
    before = now;
  }, timeoutMs);
  return timer;
}

/** Changes whenever the client has taken something: what was written in all, and what of it the system could not send yet. */
function bytesOnTheirWay(socket: Socket): string {
  // Missing in the type definitions; net.Socket's own timeout looks at it, too.
  const { _handle } = socket as { _handle?: SocketHandle | null };
  // Of TLS, the handle below knows what has left.
  const handle = _handle?._parent ?? _handle;
  return `${socket.bytesWritten - socket.writableLength} ${handle?.writeQueueSize ?? 0}`;
}

interface SocketHandle {
  readonly writeQueueSize?: number;
  readonly _parent?: SocketHandle;
}
