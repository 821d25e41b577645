import { Socket } from 'node:net';

type Fields = Socket & Record<symbol, unknown>;

const names = Object.getOwnPropertySymbols(new Socket());
const [bufferField, callbackField] = ['kBuffer', 'kBufferCb'].map((name) =>
  names.find(({ description }) => description === name),
);

/**
 * Lets a socket that a server has accepted read into `buffer` again and again, as with the option `onread` of net.Socket, which it has only for
 * sockets that connect: a new buffer for each piece costs as much as reading it. `read` hears how many bytes have come, and needs none of them when
 * it returns. False: not possible, should Node have changed; then everything comes as `data`.
 */
export function readAgain(socket: Socket, buffer: Buffer, read: (count: number) => void): boolean {
  const { _handle } = socket as { _handle?: { useUserBuffer?: (buffer: Buffer) => void } | null };
  if (bufferField === undefined || callbackField === undefined) return false;
  if (Object.getPrototypeOf(socket) !== Socket.prototype || _handle?.useUserBuffer === undefined)
    return false;
  const fields = socket as Fields;
  if (fields[bufferField] !== null || fields[callbackField] !== null) return false;
  fields[bufferField] = buffer;
  fields[callbackField] = (count: number): boolean => {
    read(count);
    return true;
  };
  _handle.useUserBuffer(buffer);
  return true;
}
