import { cleanPath, headerValues, hostOfTarget, parseHost, setHeader } from '../http/index.js';
import { findChosenName } from '../routing/index.js';
import type { Exchange } from './exchange.js';
import { type Refusal, refuse } from './site.js';
import { checkConnection } from './tls-access.js';

/** Limits, Host and path, before anything is looked up: fills in what the exchange knows of the address. */
export function checkHead(exchange: Exchange): Refusal | undefined {
  const refusal = checkLimits(exchange) ?? checkExpectation(exchange) ?? readAddress(exchange);
  limitKeepAlive(exchange);
  return refusal;
}

/** KeepAlive and MaxKeepAliveRequests, which counts the requests behind the first. */
function limitKeepAlive({ record: { keepAliveIndex, reply }, virtualHost }: Exchange): void {
  const { keepAlive, maxKeepAliveRequests } = virtualHost.settings;
  if (!keepAlive || (maxKeepAliveRequests > 0 && keepAliveIndex >= maxKeepAliveRequests))
    reply.closeConnection();
}

/** LimitRequestLine, LimitRequestFieldSize, LimitRequestFields; all but the first answer 400, never 431 (as httpd). */
function checkLimits({ record, virtualHost }: Exchange): Refusal | undefined {
  const { limitRequestLine, limitRequestFieldSize, limitRequestFields } = virtualHost.settings;
  const lineLength = record.method.length + record.target.length + ' HTTP/1.1 '.length;
  if (lineLength > limitRequestLine + 1)
    return refuse(414, 'core', `request line longer than ${limitRequestLine} bytes`);
  const { headers } = record;
  if (limitRequestFields > 0 && headers.length / 2 > limitRequestFields) {
    return refuse(400, 'core', `more than ${limitRequestFields} header lines (LimitRequestFields)`);
  }
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string;
    if (name.length + (headers[at + 1] as string).length + 2 > limitRequestFieldSize + 1) {
      return refuse(
        400,
        'core',
        `header ${name.slice(0, 40)} longer than ${limitRequestFieldSize} bytes (LimitRequestFieldSize)`,
      );
    }
  }
  return undefined;
}

function checkExpectation({ record }: Exchange): Refusal | undefined {
  return record.expectation === 'unknown' ? refuse(417, 'http', 'unknown Expect header', 'info') : undefined;
}

/** Host, then the virtual host that it names, then the path by that host's rules. */
function readAddress(exchange: Exchange): Refusal | undefined {
  const { record, site } = exchange;
  const hosts = headerValues(record.headers, 'host');
  if (hosts.length > 1) return refuse(400, 'core', 'more than one Host header');
  if (hosts.length === 0 && record.httpVersion === '1.1') return refuse(400, 'core', 'no Host header');
  const targetHost = hostOfTarget(record.target);
  const hostText = targetHost ?? hosts[0];
  if (hostText !== undefined) {
    const host = parseHost(hostText);
    if (host === undefined) return refuse(400, 'core', 'the request names no valid host');
    exchange.host = host;
    const { localAddress, localPort } = record.connection;
    const asked = site.router.selectVirtualHost({ localAddress, localPort, hostName: host.host });
    // Until then nothing is that host's business, not even the page of an error.
    const misdirected = checkConnection(exchange, asked);
    if (misdirected !== undefined) return misdirected;
    exchange.virtualHost = asked;
    // Nobody behind this line shall see another host than the one that was decided on (RFC 9112 section 3.2.2).
    if (targetHost !== undefined) exchange.headers = setHeader(record.headers, 'Host', targetHost);
    const { virtualHost } = exchange;
    if (virtualHost.settings.strictHostCheck && findChosenName(virtualHost, host.host) === undefined)
      return refuse(400, 'core', `nobody here is called ${host.host} (StrictHostCheck)`);
  }
  if (hostText === undefined) {
    const nameless = checkConnection(exchange, exchange.virtualHost);
    if (nameless !== undefined) return nameless;
  }
  const target = cleanPath(record.target, exchange.virtualHost.settings);
  if (target.kind === 'refusal')
    return refuse(target.status, 'core', target.reason, target.status === 404 ? 'info' : 'error');
  exchange.path = target.path;
  exchange.rawPath = target.rawPath;
  exchange.query = target.query;
  return undefined;
}
