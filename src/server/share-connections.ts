import type { Socket } from 'node:net';
import type { ConnectionTally } from './connection-tally.js';

/** So long the others have the processor for themselves, for each connection that they lack. */
const waitMs = 0.05;
const longestWaitMs = 0.5;

/** A burst of connections may take so many waits, and so many come back. */
const mostWaits = 200;
const waitsPerMs = 0.1;

/**
 * A connection that lives shorter costs a wait when it ends: where each carries one request only, the next ones set right what these
 * did, and on a busy machine whoever waits is out of his turn.
 */
const shortLifeMs = 1_000;

/** Nobody ever wakes who waits here. */
const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/**
 * To be called for each connection that this front end accepts. All front ends accept from the same sockets, and in a burst one that is
 * awake would take everything before the others run. Node can neither leave a connection to others nor stop accepting for a
 * while; so whoever is ahead of the others sleeps for a moment, in which they take the next ones.
 */
export function createSharing(
  tally: ConnectionTally,
  wait: (forMs: number) => void = sleep,
): (socket: Socket) => void {
  let waits = mostWaits;
  let countedAt = performance.now();
  return (socket) => {
    const acceptedAt = performance.now();
    tally.opened();
    socket.once('close', () => {
      tally.closed();
      if (performance.now() - acceptedAt < shortLifeMs) waits = Math.max(0, waits - 1);
    });
    waits = Math.min(mostWaits, waits + (acceptedAt - countedAt) * waitsPerMs);
    countedAt = acceptedAt;
    const lead = waits < 1 ? 0 : tally.lead();
    if (lead === 0) return;
    waits -= 1;
    wait(Math.min(longestWaitMs, waitMs * lead));
  };
}

function sleep(forMs: number): void {
  Atomics.wait(never, 0, 0, forMs);
}
