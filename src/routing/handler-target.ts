import type { ProxyParameters, ProxyTarget } from '../config/model.js';
import { parseServerUrl } from '../http/index.js';
import { mergeByUrl } from '../matching/index.js';
import { makeBalancerTarget } from './balancer-target.js';

/** The server that a handler such as `proxy:unix:/socket|fcgi://localhost` stands for; a text: why there is none. */
export type FindHandlerTarget = (handler: string) => ProxyTarget | string;

/** What ProxySet and <Proxy> say of the URL holds for handlers, too. The handlers of a site file, and of its .htaccess files, are few. */
export function createHandlerTargets(known: ReadonlyMap<string, ProxyParameters>): FindHandlerTarget {
  const targets = new Map<string, ProxyTarget | string>();
  return (handler) => {
    const before = targets.get(handler);
    if (before !== undefined) return before;
    const made = makeTarget(handler.replace(/^proxy:/i, ''), known);
    if (targets.size < mostTargets) targets.set(handler, made);
    return made;
  };
}

const mostTargets = 1_000;

function makeTarget(url: string, known: ReadonlyMap<string, ProxyParameters>): ProxyTarget | string {
  const balancer = makeBalancerTarget(url);
  if (balancer !== undefined) return balancer;
  const parsed = parseServerUrl(url);
  if (parsed.kind !== 'url') return parsed.message;
  const { kind: _, ...server } = parsed;
  // The path of a file follows: who says `<Proxy fcgi://localhost/>` means this server, too.
  const parameters = mergeByUrl(known, parsed.path === '' ? `${url}/` : url);
  return { ...server, url, parameters, isRaw: false, dropsQuery: false };
}
