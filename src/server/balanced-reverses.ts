import type { ProxyReverse, VirtualHost } from '../config/model.js';
import { parseBalancerUrl, withoutSocket } from '../http/index.js';

/** Settings of sections are few, and stay the same from request to request. */
const known = new WeakMap<VirtualHost, WeakMap<readonly ProxyReverse[], readonly ProxyReverse[]>>();

const none: readonly ProxyReverse[] = Object.freeze([]);

/** ProxyPassReverse of a balancer speaks of all its members. */
export function listReverses(
  host: VirtualHost,
  reverses: readonly ProxyReverse[] = none,
): readonly ProxyReverse[] {
  if (host.balancers.size === 0) return reverses;
  const ofHost = known.get(host) ?? new WeakMap<readonly ProxyReverse[], readonly ProxyReverse[]>();
  known.set(host, ofHost);
  const made = ofHost.get(reverses) ?? reverses.flatMap((reverse) => spellOut(host, reverse));
  ofHost.set(reverses, made);
  return made;
}

function spellOut({ balancers }: VirtualHost, reverse: ProxyReverse): readonly ProxyReverse[] {
  if (reverse.kind !== 'url') return [reverse];
  const parsed = parseBalancerUrl(reverse.internal);
  if (parsed.kind !== 'balancer') return [reverse];
  const { name, path } = parsed;
  // `/` for `balancer://name/`: a member may name itself without a slash.
  const behind = path === '/' && reverse.external.endsWith('/') ? '' : path;
  return (balancers.get(name)?.members ?? []).map(({ target }) => ({
    ...reverse,
    internal: withoutSocket(target.url).replace(/\/$/, '') + behind,
  }));
}
