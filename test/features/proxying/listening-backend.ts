import { once } from 'node:events';
import type { Server, Socket } from 'node:net';

/** Where a backend of a test listens. */
export type BackendAddress = { readonly path: string } | { readonly port: number; readonly host: string };

export const anyPort: BackendAddress = { port: 0, host: '127.0.0.1' };

/** A server that listens, until it is stopped. */
export interface ListeningBackend {
  /** 0 for a Unix socket. */
  readonly port: number;
  /** Of all connections that were accepted. */
  readonly sockets: readonly Socket[];
  stop(): Promise<void>;
}

/** Makes a server listen; `stop` ends its connections, too. */
export async function listenAsBackend(server: Server, at: BackendAddress): Promise<ListeningBackend> {
  const sockets: Socket[] = [];
  server.on('connection', (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
  });
  server.listen(at);
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    sockets,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
