import type { Server } from 'node:net';
import type { TlsAcceptor } from '../tls/index.js';
import { createAccepting } from './accept-connections.js';
import { LeanConnections } from './lean-connection.js';
import type { ListenerHandlers, ListenerLimits, ListenerState } from './listener-ports.js';
import { createNodeServer } from './node-server.js';

export type { ListenerHandlers, ListenerLimits, UnreadableRequest } from './listener-ports.js';

export interface HttpListener {
  /** `fd`: a bound socket. Rejects if it cannot listen. */
  listen(fd: number, backlog: number): Promise<void>;
  /** Stops accepting; resolves when the last connection has ended. */
  drain(): Promise<void>;
  /** Destroys every connection. */
  destroy(): void;
}

/**
 * Makes request records of what clients send. Every connection begins at the lean reader; at the first request that is in any way
 * unusual it goes over to node:http, and stays there. `acceptor`: how connections begin that may be TLS; absent: all are plain HTTP.
 */
export function createListener(
  limits: ListenerLimits,
  handlers: ListenerHandlers,
  acceptor?: TlsAcceptor,
): HttpListener {
  const state: ListenerState = { limits, handlers, isDraining: false };
  const node = createNodeServer(state);
  const lean = new LeanConnections(state, (socket, handed) => node.take(socket, handed));
  const accepting = createAccepting(state, {
    ready: (socket) => (limits.isNodeOnly === true ? node.take(socket) : lean.take(socket)),
    refusePlain: (socket) => node.refusePlain(socket),
    acceptor,
  });
  return {
    listen: (fd, backlog) =>
      new Promise((resolve, reject) => {
        accepting.once('error', reject);
        accepting.listen({ fd, backlog }, () => {
          accepting.removeListener('error', reject);
          resolve();
        });
      }),
    drain: () => {
      state.isDraining = true;
      return closeServer(accepting);
    },
    destroy: () => {
      acceptor?.destroy();
      lean.destroy();
      node.destroy();
    },
  };
}

/** Only stops accepting: idle connections, on some of which a request is already on its way, get `Connection: close` with their next answer, or end at KeepAliveTimeout. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
