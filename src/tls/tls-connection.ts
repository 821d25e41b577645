import type { TLSSocket } from 'node:tls';
import type { TlsSettings, VerifyClient } from '../config/model.js';
import { type Certificate, parseCertificate } from './certificate.js';
import { asksForCertificate } from './host-context.js';

/** What came of the certificate that a client was asked for. */
export type ClientVerification =
  | { readonly kind: 'none' | 'success' }
  | {
      readonly kind: 'failed';
      readonly reason: string;
      /** Nothing else is wrong with it. */
      readonly isAuthorityUnknown: boolean;
    };

/** What is known of a connection once its handshake is over. */
export interface TlsConnection {
  /** The virtual host that the client asked for in the handshake, or the first one of the address. */
  readonly hostId: number;
  /** Whose certificate was shown: the same, unless that one has none of its own. */
  readonly certifiedHostId: number;
  /** The name that the client asked for. */
  readonly serverName?: string;
  /** `TLSv1.3` */
  readonly protocol: string;
  /** OpenSSL's name of it. */
  readonly cipher: string;
  readonly isResumed: boolean;
  /** Without regard to SSLVerifyDepth, which sections change. */
  readonly verification: ClientVerification;
  readonly clientCertificate?: Certificate;
  /** What leads from the client's certificate to an authority. */
  readonly clientChain: readonly Certificate[];
  /** Authorities above the client's certificate. */
  readonly depth: number;
  readonly serverCertificate?: Certificate;
}

/** Reads what a socket knows, once. */
export function describeConnection(
  socket: TLSSocket,
  tls: TlsSettings,
  known: Pick<TlsConnection, 'hostId' | 'certifiedHostId' | 'serverName'>,
): TlsConnection {
  const own = socket.getX509Certificate();
  const serverCertificate = own === undefined ? undefined : parseCertificate(own.raw);
  const chain = asksForCertificate(tls) ? readChain(socket) : [];
  const [clientCertificate, ...clientChain] = chain;
  return {
    ...known,
    protocol: socket.getProtocol() ?? '',
    cipher: socket.getCipher().name,
    isResumed: socket.isSessionReused(),
    verification: verify(socket, clientCertificate),
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    clientChain,
    depth: clientChain.length,
    ...(serverCertificate === undefined ? {} : { serverCertificate }),
  };
}

/** `depthLimit`: SSLVerifyDepth. */
export function judgeClient({ verification, depth }: TlsConnection, depthLimit: number): ClientVerification {
  if (verification.kind !== 'success' || depth <= depthLimit) return verification;
  return { kind: 'failed', reason: 'certificate chain too long (SSLVerifyDepth)', isAuthorityUnknown: false };
}

/** Whether a connection may go on that was asked for a certificate in the handshake. */
export function fulfils(mode: VerifyClient, verification: ClientVerification): boolean {
  const { kind } = verification;
  switch (mode) {
    case 'none':
      return true;
    case 'require':
      return kind === 'success';
    case 'optional':
      return kind === 'success' || kind === 'none';
    case 'optional_no_ca':
      return kind !== 'failed' || verification.isAuthorityUnknown;
  }
}

/** What can be wrong with a certificate only because its authority is not known (as httpd). */
const unknownAuthority = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
]);

function verify(socket: TLSSocket, certificate: Certificate | undefined): ClientVerification {
  if (certificate === undefined) return { kind: 'none' };
  // Missing in the type definitions: what the verification ended with.
  const { _handle } = socket as unknown as {
    _handle?: { verifyError(): (Error & { code?: string }) | null } | null;
  };
  if (_handle == null) return { kind: 'failed', reason: 'the connection is gone', isAuthorityUnknown: false };
  const error = _handle.verifyError();
  if (error !== null) {
    const isAuthorityUnknown = unknownAuthority.has(error.code ?? '');
    return { kind: 'failed', reason: error.message, isAuthorityUnknown };
  }
  return { kind: 'success' };
}

/** The client's certificate and those above it, as far as they are known. */
function readChain(socket: TLSSocket): Certificate[] {
  const chain: Certificate[] = [];
  const seen = new Set<unknown>();
  let current = socket.getPeerCertificate(true);
  while (current?.raw !== undefined && !seen.has(current)) {
    seen.add(current);
    const certificate = parseCertificate(current.raw);
    if (certificate === undefined) break;
    if (chain.at(-1)?.pem === certificate.pem) break;
    chain.push(certificate);
    current = current.issuerCertificate;
  }
  return chain;
}
