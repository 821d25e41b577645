import type { ConfigDraft, ProxyTargetDraft } from './draft.js';
import type { ProxyParameters } from './model.js';

/**
 * What <Proxy URL> and ProxySet say, wherever they stand, holds for every ProxyPass whose URL begins with theirs, the longer one winning; what
 * ProxyPass says itself wins over both.
 */
export function settleProxyParameters(draft: ConfigDraft): void {
  for (const target of draft.proxyTargets) {
    const { url, first, own, settled } = target;
    Object.assign(settled, findParameters(draft.proxyParameters, url), first, own);
    warnOfMissingTls(draft, target);
  }
}

/** As httpd: such requests are answered with 500. */
function warnOfMissingTls({ mistakes, serversWithProxyTls }: ConfigDraft, target: ProxyTargetDraft): void {
  const { scheme, serverId, place, url } = target;
  if ((scheme !== 'https' && scheme !== 'wss') || serversWithProxyTls.has(serverId)) return;
  if (serversWithProxyTls.has(0)) return;
  const message = `${scheme}:// needs SSLProxyEngine On: without it, every request here will fail`;
  mistakes.warning(place, 'ProxyPass', message, { at: { word: url } });
}

function findParameters(known: ReadonlyMap<string, ProxyParameters>, url: string): ProxyParameters {
  const outer = [...known.keys()].filter((candidate) => isWithin(url, candidate));
  const inOrder = outer.sort((a, b) => a.length - b.length).map((candidate) => known.get(candidate) ?? {});
  return Object.assign({}, ...inOrder);
}

/** `http://a:80` is not meant by `http://a:8`. */
function isWithin(url: string, outer: string): boolean {
  if (!url.startsWith(outer)) return false;
  return url.length === outer.length || outer.endsWith('/') || url[outer.length] === '/';
}
