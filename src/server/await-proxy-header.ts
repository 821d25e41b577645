import type { Socket } from 'node:net';
import type { ReadLimit } from '../config/model.js';
import { parseProxyHeader } from './proxy-header.js';
import { watchReading } from './watch-reading.js';

/** What came of waiting for a PROXY header. */
export type AwaitedHeader =
  /** `address`: for whom the other end asks; absent: for itself. */
  | { readonly kind: 'read'; readonly address?: string }
  /** The connection is closed. */
  | { readonly kind: 'failed'; readonly reason: string };

/** Takes the PROXY header from the socket and leaves what is behind it; calls back once, unless the client leaves. */
export function awaitProxyHeader(
  socket: Socket,
  limit: ReadLimit,
  settle: (header: AwaitedHeader) => void,
): void {
  let bytes: Buffer = Buffer.alloc(0);
  const watch = watchReading(limit, { bytes: () => socket.bytesRead }, () =>
    fail('it did not arrive in time (RequestReadTimeout, Timeout)'),
  );
  const read = () => {
    const piece = socket.read() as Buffer | null;
    if (piece === null) return;
    bytes = Buffer.concat([bytes, piece]);
    const header = parseProxyHeader(bytes);
    if (header.kind === 'incomplete') return;
    if (header.kind === 'invalid') {
      fail(header.reason);
      return;
    }
    leave();
    const rest = bytes.subarray(header.length);
    if (rest.length > 0) socket.unshift(rest);
    const { address } = header;
    // When the stream knows that nobody reads it any more: whoever reads it next has to find it as it was accepted.
    setImmediate(() => {
      socket.removeListener('error', ignore);
      if (!socket.destroyed) settle({ kind: 'read', ...(address === undefined ? {} : { address }) });
    });
  };
  const leave = () => {
    watch.stop();
    socket.removeListener('readable', read);
    socket.removeListener('end', abandon);
    socket.removeListener('close', leave);
  };
  const fail = (reason: string) => {
    leave();
    socket.destroy();
    settle({ kind: 'failed', reason });
  };
  const abandon = () => fail('the connection ended before it was complete');
  const ignore = () => {};
  socket.on('error', ignore);
  socket.on('readable', read);
  socket.once('end', abandon);
  socket.once('close', leave);
}
