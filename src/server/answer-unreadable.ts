import type { VirtualHost } from '../config/model.js';
import { errorPage, reasonPhrase } from '../http/index.js';
import type { AccessRecord } from '../log/index.js';
import type { UnreadableRequest } from './listener.js';
import type { Site } from './site.js';

/** The whole answer to what was no request. It is logged like one: whoever watches the log wants to see such attempts. */
export function answerUnreadable(request: UnreadableRequest, site: Site): Buffer {
  const { connection, status, reason, hint } = request;
  const virtualHost = site.router.selectVirtualHost({ ...connection, hostName: '' });
  const client = `${connection.clientAddress}:${connection.clientPort}`;
  site.logs.errorLog(virtualHost).log('info', 'core', reason, { client });
  const page = errorPage(
    status,
    hint === undefined ? {} : { hint: 'This port speaks HTTPS: use an address that begins with https://.' },
  );
  logAccess(request, virtualHost, page.length, site);
  const head = [
    `HTTP/1.1 ${status} ${reasonPhrase(status)}`,
    `Date: ${new Date().toUTCString()}`,
    `Server: ${site.software}`,
    `Content-Length: ${page.length}`,
    'Connection: close',
    'Content-Type: text/html; charset=iso-8859-1',
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${page}`, 'latin1');
}

function logAccess(
  { connection, status }: UnreadableRequest,
  virtualHost: VirtualHost,
  bodyBytes: number,
  site: Site,
): void {
  const serverName = virtualHost.serverName?.host ?? connection.localAddress;
  const record: AccessRecord = {
    startedAt: Date.now(),
    durationUs: 0,
    clientAddress: connection.clientAddress,
    peerAddress: connection.clientAddress,
    peerPort: connection.clientPort,
    localAddress: connection.localAddress,
    localPort: connection.localPort,
    keepAliveIndex: 0,
    connection: 'closed',
    status,
    bodyBytesSent: bodyBytes,
    bytesReceived: 0,
    bytesSent: bodyBytes,
    serverName,
    canonicalName: serverName,
    canonicalPort: virtualHost.serverName?.port ?? 80,
    pid: process.pid,
    requestHeader: () => undefined,
    responseHeader: () => undefined,
    environment: () => undefined,
  };
  // Nothing is known that an expression could ask for: rather a line too many.
  site.logs.logAccess(
    virtualHost,
    () => record,
    () => true,
  );
}
