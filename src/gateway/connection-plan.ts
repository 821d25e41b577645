import { isIP } from 'node:net';
import type { ProxyTlsSettings, ServerTarget } from '../config/model.js';
import type { PassFault } from './gateway.js';

/** Where connections of one kind lead, and how long one may take to come about. */
export interface ConnectionPlan {
  readonly target: ServerTarget;
  /** Absent: no TLS. */
  readonly tls?: ProxyTlsSettings;
  /** Name in the certificate, and for SNI. */
  readonly tlsName: string;
  readonly connectTimeoutMs: number;
  /** ProxySourceAddress */
  readonly sourceAddress?: string;
}

/** What is said of a server and of the way there. */
export interface ServerAddress extends Omit<ConnectionPlan, 'tls'> {
  readonly tls: ProxyTlsSettings;
}

/** TLS where the scheme wants it. */
export function planConnection({
  target,
  tls,
  tlsName,
  connectTimeoutMs,
  sourceAddress,
}: ServerAddress): ConnectionPlan {
  const isSecure = needsTls(target);
  return {
    target,
    ...(isSecure ? { tls } : {}),
    tlsName: isSecure ? tlsName : '',
    connectTimeoutMs,
    ...(sourceAddress === undefined ? {} : { sourceAddress }),
  };
}

/** Why a server is never asked; undefined: nothing speaks against it. */
export function findObstacle(target: ServerTarget, tls: ProxyTlsSettings = {}): string | undefined {
  return needsTls(target) && tls.isOn !== true ? 'TLS is needed, and SSLProxyEngine is not On' : undefined;
}

function needsTls({ scheme }: ServerTarget): boolean {
  return scheme === 'https' || scheme === 'wss';
}

/** A connection could not be made. */
export class ConnectFailure extends Error {
  readonly status: 500 | 502 | 503;
  readonly fault: PassFault;

  constructor(status: 500 | 502 | 503, message: string, fault: PassFault) {
    super(message);
    this.status = status;
    this.fault = fault;
  }
}

/** What SNI may say: no addresses (RFC 6066 section 3). */
export function serverNameIndication(name: string): string {
  return isIP(name) === 0 ? name : '';
}
