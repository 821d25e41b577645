import type { Duplex } from 'node:stream';
import { endToEndHeaders, isHeaderName, isHeaderValue } from '../http/index.js';
import type { BodySource } from '../proxy/index.js';
import type { Exchange } from './exchange.js';

/** How long a client may take to close its side after the application has closed its own, in milliseconds. */
const farewellMs = 5_000;

/** A connection of a client that an application has made a WebSocket of. */
export interface HostedConnection {
  readonly source: BodySource;
  write(piece: Buffer): boolean;
  writeText(text: string): boolean;
  onDrain(callback: () => void): void;
  end(): void;
  cut(): void;
}

/** Answers 101 and hands over the connection; a text says why that cannot be sent. `onGone`: the connection is closed, whoever did it. */
export function openHostedConnection(
  { record }: Exchange,
  headers: readonly string[],
  onGone: () => void,
): HostedConnection | string {
  const sent = endToEndHeaders(headers);
  for (let at = 0; at < sent.length; at += 2)
    if (!isHeaderName(sent[at] as string) || !isHeaderValue(sent[at + 1] as string))
      return `the answer to the handshake has an invalid header ${JSON.stringify(sent[at])}`;
  const socket = record.reply.switchProtocol([...sent, 'Upgrade', 'websocket', 'Connection', 'Upgrade']);
  socket.once('close', onGone);
  return {
    source: sourceOf(socket),
    write: (piece) => socket.write(piece),
    writeText: (text) => socket.write(text, 'latin1'),
    onDrain: (callback) => void socket.once('drain', callback),
    end: () => endSoon(socket),
    cut: () => void socket.destroy(),
  };
}

function sourceOf(socket: Duplex): BodySource {
  return {
    start: (listener) => {
      socket.on('data', (piece: Buffer) => listener.piece(piece));
      socket.once('end', () => listener.end());
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
  };
}

/** What was written still goes out, and what still comes in is read, so that nothing of it is lost to a reset. */
function endSoon(socket: Duplex): void {
  const timer = setTimeout(() => socket.destroy(), farewellMs);
  socket.once('close', () => clearTimeout(timer));
  socket.resume();
  socket.end();
}
