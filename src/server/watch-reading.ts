import type { Socket } from 'node:net';
import type { ReadLimit, ServerSettings } from '../config/model.js';

/** What a watched client does. */
export interface Reading {
  /** Bytes that have come, counted from anywhere. */
  bytes(): number;
  /** Milliseconds in which nobody here would have taken any. */
  excusedMs?(): number;
}

/**
 * Calls `expire` once when the client is slower than the limit (RequestReadTimeout) allows; the result ends the watch. `since`: when it
 * began, by performance.now(), and what reading.bytes() was then; absent: now.
 */
export function watchReading(
  limit: ReadLimit | undefined,
  reading: Reading,
  expire: () => void,
  since?: { readonly begun: number; readonly bytes: number },
): { stop(): void } {
  if (limit === undefined || limit.initialMs === 0) return { stop: () => {} };
  const { begun, bytes: bytesBefore } = since ?? { begun: performance.now(), bytes: reading.bytes() };
  let timer: NodeJS.Timeout | undefined;
  // What the client sends only makes the time longer: to look again when it would be over is enough.
  const check = () => {
    const allowed = allowedMs(limit, reading.bytes() - bytesBefore) + (reading.excusedMs?.() ?? 0);
    const left = begun + allowed - performance.now();
    if (left < 1) expire();
    else timer = setTimeout(check, Math.min(left, longestTimerMs));
  };
  const waited = performance.now() - begun;
  timer = setTimeout(check, Math.max(limit.initialMs - waited, 1));
  return { stop: () => clearTimeout(timer) };
}

/** RequestReadTimeout handshake=; without it, Timeout is for all of the handshake. */
export function watchHandshake(
  { readTimeouts, timeoutMs }: Pick<ServerSettings, 'readTimeouts' | 'timeoutMs'>,
  socket: Socket,
  expire: () => void,
): { stop(): void } {
  const said = readTimeouts.handshake;
  const limit = said === undefined || said.initialMs === 0 ? { initialMs: timeoutMs } : said;
  return watchReading(limit, { bytes: () => socket.bytesRead }, expire);
}

/** One second more for every `bytesPerSecond`. */
export function allowedMs({ initialMs, maximumMs, bytesPerSecond }: ReadLimit, bytes: number): number {
  if (bytesPerSecond === undefined) return initialMs;
  return Math.min(initialMs + (bytes * 1000) / bytesPerSecond, maximumMs ?? Number.POSITIVE_INFINITY);
}

/** The longest time that a timer of Node can wait. */
export const longestTimerMs = 2 ** 31 - 1;
