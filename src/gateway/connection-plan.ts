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
