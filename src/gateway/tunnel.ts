import type { Duplex } from 'node:stream';

/** For what was written to go out, in milliseconds. */
const lastBytesMs = 5_000;

/**
 * Everything that comes on one connection goes out on the other, until one of them ends. `idleMs`: how long nothing may pass in either
 * direction; 0: no limit. Calls back once, with why it ended.
 */
export function joinSockets(
  one: Duplex,
  other: Duplex,
  idleMs: number,
  onEnd: (reason: string) => void,
): void {
  let isOver = false;
  const finish = (reason: string) => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    for (const socket of [one, other]) endSoon(socket);
    onEnd(reason);
  };
  const timer =
    idleMs > 0
      ? setTimeout(() => {
          one.destroy();
          other.destroy();
          finish(`nothing was sent for ${idleMs / 1000} s (timeout)`);
        }, idleMs)
      : undefined;
  const carry = (from: Duplex, to: Duplex, who: string) => {
    from.on('data', (piece: Buffer) => {
      timer?.refresh();
      if (!to.write(piece)) from.pause();
    });
    to.on('drain', () => {
      timer?.refresh();
      from.resume();
    });
    from.on('error', () => {});
    from.once('end', () => finish(`${who} ended it`));
    from.once('close', () => finish(`${who} closed it`));
  };
  if (one.destroyed || other.destroyed) {
    finish('it was closed before it began');
    return;
  }
  carry(one, other, 'the client');
  carry(other, one, 'the other server');
  one.resume();
  other.resume();
}

/** What was written still goes out, if the other side takes it. */
function endSoon(socket: Duplex): void {
  const timer = setTimeout(() => socket.destroy(), lastBytesMs);
  socket.once('close', () => clearTimeout(timer));
  socket.end(() => socket.destroy());
}
