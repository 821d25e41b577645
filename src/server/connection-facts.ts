import type { Socket } from 'node:net';
import type { TlsConnection } from '../tls/index.js';
import type { ConnectionFacts } from './request-record.js';

/** The address and port that a connection came in on. */
export type LocalEnd = Pick<ConnectionFacts, 'localAddress' | 'localPort'>;

const tlsConnections = new WeakMap<Socket, TlsConnection>();
/** What PROXY headers have said, by the socket of the connection. */
const proxiedAddresses = new WeakMap<Socket, string>();
const knownFacts = new WeakMap<Socket, ConnectionFacts>();

export function noteTls(socket: Socket, tls: TlsConnection): void {
  tlsConnections.set(socket, tls);
}

/** `address`: for whom the other end of the connection asks. */
export function noteProxied(socket: Socket, address: string): void {
  proxiedAddresses.set(socket, address);
}

/** What a PROXY header has said holds for what is spoken over the connection, too. */
export function passProxied(from: Socket, to: Socket): void {
  const address = proxiedAddresses.get(from);
  if (address !== undefined) proxiedAddresses.set(to, address);
}

/** Looked up once, when a connection has its first request: a PROXY header and the handshake have been read then. */
export function factsOf(socket: Socket): ConnectionFacts {
  const known = knownFacts.get(socket);
  if (known !== undefined) return known;
  const facts = readFacts(socket);
  knownFacts.set(socket, facts);
  return facts;
}

/** As far as they are known by now. */
export function readFacts(socket: Socket): ConnectionFacts {
  const tls = tlsConnections.get(socket);
  const proxied = proxiedAddresses.get(socket);
  return {
    clientAddress: withoutMapping(socket.remoteAddress ?? ''),
    clientPort: socket.remotePort ?? 0,
    ...localEndOf(socket),
    ...(tls === undefined ? {} : { tls }),
    ...(proxied === undefined ? {} : { proxiedAddress: proxied }),
  };
}

export function localEndOf({ localAddress = '', localPort = 0 }: Socket): LocalEnd {
  return { localAddress: withoutMapping(localAddress), localPort };
}

/** `::ffff:192.0.2.1` is an IPv4 client on a socket for both families. */
function withoutMapping(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
