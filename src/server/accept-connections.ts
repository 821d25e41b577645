import { Server, type Socket } from 'node:net';
import { isInRanges } from '../matching/index.js';
import type { TlsAcceptor } from '../tls/index.js';
import { awaitProxyHeader } from './await-proxy-header.js';
import { localEndOf, noteProxied, noteTls, passProxied, readFacts } from './connection-facts.js';
import type { ListenerState } from './listener-ports.js';

interface Accepting {
  /** HTTP is spoken over it now. */
  ready(socket: Socket): void;
  /** Absent: all connections are plain HTTP. */
  readonly acceptor: TlsAcceptor | undefined;
  refusePlain(socket: Socket): void;
}

/** Accepts connections, and reads all that comes before HTTP: a PROXY header, the handshake of TLS. */
export function createAccepting(state: ListenerState, { ready, acceptor, refusePlain }: Accepting): Server {
  const { handlers, limits } = state;
  const begin = (socket: Socket) => {
    if (acceptor === undefined) ready(socket);
    else
      acceptor.accept(socket, {
        connection: (secure, tls) => {
          if (tls !== undefined) noteTls(secure, tls);
          passProxied(socket, secure);
          ready(secure);
        },
        plain: refusePlain,
      });
  };
  const accepting = new Server({ allowHalfOpen: true, noDelay: true }, (socket) => {
    handlers.accepted?.(socket);
    if (limits.hasProxyProtocol) readProxyHeader(socket, state, () => begin(socket));
    else begin(socket);
  });
  if (limits.connections !== undefined) accepting.maxConnections = limits.connections;
  accepting.on('drop', () => handlers.dropped?.());
  return accepting;
}

/** RemoteIPProxyProtocol, where the address of the listener has it. */
function readProxyHeader(socket: Socket, { handlers, limits }: ListenerState, begin: () => void): void {
  const { proxyProtocol } = limits.ofConnection(localEndOf(socket));
  const facts = readFacts(socket);
  if (proxyProtocol === undefined || isInRanges(facts.clientAddress, proxyProtocol.exceptions) === true) {
    begin();
    return;
  }
  awaitProxyHeader(socket, proxyProtocol.limit, (header) => {
    if (header.kind === 'failed') {
      handlers.lost(facts, `RemoteIPProxyProtocol: ${header.reason}`);
      return;
    }
    if (header.address !== undefined) noteProxied(socket, header.address);
    begin();
  });
}
