import { mergeByUrl } from '../matching/index.js';
import type { ConfigDraft, ProxyTargetDraft } from './draft.js';
import type { ProxyParameters } from './model.js';

/**
 * What <Proxy URL> and ProxySet say, wherever they stand, holds for every ProxyPass whose URL begins with theirs, the longer one winning; what
 * ProxyPass says itself wins over both.
 */
export function settleProxyParameters(draft: ConfigDraft): void {
  for (const target of draft.proxyTargets) {
    const { url, first, own, settled, isMember } = target;
    if (isMember === undefined) Object.assign(settled, mergeByUrl(draft.proxyParameters, url), first, own);
    warnOfMissingTls(draft, target);
  }
}

/** By URL, for URLs that nobody knows before a request makes them. */
export function listProxyParameters({
  proxyParameters,
  firstPasses,
}: ConfigDraft): ReadonlyMap<string, ProxyParameters> {
  const urls = [...proxyParameters.keys(), ...firstPasses.keys()];
  return new Map(urls.map((url) => [url, { ...proxyParameters.get(url), ...firstPasses.get(url) }]));
}

/** As httpd: such requests are answered with 500. */
function warnOfMissingTls({ mistakes, serversWithProxyTls }: ConfigDraft, target: ProxyTargetDraft): void {
  const { scheme, serverId, place, url, isMember } = target;
  if ((scheme !== 'https' && scheme !== 'wss') || serversWithProxyTls.has(serverId)) return;
  if (serversWithProxyTls.has(0)) return;
  const message = `${scheme}:// needs SSLProxyEngine On: without it, every request here will fail`;
  mistakes.warning(place, isMember ? 'BalancerMember' : 'ProxyPass', message, { at: { word: url } });
}
