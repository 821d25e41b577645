import type { ProxyParameters, ServerTarget } from '../config/model.js';
import { parseServerUrl } from '../http/index.js';
import { mergeByUrl } from '../matching/index.js';
import { makeBalancerTarget } from './balancer-target.js';
import type { Router } from './index.js';

/** Rules may make any number of servers; those that are remembered keep their connections. */
const mostTargets = 1_000;

/** Whom the rules of a site file ask. What ProxyPass, ProxySet and <Proxy> say of a URL holds for those, too. */
export function createRewrittenTargets(known: ReadonlyMap<string, ProxyParameters>): Router['findRewritten'] {
  const targets = new Map<string, ServerTarget>();
  const remember = (target: ServerTarget): ServerTarget => {
    const key = JSON.stringify([target.url, target.parameters]);
    const before = targets.get(key);
    if (before === undefined && targets.size < mostTargets) targets.set(key, target);
    return before ?? target;
  };
  return (url, { position, isEncoded }) => {
    const balancer = makeBalancerTarget(url);
    if (typeof balancer === 'string') return balancer;
    if (balancer !== undefined) {
      const { path } = balancer;
      const target = { ...balancer, url: url.slice(0, url.length - path.length), path: '' };
      return {
        kind: 'proxied',
        pass: { target, position },
        by: 'RewriteRule',
        target,
        path: path || '/',
        isEncoded,
      };
    }
    const parsed = parseServerUrl(url);
    if (parsed.kind !== 'url') return parsed.message;
    const { kind: _, path, ...server } = parsed;
    const origin = url.slice(0, url.length - path.length);
    if (/[^\x21-\x7e]/.test(origin)) return `expected a server named in ASCII, not '${origin}'`;
    const parameters = mergeByUrl(known, url);
    const target = remember({
      ...server,
      url: origin,
      path: '',
      parameters,
      isRaw: false,
      dropsQuery: false,
    });
    return {
      kind: 'proxied',
      pass: { target, position },
      by: 'RewriteRule',
      target,
      path: path.startsWith('/') ? path : `/${path}`,
      isEncoded,
    };
  };
}
