import type { Environ, RequestFacts } from '../environ.js';

/** What the parser for URLs leaves as it is, but for segments of dots. */
const plainTarget = /^\/[A-Za-z0-9\-._~!$&()*+,;=:@/%]*(?:\?[A-Za-z0-9\-._~!$&()*+,;=:@/%?]*)?$/;
const dotSegment = /\/(?:\.|%2e)/i;
const plainHost = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;

/** What was asked last: most requests come for the same host. */
let recent: { readonly prefix: string; readonly origin: string | undefined } = {
  prefix: '',
  origin: undefined,
};

/** Scheme, host and port as the standard writes them; undefined if that is not sure to be a URL's. */
export function originOf(facts: RequestFacts, host: string | undefined): string | undefined {
  const prefix = prefixOf(facts, host);
  if (recent.prefix !== prefix) {
    const isPlain = plainHost.test(prefix.slice(prefix.indexOf('/') + 2));
    recent = { prefix, origin: isPlain && URL.canParse(prefix) ? new URL(prefix).origin : undefined };
  }
  return recent.origin;
}

/** The URL of a request with that origin, below the mount point, as a genuine Request says it. */
export function hostedUrl(origin: string, facts: RequestFacts): string {
  const target = targetOf(facts);
  const url = origin + target;
  return plainTarget.test(target) && !dotSegment.test(target) ? url : new URL(url).href;
}

/** The same, whatever the host may be. */
export function unparsedUrl(facts: RequestFacts, host: string | undefined): string {
  return prefixOf(facts, host) + targetOf(facts);
}

function prefixOf(facts: RequestFacts, host: string | undefined): string {
  return `${facts.urlScheme}://${host ?? serverOf(facts.environ)}`;
}

function targetOf({ url }: RequestFacts): string {
  return url === '*' ? '/*' : url;
}

function serverOf(environ: Environ): string {
  const name = environ.SERVER_NAME ?? 'localhost';
  return `${name.includes(':') && !name.startsWith('[') ? `[${name}]` : name}:${environ.SERVER_PORT ?? '80'}`;
}
