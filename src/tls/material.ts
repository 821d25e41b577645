import type { Position } from '../config/model.js';

/** Certificates and keys as they were read: plain data for the front ends. It is never logged and stands in no file of ours. */
export interface TlsMaterial {
  readonly hosts: readonly HostMaterial[];
  /** 48 random bytes: front ends that share them resume each other's sessions. */
  readonly ticketKeys: Uint8Array;
}

/** Of one virtual host. PEM texts. */
export interface HostMaterial {
  readonly hostId: number;
  /** One for each kind of key; the certificate first, then those that lead to its authority. */
  readonly identities: readonly { readonly certificates: string; readonly key: string }[];
  /** Parameters for Diffie and Hellman that stand with a certificate. */
  readonly parameters?: string;
  /** Whose client certificates are believed. */
  readonly authorities: readonly string[];
  readonly revocationLists: readonly string[];
}

/** What is wrong with a file, or may become so. The kinds are those of the mistakes of a site file. */
export interface MaterialFault {
  readonly severity: 'error' | 'warning';
  readonly kind:
    | 'tls-file-unusable'
    | 'tls-key-mismatch'
    | 'tls-key-encrypted'
    | 'tls-certificate-expired'
    | 'tls-certificate-name'
    | 'world-readable';
  readonly position: Position;
  readonly directive: string;
  readonly message: string;
}
