import type { SectionMatch } from '../config/model.js';
import { foldAuthority, toByteString } from '../http/index.js';
import { compileWildcard, testBounded, withoutMemory } from '../matching/index.js';

/**
 * Whether <Proxy> or <ProxyMatch> holds for a URL, a byte string. Compared with its beginning, whatever follows; no wildcard stops at a slash
 * (as httpd). Scheme and host in either case: no rule about access is lost where ProxyPass, or a client whose Host a rule
 * passes on, writes a name in another one.
 */
export function compileUrlMatch(match: SectionMatch): (url: string) => boolean {
  if (match.kind === 'condition') return () => false;
  if (match.kind === 'regex') {
    const asWritten = withoutMemory(match.pattern);
    const folded = foldPattern(asWritten);
    return (url) => testBounded(asWritten, url) || testBounded(folded, foldAuthority(url));
  }
  const text = toByteString(match.text);
  const [asWritten, folded] = [text, foldAuthority(text)].map(
    match.kind === 'wildcard' ? compileWildcard : compileBeginning,
  ) as [(url: string) => boolean, (url: string) => boolean];
  return (url) => asWritten(url) || folded(foldAuthority(url));
}

function compileBeginning(text: string): (url: string) => boolean {
  return (url) => url.startsWith(text);
}

/** Names that a pattern spells out behind `://` in lower case. */
function foldPattern({ source, flags }: RegExp): RegExp {
  return new RegExp(
    source.replace(/:(?:\\?\/){2}(?:[\w~-]|\\?\.)+/g, (name) => name.toLowerCase()),
    flags,
  );
}
