import type { ConfigDraft, SectionDraft, ServerDraft } from './draft.js';
import type { ProxyPass } from './model.js';

/**
 * ProxyPass with `nocanon` where AllowEncodedSlashes NoDecode holds: of `%2e%2e%2f` neither decodes the slash, so that the dots are taken for a
 * name here and for the way up by the other server.
 */
export function checkRawPaths({ mainServer, virtualHosts, mistakes }: ConfigDraft): void {
  const risky = new Set<ProxyPass>();
  for (const server of [mainServer, ...virtualHosts]) {
    const slashes = server.settings.allowEncodedSlashes ?? mainServer.settings.allowEncodedSlashes;
    if (slashes !== 'nodecode') continue;
    const inherits = server.proxying.inheritsPasses ?? mainServer.proxying.inheritsPasses ?? true;
    const passes = [server, ...(inherits ? [mainServer] : [])].flatMap(listPasses);
    for (const pass of passes) if (isRaw(pass)) risky.add(pass);
  }
  for (const { position } of risky)
    mistakes.warning(
      { position },
      'ProxyPass',
      "nocanon: with AllowEncodedSlashes NoDecode, '%2e%2e%2f' reaches the other server as it was sent, and leads past what is decided by path here; expected AllowEncodedSlashes On, or no nocanon",
      { at: { word: 'nocanon' } },
    );
}

/** Patterns do not say what of the path as it was sent they stand for: there the path is always made anew. */
function isRaw({ match, target }: ProxyPass): boolean {
  return target?.isRaw === true && match.kind === 'prefix';
}

function listPasses({ proxyPasses, body }: ServerDraft): ProxyPass[] {
  return [...proxyPasses, ...listSectionPasses(body)];
}

function listSectionPasses({ settings, sections }: SectionDraft): ProxyPass[] {
  const own = settings.proxyPass;
  return [...(own === undefined ? [] : [own]), ...sections.flatMap(({ draft }) => listSectionPasses(draft))];
}
