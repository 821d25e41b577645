import { Agent, type ClientRequest } from 'node:http';
import { connect as netConnect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ConnectFailure, type ConnectionPlan } from './connection-plan.js';
import { KeptSockets } from './kept-sockets.js';
import { Slots } from './slots.js';
import { secureConnection } from './tls.js';

/** Free connections are kept for so long, unless `ttl` says otherwise: shorter than what servers usually wait. */
const usualTtlMs = 4_000;
/** Free connections that are kept. */
const mostFree = 32;

/** Connections to one place, kept for later requests. */
export class ConnectionPool {
  readonly slots: Slots;
  /** For requests of node:http. */
  readonly agent: Agent;
  /** For other protocols. */
  readonly kept: KeptSockets;
  readonly #plan: ConnectionPlan;

  constructor(plan: ConnectionPlan) {
    const { max = Number.POSITIVE_INFINITY, ttlMs = usualTtlMs } = plan.target.parameters;
    this.#plan = plan;
    this.slots = new Slots(max);
    this.kept = new KeptSockets(ttlMs, mostFree);
    this.agent = new KeptConnections({
      keepAlive: true,
      maxFreeSockets: mostFree,
      timeout: ttlMs,
      scheduling: 'lifo',
    });
    this.agent.createConnection = (_options, callback) => {
      openConnection(plan).then(
        (socket) => callback?.(null, socket),
        (error: Error) => callback?.(error, undefined as unknown as Duplex),
      );
      return undefined;
    };
  }

  /** A new connection; rejects with a ConnectFailure. */
  open(): Promise<Socket> {
    return openConnection(this.#plan);
  }

  /** They were there before a server that has been started anew. */
  dropFree(): void {
    for (const sockets of Object.values(this.agent.freeSockets))
      for (const socket of sockets ?? []) socket.destroy();
  }
}

/** What comes on a connection that nobody is using would be taken for the answer to the next request: such a connection is closed. */
class KeptConnections extends Agent {
  override keepSocketAlive(socket: Duplex): boolean {
    socket.on('data', destroyThis);
    socket.resume();
    // @ts-expect-error Documented, but missing in the type definitions.
    return super.keepSocketAlive(socket);
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    socket.removeListener('data', destroyThis);
    super.reuseSocket(socket, request);
  }
}

function destroyThis(this: Duplex): void {
  this.destroy();
}

/** A new connection, with TLS where the plan says so; rejects with a ConnectFailure. */
export async function openConnection(plan: ConnectionPlan): Promise<Socket> {
  const socket = await openPlain(plan);
  return plan.tls === undefined ? socket : secureConnection(socket, plan, plan.tls);
}

function openPlain({ target, connectTimeoutMs, sourceAddress }: ConnectionPlan): Promise<Socket> {
  const { socketPath, host, port } = target;
  const { keepAlive = false } = target.parameters;
  return new Promise((resolve, reject) => {
    const socket =
      socketPath === undefined
        ? netConnect({
            host,
            port,
            noDelay: true,
            keepAlive,
            ...(sourceAddress === undefined ? {} : { localAddress: sourceAddress }),
          })
        : netConnect({ path: socketPath });
    const fail = (failure: ConnectFailure) => {
      clearTimeout(timer);
      socket.destroy();
      reject(failure);
    };
    const timer = setTimeout(
      () =>
        fail(new ConnectFailure(503, `no connection within ${connectTimeoutMs / 1000} s`, 'no-connection')),
      connectTimeoutMs,
    );
    socket.on('error', (error: NodeJS.ErrnoException) => fail(describeFailure(error)));
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}

function describeFailure({ code = '', message, syscall }: NodeJS.ErrnoException): ConnectFailure {
  if (syscall === 'getaddrinfo')
    return new ConnectFailure(500, `the name cannot be looked up: ${code}`, 'no-address');
  return new ConnectFailure(503, `no connection: ${code || message}`, 'no-connection');
}
