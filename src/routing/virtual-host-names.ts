import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { ServerConfig } from '../config/model.js';

/** Name in <VirtualHost name:port> → its addresses. */
export type ResolvedNames = ReadonlyMap<string, readonly string[]>;

/** Asks the resolver once, at start. A name without address is left out: its virtual host answers no request, as in Apache. */
export async function resolveVirtualHostNames(config: ServerConfig): Promise<ResolvedNames> {
  const hosts = config.virtualHosts.flatMap(({ addresses }) => addresses.map(({ host }) => host));
  const names = [...new Set(hosts)].filter((host) => host !== '*' && isIP(host) === 0);
  const found = await Promise.all(names.map(async (name) => [name, await addressesOf(name)] as const));
  return new Map(found.filter(([, addresses]) => addresses.length > 0));
}

async function addressesOf(name: string): Promise<readonly string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}
