import type { Socket } from 'node:net';
import { watchTaking } from './watch-taking.js';

/**
 * How long an answer may take, or pause, for a client that sends no more: one that has left looks like one that has only closed its side,
 * as `printf … | nc -N` does. Apache waits for ever, nginx not at all.
 */
const patienceMs = 2_000;

/** Waits for what is still to be sent. A client that has left is noticed when something is sent, or when nothing was for a while. */
export function awaitRest(socket: Socket): void {
  const timer = watchTaking(socket, patienceMs, { isWaiting: () => true, stalled: () => socket.destroy() });
  socket.once('close', () => clearTimeout(timer));
}
