import type { ConfigDraft, SectionDraft } from './draft.js';
import type { Position } from './model.js';

/** Headers by which clients say who they are, where nobody says which clients may: hardly anybody means that. */
export function checkClients(draft: ConfigDraft): void {
  checkRemoteIp(draft);
  checkTrustedHeaders(draft);
}

/** httpd believes everybody then, and so does this server. */
function checkRemoteIp({ mainServer, virtualHosts, mistakes }: ConfigDraft): void {
  for (const { settings } of [mainServer, ...virtualHosts]) {
    const proxies = [...(mainServer.settings.remoteIpProxies ?? []), ...(settings.remoteIpProxies ?? [])];
    if (settings.remoteIpHeader === undefined || proxies.length > 0) continue;
    mistakes.warning(
      { position: settings.remoteIpHeader.position },
      'RemoteIPHeader',
      'without RemoteIPInternalProxy or RemoteIPTrustedProxy, every client can say who it is',
    );
  }
}

/** The same with mod_wsgi. Which sections come together is known per request only: one WSGITrustedProxies anywhere will do here. */
function checkTrustedHeaders({ mainServer, virtualHosts, mistakes }: ConfigDraft): void {
  const bodies = [mainServer, ...virtualHosts].flatMap(({ body }) => withSections(body));
  if (bodies.some(({ settings }) => settings.trustedProxies !== undefined)) return;
  for (const { settings } of bodies) {
    const position: Position | undefined = settings.trustedHeaders?.position;
    if (position === undefined) continue;
    mistakes.warning(
      { position },
      'WSGITrustedProxyHeaders',
      'without WSGITrustedProxies, applications believe every client',
    );
  }
}

function withSections(body: SectionDraft): SectionDraft[] {
  return [body, ...body.sections.flatMap(({ draft }) => withSections(draft))];
}
