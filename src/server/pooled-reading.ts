import { Socket } from 'node:net';
import { type PieceUse, returnBuffer, takeBuffer } from '../proxy/index.js';

/** Who reads. */
export interface PooledReader {
  /**
   * The first `count` bytes of `buffer` have come. Unless it `isOwn`, they are overwritten by what comes next, to whomever; if it is, by what comes
   * next on this connection, if the answer is `free`.
   */
  read(buffer: Buffer, count: number, isOwn: boolean): PieceUse;
}

/** Reading from one connection without a new buffer for each piece: half of what a small request costs in net.Socket. */
export interface PooledReading {
  /** From the next piece but one on, each comes in a buffer of this connection's own, which may be kept; `false`: no longer. */
  giveAway(wanted: boolean): void;
  /** What comes from now on is read from the stream, as from any socket. */
  stop(): void;
}

/** As large as what libuv reads at once. */
const poolBytes = 65_536;
/** One for all connections: a piece is read, and done with, before the next comes. */
const pool = Buffer.allocUnsafeSlow(poolBytes);

type Fields = Socket & Record<symbol, unknown>;

const names = Object.getOwnPropertySymbols(new Socket());
const [bufferField, callbackField, generatorField] = ['kBuffer', 'kBufferCb', 'kBufferGen'].map((name) =>
  names.find(({ description }) => description === name),
);

/**
 * Lets the socket read as with the option `onread` of net.Socket, which it has for sockets that connect and not for those that a server
 * accepts. undefined: not possible, with TLS or should Node have changed; then everything comes as `data`, as it does where
 * something is put back into the stream.
 */
export function readPooled(socket: Socket, reader: PooledReader): PooledReading | undefined {
  const { _handle } = socket as { _handle?: { useUserBuffer?: (buffer: Buffer) => void } | null };
  if (bufferField === undefined || callbackField === undefined || generatorField === undefined)
    return undefined;
  if (Object.getPrototypeOf(socket) !== Socket.prototype || _handle?.useUserBuffer === undefined)
    return undefined;
  const fields = socket as Fields;
  if (fields[bufferField] !== null || fields[callbackField] !== null) return undefined;
  let isStopped = false;
  let givesAway = false;
  let own: Buffer | undefined;
  const nextBuffer = () => {
    if (givesAway) {
      own ??= takeBuffer();
      return own;
    }
    if (own !== undefined) returnBuffer(own);
    own = undefined;
    fields[generatorField] = null;
    return pool;
  };
  fields[bufferField] = pool;
  fields[callbackField] = (count: number, buffer: Buffer): boolean => {
    if (isStopped) return socket.push(Buffer.from(buffer.subarray(0, count)));
    if (reader.read(buffer, count, buffer !== pool) !== 'free') own = undefined;
    return true;
  };
  _handle.useUserBuffer(pool);
  return {
    giveAway: (wanted) => {
      givesAway = wanted;
      if (wanted) fields[generatorField] = nextBuffer;
    },
    stop: () => {
      isStopped = true;
      givesAway = false;
    },
  };
}
