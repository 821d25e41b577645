import { type CleanedTarget, cleanPath, headerValues, parseHost } from '../http/index.js';
import type { Exchange } from './exchange.js';
import { type Refusal, refuse } from './site.js';

/** Limits, Host and path, before anything is looked up: fills in what the exchange knows of the address. */
export function checkHead(exchange: Exchange): Refusal | undefined {
  return checkLimits(exchange) ?? checkExpectation(exchange) ?? readAddress(exchange);
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
  const { record, site, virtualHost } = exchange;
  const target = cleanTarget(exchange);
  if (target.kind === 'refusal')
    return refuse(target.status, 'core', target.reason, target.status === 404 ? 'info' : 'error');
  const hosts = headerValues(record.headers, 'host');
  if (hosts.length > 1) return refuse(400, 'core', 'more than one Host header');
  if (hosts.length === 0 && record.httpVersion === '1.1') return refuse(400, 'core', 'no Host header');
  const hostText = target.host ?? hosts[0];
  if (hostText !== undefined) {
    const host = parseHost(hostText);
    if (host === undefined) return refuse(400, 'core', 'the Host header names no valid host');
    exchange.host = host;
    exchange.virtualHost = site.router.selectVirtualHost({ ...record.connection, hostName: host.host });
  }
  // Another host may merge slashes differently.
  const final = exchange.virtualHost === virtualHost ? target : cleanTarget(exchange);
  if (final.kind === 'refusal')
    return refuse(final.status, 'core', final.reason, final.status === 404 ? 'info' : 'error');
  exchange.path = final.path;
  exchange.rawPath = final.rawPath;
  exchange.query = final.query;
  return undefined;
}

function cleanTarget({ record, virtualHost }: Exchange): CleanedTarget | ReturnType<typeof cleanPath> {
  return cleanPath(record.target, virtualHost.settings);
}
