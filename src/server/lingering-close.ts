import type { Socket } from 'node:net';

/** How long the client may send nothing, and how long it may take in all, before it has to have closed its side. */
const silenceMs = 2_000;
const longestMs = 30_000;

const closing = new WeakSet<Socket>();

/**
 * Closes a connection behind its last answer: sends what is left and the end, then takes and drops what the client sends until it
 * ends too. Closed at once, the system would answer that with a reset, which takes the answer away from a client that has not read
 * it yet (RFC 9112 section 9.6). A client that never ends is cut off.
 */
export function closeLingering(socket: Socket): void {
  if (closing.has(socket)) return;
  closing.add(socket);
  let hasEnded = false;
  let received = socket.bytesRead;
  let waited = 0;
  const timer = setInterval(() => {
    waited += silenceMs;
    if ((hasEnded && socket.bytesRead === received) || waited >= longestMs) socket.destroy();
    received = socket.bytesRead;
  }, silenceMs);
  socket.once('close', () => clearInterval(timer));
  socket.end(() => {
    hasEnded = true;
    socket.resume();
  });
}
