import { type ProxiedMapping, urlOf } from '../routing/index.js';
import { checkBody } from './check-body.js';
import type { Exchange } from './exchange.js';
import { passOn } from './pass-on.js';
import type { Resend } from './serve-application.js';
import { serveBalanced } from './serve-balanced.js';
import type { Refusal } from './site.js';

/** Answers with what another server, or a member of a balancer, says. */
export async function serveProxied(
  exchange: Exchange,
  mapping: ProxiedMapping,
): Promise<Refusal | Resend | undefined> {
  const { target, path } = mapping;
  exchange.handler = 'proxy-server';
  exchange.filename = `proxy:${urlOf(mapping)}`;
  const tooLarge = checkBody(exchange);
  if (tooLarge !== undefined) return tooLarge;
  if (target.scheme === 'balancer') return serveBalanced(exchange, mapping, target);
  const { instead } = await passOn(exchange, { mapping, server: target, path });
  return instead;
}
