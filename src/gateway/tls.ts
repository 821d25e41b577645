import type { Socket } from 'node:net';
import type { DetailedPeerCertificate, SecureContext, TLSSocket } from 'node:tls';
import type { ProxyTlsSettings } from '../config/model.js';
import { ConnectFailure, type ConnectionPlan, serverNameIndication } from './connection-plan.js';
import type { PassFault } from './gateway.js';

/** What OpenSSL says of a chain whose end nobody vouches for. */
const unknownAuthority: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/**
 * TLS over a connection, checked as SSLProxy… wants before anything is sent over it. As in httpd, nobody has to vouch for the certificate
 * unless SSLProxyVerify says so, but its name and its date have to be right.
 */
export function secureConnection(
  plain: Socket,
  plan: ConnectionPlan,
  tls: ProxyTlsSettings,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const fail = (status: 500 | 502, reason: string, fault: PassFault = 'bad-answer') => {
      clearTimeout(timer);
      plain.destroy();
      reject(new ConnectFailure(status, `TLS: ${reason}`, fault));
    };
    const timer = setTimeout(() => fail(502, 'no handshake in time'), plan.connectTimeoutMs);
    let socket: TLSSocket;
    try {
      socket = builtinTls().connect({
        socket: plain,
        // Judged below, with words for the log.
        rejectUnauthorized: false,
        checkServerIdentity: () => undefined,
        servername: serverNameIndication(plan.tlsName),
        secureContext: contextOf(tls),
      });
    } catch (error) {
      fail(500, (error as Error).message, 'own');
      return;
    }
    socket.on('error', (error: NodeJS.ErrnoException) => fail(502, error.code ?? error.message));
    socket.on('close', () => fail(502, 'the connection was closed during the handshake'));
    socket.once('secureConnect', () => {
      const problem = judge(socket, plan.tlsName, tls);
      if (problem !== undefined) {
        socket.destroy();
        fail(502, problem);
        return;
      }
      clearTimeout(timer);
      socket.removeAllListeners('error');
      socket.removeAllListeners('close');
      resolve(socket);
    });
  });
}

/** Loaded when it is needed first: it takes 1.5 MB. */
const builtinTls = () => process.getBuiltinModule('node:tls');

/** Certificates take long to read: once for each combination of settings. */
const contexts = new WeakMap<ProxyTlsSettings, SecureContext>();

function contextOf(tls: ProxyTlsSettings): SecureContext {
  const known = contexts.get(tls);
  if (known !== undefined) return known;
  const context = builtinTls().createSecureContext({
    ...(tls.authorities === undefined ? {} : { ca: tls.authorities }),
    ...(tls.identity === undefined ? {} : { cert: tls.identity, key: tls.identity }),
    ...(tls.ciphers === undefined ? {} : { ciphers: tls.ciphers }),
    ...(tls.minVersion === undefined ? {} : { minVersion: tls.minVersion }),
    ...(tls.maxVersion === undefined ? {} : { maxVersion: tls.maxVersion }),
  });
  contexts.set(tls, context);
  return context;
}

/** Why the certificate is not good enough; undefined: it is. */
function judge(socket: TLSSocket, name: string, tls: ProxyTlsSettings): string | undefined {
  const certificate = socket.getPeerCertificate(true);
  if (certificate?.raw === undefined) return tls.verify === 'require' ? 'there is no certificate' : undefined;
  // An Error in some versions of Node, its code in others, null if all is well.
  const error = socket.authorizationError as unknown as (Error & { code?: string }) | string | null;
  const code = error instanceof Error ? (error.code ?? error.message) : error;
  const { verify = 'none', checksExpiry = true, checksName = true } = tls;
  const isVerified = verify === 'require' || verify === 'optional';
  if (isVerified && code) return `the certificate is not trusted: ${code}`;
  if (verify === 'optional_no_ca' && code && !unknownAuthority.has(code) && !isAboutTime(code))
    return `the certificate is not valid: ${code}`;
  const depth = tls.depth ?? 1;
  if (isVerified && countAbove(certificate) > depth)
    return `the chain of certificates is longer than ${depth} (SSLProxyVerifyDepth)`;
  if (checksExpiry && !isValidNow(certificate)) return 'the certificate has expired, or is not valid yet';
  return checksName ? builtinTls().checkServerIdentity(name, certificate)?.message : undefined;
}

function isAboutTime(code: string): boolean {
  return code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID';
}

function isValidNow({ valid_from, valid_to }: DetailedPeerCertificate): boolean {
  const now = Date.now();
  return Date.parse(valid_from) <= now && now <= Date.parse(valid_to);
}

function countAbove(certificate: DetailedPeerCertificate): number {
  let count = 0;
  let at = certificate;
  while (at.issuerCertificate !== undefined && at.issuerCertificate.fingerprint256 !== at.fingerprint256) {
    at = at.issuerCertificate;
    count += 1;
  }
  return count;
}
