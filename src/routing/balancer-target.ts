import type { BalancerTarget } from '../config/model.js';
import { parseBalancerUrl } from '../http/index.js';

/** The balancer that a URL names, its path included; a text: why there is none. Undefined: the URL is that of a server. */
export function makeBalancerTarget(url: string): BalancerTarget | string | undefined {
  const parsed = parseBalancerUrl(url);
  if (parsed.kind === 'other') return undefined;
  if (parsed.kind === 'wrong') return parsed.message;
  const { name, path } = parsed;
  return { url, scheme: 'balancer', name, path, isRaw: false, dropsQuery: false };
}
