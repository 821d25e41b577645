import { forwardingHeaders, isHeaderName } from '../../http/index.js';
import { takeAddresses } from '../address-list.js';
import { anywhere, honoured, inModule, list } from '../definition.js';
import { findNearest } from '../nearest-name.js';

/** mod_wsgi: what proxies in front may tell applications of a request. */
export const trustedProxies = inModule('wsgi', [
  honoured(
    'WSGITrustedProxyHeaders',
    anywhere,
    list('header …'),
    'Headers by which proxies in front tell applications of client, host, port, mount point and scheme.',
    (here, words) => {
      const { settings } = here.section;
      for (const word of words) {
        if (!isHeaderName(word)) here.fail(`'${word}' is no name of a header`);
        else if (!forwardingHeaders.has(word.toLowerCase()))
          here.warn(`'${word}' has no meaning here: it reaches applications as any other header`, {
            kind: 'argument-no-effect',
            at: { word },
            suggestion: findNearest(word.toLowerCase(), forwardingHeaders.keys()),
          });
      }
      settings.trustedHeaders = {
        names: [...(settings.trustedHeaders?.names ?? []), ...words],
        position: here.place.position,
      };
    },
  ),
  honoured(
    'WSGITrustedProxies',
    anywhere,
    list('address[/bits] …'),
    'Who is believed in the headers of WSGITrustedProxyHeaders; without it, everybody.',
    (here, words) => {
      const { settings } = here.section;
      settings.trustedProxies = [...(settings.trustedProxies ?? []), ...takeAddresses(here, words)];
    },
  ),
]);
