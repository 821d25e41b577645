import { setHeader, withoutHeader } from '../http/index.js';
import { followForwarded } from '../matching/index.js';
import type { Exchange } from './exchange.js';
import { joinedHeader } from './expression-subject.js';

/** mod_remoteip: who the client is, if those who connect here ask for others. What is settled is taken out of the header. */
export function findClient(exchange: Exchange): undefined {
  const { site, virtualHost } = exchange;
  const { remoteIpHeader, remoteIpProxies, remoteIpProxiesHeader } = virtualHost.settings;
  if (remoteIpHeader === undefined) return;
  // Only this server may say that.
  if (remoteIpProxiesHeader !== undefined)
    exchange.headers = withoutHeader(exchange.headers, remoteIpProxiesHeader);
  const { name, position } = remoteIpHeader;
  const list = joinedHeader(exchange.headers, name);
  if (list === undefined) return;
  const { address, rest, intermediates } = followForwarded(exchange.clientAddress, list, remoteIpProxies);
  exchange.headers =
    rest === undefined ? withoutHeader(exchange.headers, name) : setHeader(exchange.headers, name, rest);
  if (remoteIpProxiesHeader !== undefined && intermediates.length > 0)
    exchange.headers = setHeader(exchange.headers, remoteIpProxiesHeader, intermediates.join(', '));
  exchange.clientAddress = address;
  site.trace?.({ stage: 'connection', text: `${name} makes ${address} the client`, position });
}
