import { constants, createHash } from 'node:crypto';
import type { SecureContext, SecureContextOptions } from 'node:tls';
import type { TlsProtocol, TlsSettings } from '../config/model.js';
import type { HostMaterial } from './material.js';

const protocolBans: Readonly<Record<TlsProtocol, number>> = {
  TLSv1: constants.SSL_OP_NO_TLSv1,
  'TLSv1.1': constants.SSL_OP_NO_TLSv1_1,
  'TLSv1.2': constants.SSL_OP_NO_TLSv1_2,
  'TLSv1.3': constants.SSL_OP_NO_TLSv1_3,
};

/** What OpenSSL needs for the handshakes of one virtual host. @throws Error of OpenSSL for what it does not accept */
export function createHostContext(
  tls: TlsSettings,
  { hostId, identities, parameters, authorities, revocationLists }: HostMaterial,
  ticketKeys: Buffer,
): SecureContext {
  const minVersion = tls.protocols[0] ?? 'TLSv1.2';
  const maxVersion = tls.protocols.at(-1) ?? 'TLSv1.3';
  const options: SecureContextOptions = {
    cert: identities.map(({ certificates }) => certificates),
    key: identities.map(({ key }) => key),
    // An empty list believes nobody; without one, Node believes whoever the web believes.
    ca: [...authorities],
    ...(revocationLists.length === 0 ? {} : { crl: [...revocationLists] }),
    ciphers: tls.cipherSuites === undefined ? tls.cipherList : `${tls.cipherSuites}:${tls.cipherList}`,
    dhparam: parameters ?? 'auto',
    ecdhCurve: 'auto',
    honorCipherOrder: tls.honorCipherOrder,
    minVersion,
    maxVersion,
    secureOptions: secureOptionsOf(tls),
    ticketKeys,
    sessionTimeout: tls.sessionTimeoutSeconds,
    // A session of another virtual host is none of this one: it may have asked for other certificates.
    sessionIdContext: createHash('sha256').update(`${hostId}`).digest('hex').slice(0, 32),
  };
  // Loaded when it is needed first: it takes 1.5 MB.
  return process.getBuiltinModule('node:tls').createSecureContext(options);
}

/** Whether clients are asked for a certificate at all. */
export function asksForCertificate({ verifyClient, sectionsVerify }: TlsSettings): boolean {
  return verifyClient !== 'none' || sectionsVerify;
}

function secureOptionsOf(tls: TlsSettings): number {
  const banned = (Object.keys(protocolBans) as TlsProtocol[]).filter(
    (protocol) => !tls.protocols.includes(protocol),
  );
  let options = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION;
  for (const protocol of banned) options |= protocolBans[protocol];
  // A resumed session does not show the certificates again that it was opened with, so they could not be checked again.
  if (!tls.sessionTickets || asksForCertificate(tls)) options |= constants.SSL_OP_NO_TICKET;
  return options;
}
