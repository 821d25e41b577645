import type { Socket } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import type { ServerConfig, TlsSettings, VirtualHost } from '../config/model.js';
import { readFirstBytes } from './client-hello.js';
import { asksForCertificate, createHostContext } from './host-context.js';
import type { TlsMaterial } from './material.js';
import { describeConnection, fulfils, judgeClient, type TlsConnection } from './tls-connection.js';

/** What a front end provides. */
export interface TlsPorts {
  selectVirtualHost(facts: {
    readonly localAddress: string;
    readonly localPort: number;
    readonly hostName: string;
  }): VirtualHost;
  /** A handshake that came to nothing. */
  log(host: VirtualHost, client: string, level: 'info' | 'error', message: string): void;
  /** Calls back when the handshake takes too long, from accepting the connection on. */
  watchHandshake(host: VirtualHost, socket: Socket, expire: () => void): { stop(): void };
}

/** What becomes of a connection. */
export interface Accepted {
  /** HTTP is spoken over it now: over TLS, or plainly where the address has no TLS. */
  readonly connection: (socket: Socket, tls: TlsConnection | undefined) => void;
  /** Somebody speaks plain HTTP where TLS is spoken: what was sent is not read, and can be answered plainly. */
  readonly plain: (socket: Socket) => void;
}

/** Makes connections of sockets. One of them per front end. */
export interface TlsAcceptor {
  accept(socket: Socket, accepted: Accepted): void;
  /** Cuts off everybody who has not finished the handshake. */
  destroy(): void;
}

/** How a virtual host shakes hands. */
interface ChosenContext {
  readonly tls: TlsSettings;
  readonly context: SecureContext;
}

/** Undefined: no virtual host speaks TLS. */
export function createTlsAcceptor(
  config: ServerConfig,
  material: TlsMaterial,
  ports: TlsPorts,
): TlsAcceptor | undefined {
  const hosts = [config.mainServer, ...config.virtualHosts];
  const contexts = new Map<number, ChosenContext>();
  for (const host of material.hosts) {
    const tls = hosts.find(({ id }) => id === host.hostId)?.settings.tls;
    if (tls === undefined) throw new Error('certificates of a virtual host that does not speak TLS');
    contexts.set(host.hostId, {
      tls,
      context: createHostContext(tls, host, Buffer.from(material.ticketKeys)),
    });
  }
  if (contexts.size === 0) return undefined;
  const pending = new Set<Socket>();

  const accept = (socket: Socket, accepted: Accepted) => {
    const local = {
      localAddress: withoutMapping(socket.localAddress ?? ''),
      localPort: socket.localPort ?? 0,
    };
    const first = ports.selectVirtualHost({ ...local, hostName: '' });
    const fallback = contexts.get(first.id);
    if (fallback === undefined) {
      accepted.connection(socket, undefined);
      return;
    }
    const client = `${withoutMapping(socket.remoteAddress ?? '')}:${socket.remotePort ?? 0}`;
    const ignore = () => {};
    pending.add(socket);
    socket.on('error', ignore);
    const watch = ports.watchHandshake(first, socket, () => {
      ports.log(first, client, 'info', 'the TLS handshake did not end in time (RequestReadTimeout, Timeout)');
      socket.destroy();
    });
    const settle = () => {
      watch.stop();
      pending.delete(socket);
    };
    socket.once('close', settle);
    readHello(socket, (hello) => {
      if (hello === 'other') {
        settle();
        accepted.plain(socket);
        return;
      }
      const { serverName } = hello;
      const asked =
        serverName === undefined ? first : ports.selectVirtualHost({ ...local, hostName: serverName });
      const chosen = contexts.get(asked.id) ?? fallback;
      const certifiedHostId = contexts.has(asked.id) ? asked.id : first.id;
      const known = {
        hostId: asked.id,
        certifiedHostId,
        ...(serverName === undefined ? {} : { serverName }),
      };
      shakeHands(socket, chosen, known, {
        opened: (secure, tls) => {
          settle();
          accepted.connection(secure, tls);
        },
        failed: (level, message) => ports.log(asked, client, level, message),
      });
    });
  };
  return {
    accept,
    destroy: () => {
      for (const socket of pending) socket.destroy();
    },
  };
}

/** Waits until it is clear which host the client asks for; the bytes stay in the socket. */
function readHello(socket: Socket, found: (hello: { readonly serverName?: string } | 'other') => void): void {
  let bytes = Buffer.alloc(0);
  const read = () => {
    const piece = socket.read() as Buffer | null;
    if (piece === null) return;
    bytes = Buffer.concat([bytes, piece]);
    const first = readFirstBytes(bytes);
    if (first.kind === 'incomplete') return;
    socket.removeListener('readable', read);
    socket.removeListener('end', leave);
    socket.pause();
    if (first.kind === 'hello') {
      socket.unshift(bytes);
      found(first);
    } else found('other');
  };
  // A client that says nothing more will not begin.
  const leave = () => socket.destroy();
  socket.on('readable', read);
  socket.once('end', leave);
}

/** Calls back once: with a connection that fulfils what the virtual host asks of all, or with why there is none. */
function shakeHands(
  socket: Socket,
  chosen: ChosenContext,
  known: Pick<TlsConnection, 'hostId' | 'certifiedHostId' | 'serverName'>,
  handlers: {
    opened(secure: TLSSocket, tls: TlsConnection): void;
    failed(level: 'info' | 'error', message: string): void;
  },
): void {
  const secure = secureSocket(socket, chosen);
  let isSettled = false;
  secure.on('error', (error) => {
    // From then on, errors are for those who speak HTTP.
    if (isSettled) return;
    isSettled = true;
    handlers.failed('info', `the TLS handshake failed: ${describeFailure(error)}`);
    socket.destroy();
  });
  secure.once('secure', () => {
    isSettled = true;
    const tls = describeConnection(secure, chosen.tls, known);
    const verification = judgeClient(tls, chosen.tls.verifyDepth);
    if (fulfils(chosen.tls.verifyClient, verification)) {
      handlers.opened(secure, tls);
      return;
    }
    const reason = verification.kind === 'failed' ? verification.reason : 'there is none';
    handlers.failed('error', `the certificate of the client is refused: ${reason}`);
    secure.destroy();
  });
}

function secureSocket(socket: Socket, { tls, context }: ChosenContext): TLSSocket {
  const { TLSSocket } = process.getBuiltinModule('node:tls');
  const secure = new TLSSocket(socket, {
    isServer: true,
    secureContext: context,
    ALPNProtocols: ['http/1.1'],
    requestCert: asksForCertificate(tls),
    // What comes of it is looked at when the handshake is over: Node's own way knows neither SSLVerifyDepth nor optional_no_ca.
    rejectUnauthorized: false,
  });
  // Only TCP itself can be reset: what was sent last must not look like the end.
  secure.resetAndDestroy = () => {
    socket.resetAndDestroy();
    return secure;
  };
  return secure;
}

/** `::ffff:192.0.2.1` is an IPv4 address on a socket for both families. */
function withoutMapping(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

function describeFailure(error: NodeJS.ErrnoException & { readonly reason?: string }): string {
  return error.reason ?? error.code ?? error.message;
}
