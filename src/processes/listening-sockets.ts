import { chmodSync, chownSync, unlinkSync } from 'node:fs';
import net from 'node:net';
import { getSystemErrorMap } from 'node:util';

/**
 * A socket that is bound but not accepting in this process: children inherit `fd`, listen on it and accept. The kernel keeps the
 * queue of connections as long as anybody holds it, so no child's death closes the door.
 */
export interface BoundSocket {
  readonly fd: number;
  /** The port that the kernel chose, when 0 was asked for; 0 for unix sockets. */
  readonly port: number;
  close(): void;
}

/** The address could not be bound; `code` is the system's (`EADDRINUSE`, `EACCES`, …). */
export class BindError extends Error {
  override readonly name = 'BindError';
  readonly code: string;

  constructor(where: string, code: string) {
    super(`could not bind to ${where}: ${explain(where, code)} (${code})`);
    this.code = code;
  }
}

function explain(where: string, code: string): string {
  if (code === 'EADDRINUSE') return 'another program, or another modhost, listens there';
  if (code === 'EADDRNOTAVAIL') return 'this machine has no such address';
  if (code === 'EACCES' && !where.startsWith('/')) return 'only root may listen on ports below 1024';
  return 'the system refused';
}

interface NativeHandle {
  readonly fd: number;
  close(): void;
  getsockname?(out: { port?: number }): number;
}

/**
 * Node has no public way to bind without accepting: `net.Server` accepts as soon as it listens. This is the function that
 * its own `cluster` module uses for the same purpose; `test/processes/listening-sockets.test.ts` defends it.
 */
type CreateServerHandle = (
  address: string | null,
  port: number,
  addressType: 4 | 6 | -1,
  fd: number,
  flags: number,
) => NativeHandle | number;
const createServerHandle = (net as unknown as { _createServerHandle: CreateServerHandle })
  ._createServerHandle;

/** `host` absent: all addresses, IPv6 and IPv4. @throws BindError */
export function bindTcp(host: string | undefined, port: number): BoundSocket {
  const where = host === undefined ? `[::]:${port}` : `${host}:${port}`;
  const handle =
    host === undefined ? bindAny(port) : createServerHandle(host, port, net.isIPv6(host) ? 6 : 4, -1, 0);
  const socket = asBoundSocket(handle, where);
  // libuv keeps EADDRINUSE for `listen`, which happens elsewhere: a socket without a port is one that was not bound.
  if (socket.port === 0) {
    socket.close();
    throw new BindError(where, 'EADDRINUSE');
  }
  return socket;
}

function bindAny(port: number): NativeHandle | number {
  const dual = createServerHandle('::', port, 6, -1, 0);
  // Without IPv6 in the kernel: IPv4 only.
  return typeof dual === 'number' && errorCode(dual) !== 'EADDRINUSE'
    ? createServerHandle('0.0.0.0', port, 4, -1, 0)
    : dual;
}

/**
 * Binds a unix socket that only its owner may connect to.
 * @param owner numeric ids that the file is given to, when running as root
 * @throws BindError
 */
export function bindUnix(
  path: string,
  owner: { readonly uid: number; readonly gid: number } | undefined,
): BoundSocket {
  removeStale(path);
  const umask = process.umask(0o177);
  try {
    const socket = asBoundSocket(createServerHandle(path, -1, -1, -1, 0), path);
    chmodSync(path, 0o600);
    if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
    return socket;
  } finally {
    process.umask(umask);
  }
}

function removeStale(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function asBoundSocket(handle: NativeHandle | number, where: string): BoundSocket {
  if (typeof handle === 'number') throw new BindError(where, errorCode(handle));
  const name: { port?: number } = {};
  handle.getsockname?.(name);
  let isClosed = false;
  return {
    fd: handle.fd,
    port: name.port ?? 0,
    close: () => {
      if (!isClosed) handle.close();
      isClosed = true;
    },
  };
}

function errorCode(negativeErrno: number): string {
  const entry = [...getSystemErrorMap()].find(([errno]) => errno === negativeErrno);
  return entry?.[1][0] ?? `errno ${negativeErrno}`;
}
