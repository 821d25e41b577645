import type { Listener } from '../config/model.js';
import type { BoundListener } from './generation.js';
import { type BoundSocket, bindTcp } from './listening-sockets.js';

/** A key that tells whether two Listen lines mean the same socket. */
export function keyOfListener({ host, port }: Listener): string {
  return `${host ?? '*'}:${port}`;
}

/** Binds what is not bound yet. @throws Error naming the line of the site file */
export function bindListeners(
  listeners: readonly Listener[],
  old: readonly BoundListener[],
): BoundListener[] {
  const bound: BoundListener[] = [];
  try {
    for (const listener of listeners) {
      const key = keyOfListener(listener);
      const kept = old.find((candidate) => candidate.key === key);
      bound.push(kept ?? { key, socket: bindListener(listener) });
    }
  } catch (error) {
    closeUnshared(bound, old);
    throw error;
  }
  return bound;
}

/** @throws Error naming the line of the site file */
function bindListener({ host, port, position }: Listener): BoundSocket {
  try {
    return bindTcp(host, port);
  } catch (error) {
    throw new Error(`${position.file}:${position.line}: Listen: ${(error as Error).message}`);
  }
}

/** Closes those that the other list does not hold. */
export function closeUnshared(listeners: readonly BoundListener[], kept: readonly BoundListener[]): void {
  const shared = new Set(kept.map(({ socket }) => socket));
  for (const { socket } of listeners) if (!shared.has(socket)) socket.close();
}
