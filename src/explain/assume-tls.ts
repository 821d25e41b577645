import type { VirtualHost } from '../config/model.js';
import { parseHost } from '../http/index.js';
import type { Router } from '../routing/index.js';
import type { TlsConnection } from '../tls/index.js';
import type { AskedRequest } from './recorded-request.js';

/** The connection that a request would come over: TLS where its address speaks TLS. Notes what had to be taken for granted. */
export function assumeTls(
  { scheme, host, localAddress, localPort }: AskedRequest,
  router: Router,
  note: (assumption: string) => void,
): TlsConnection | undefined {
  const select = (hostName: string) => router.selectVirtualHost({ localAddress, localPort, hostName });
  const first = select('');
  if (first.settings.tls === undefined) {
    if (scheme === 'https') note(`nobody speaks TLS on ${localAddress}:${localPort}: this is plain HTTP`);
    return undefined;
  }
  if (scheme === 'http') note(`${localAddress}:${localPort} answers plain HTTP with 400: this is HTTPS`);
  const serverName = parseHost(host)?.host ?? '';
  const asked = select(serverName);
  if (asksForCertificate(asked)) note('the client shows no certificate');
  return {
    hostId: asked.id,
    certifiedHostId: (asked.settings.tls === undefined ? first : asked).id,
    serverName,
    protocol: asked.settings.tls?.protocols.at(-1) ?? 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    isResumed: false,
    verification: { kind: 'none' },
    clientChain: [],
    depth: 0,
  };
}

function asksForCertificate({ settings: { tls } }: VirtualHost): boolean {
  return tls !== undefined && (tls.verifyClient !== 'none' || tls.sectionsVerify);
}
