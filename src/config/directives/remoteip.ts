import { isHeaderName } from '../../http/index.js';
import { readAddressFile, takeAddresses } from '../address-list.js';
import { flag, honoured, inModule, list, one, outsideSections } from '../definition.js';
import type { Here } from '../draft.js';

/** Who the client is, if a proxy in front asks for somebody else. */
export const remoteIp = inModule('remoteip', [
  honoured(
    'RemoteIPHeader',
    outsideSections,
    one('header'),
    'The header in which proxies in front name the client.',
    (here, name) => {
      if (isHeaderName(name)) here.server.settings.remoteIpHeader = { name, position: here.place.position };
      else here.fail(`'${name}' is no name of a header`);
    },
  ),
  honoured(
    'RemoteIPProxiesHeader',
    outsideSections,
    one('header'),
    'The header that tells applications of the proxies in between. What a client says in it is taken away.',
    (here, name) => {
      if (isHeaderName(name)) here.server.settings.remoteIpProxiesHeader = name;
      else here.fail(`'${name}' is no name of a header`);
    },
  ),
  honoured(
    'RemoteIPInternalProxy',
    outsideSections,
    list('address[/bits] …'),
    'Proxies that are believed, also when they name addresses of private networks.',
    (here, words) => addProxies(here, words, true),
  ),
  honoured(
    'RemoteIPTrustedProxy',
    outsideSections,
    list('address[/bits] …'),
    'Proxies that are believed when they name public addresses.',
    (here, words) => addProxies(here, words, false),
  ),
  honoured(
    'RemoteIPInternalProxyList',
    outsideSections,
    one('file'),
    'A file of such proxies, with # before comments.',
    (here, path) => addProxies(here, readAddressFile(here, path), true),
  ),
  honoured(
    'RemoteIPTrustedProxyList',
    outsideSections,
    one('file'),
    'A file of such proxies, with # before comments.',
    (here, path) => addProxies(here, readAddressFile(here, path), false),
  ),
  honoured(
    'RemoteIPProxyProtocol',
    outsideSections,
    flag,
    'Whether connections begin with a header of the PROXY protocol, version 1 or 2. It holds for all virtual hosts of the address.',
    (here, on) => {
      here.server.settings.proxyProtocol = on;
      here.draft.proxyProtocols.push({ server: here.server, on, position: here.place.position });
    },
    'Off',
  ),
  honoured(
    'RemoteIPProxyProtocolExceptions',
    outsideSections,
    list('address[/bits] …'),
    'Who connects without such a header.',
    (here, words) => {
      const { settings } = here.server;
      settings.proxyProtocolExceptions = [
        ...(settings.proxyProtocolExceptions ?? []),
        ...takeAddresses(here, words),
      ];
    },
  ),
]);

function addProxies(here: Here, words: readonly string[], isInternal: boolean): void {
  const { settings } = here.server;
  const proxies = takeAddresses(here, words).map((range) => ({ range, isInternal }));
  settings.remoteIpProxies = [...(settings.remoteIpProxies ?? []), ...proxies];
}
