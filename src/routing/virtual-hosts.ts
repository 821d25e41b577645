import { isIPv6, SocketAddress } from 'node:net';
import type { ServerConfig, VirtualHost, VirtualHostAddress } from '../config/model.js';
import { rememberTexts } from '../http/index.js';
import { compileWildcard, type WildcardMatcher } from '../matching/index.js';
import type { RoutingFacts } from './index.js';
import type { ResolvedNames } from './virtual-host-names.js';

/**
 * Address first: `IP:port` hides `IP:*`, which hides `*:port`, which hides `*`. In the set so found the first virtual host
 * of the file that bears the name, else the first one. No set: the main server.
 */
export function createVirtualHostSelector(
  { mainServer, virtualHosts }: ServerConfig,
  resolvedNames: ResolvedNames = localhostOnly,
): (facts: RoutingFacts) => VirtualHost {
  const sets = new Map<string, VirtualHost[]>();
  for (const virtualHost of virtualHosts) {
    const keys = virtualHost.addresses.flatMap((address) => keysOf(address, resolvedNames));
    for (const key of new Set(keys)) {
      const set = sets.get(key);
      if (set === undefined) sets.set(key, [virtualHost]);
      else set.push(virtualHost);
    }
  }
  const selectors = new Map([...sets].map(([key, hosts]) => [key, createNameSelector(hosts)]));

  const selectorOf = rememberByEnd((localAddress, localPort) => {
    const address = withoutZone(localAddress);
    return (
      selectors.get(keyOf(address, localPort)) ??
      selectors.get(keyOf(address, '*')) ??
      selectors.get(keyOf('*', localPort)) ??
      selectors.get(keyOf('*', '*')) ??
      (() => mainServer)
    );
  });
  return ({ localAddress, localPort, hostName }) =>
    selectors.size === 0 ? mainServer : selectorOf(localAddress, localPort)(hostName);
}

/** Connections come in on few addresses, but where the system takes a whole network for its own. */
function rememberByEnd<T>(find: (address: string, port: number) => T): (address: string, port: number) => T {
  const portsOf = rememberTexts(() => new Map<number, T>(), { most: 1_000, longest: 100 });
  return (address, port) => {
    const ports = portsOf(address);
    const before = ports.get(port);
    if (before !== undefined) return before;
    const found = find(address, port);
    ports.set(port, found);
    return found;
  };
}

const localhostOnly: ResolvedNames = new Map([['localhost', ['127.0.0.1', '::1']]]);

function keysOf({ host, port }: VirtualHostAddress, resolvedNames: ResolvedNames): string[] {
  const addresses = resolvedNames.get(host) ?? [host];
  return addresses.map((address) => keyOf(canonicalAddress(address), port));
}

function keyOf(address: string, port: number | '*'): string {
  return `${address} ${port}`;
}

/** As the system writes the local address of a connection; an address that means all of them is `*`. */
function canonicalAddress(host: string): string {
  if (host === '*' || host === '0.0.0.0') return '*';
  if (!isIPv6(host)) return host;
  const { address } = new SocketAddress({ address: withoutZone(host), family: 'ipv6' });
  if (address === '::') return '*';
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}

function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone === -1 ? address : address.slice(0, zone);
}

/** `hosts` in the order of the file. Exact names and `*.example.com` are looked up, other wildcards tried in order. */
function createNameSelector(hosts: readonly VirtualHost[]): (hostName: string) => VirtualHost {
  const [first] = hosts as readonly [VirtualHost];
  const exact = new Map<string, number>();
  const suffixes = new Map<string, number>();
  const wildcards: { readonly place: number; readonly matches: WildcardMatcher }[] = [];
  let mostDots = 0;
  for (const [place, { serverName, serverAliases }] of hosts.entries()) {
    for (const written of serverName === undefined ? serverAliases : [serverName.host, ...serverAliases]) {
      const name = canonicalName(written);
      const suffix = name.slice(1);
      if (!/[*?]/.test(name)) addFirst(exact, name, place);
      else if (name.startsWith('*.') && !/[*?]/.test(suffix)) {
        addFirst(suffixes, suffix, place);
        mostDots = Math.max(mostDots, suffix.split('.').length - 1);
      } else wildcards.push({ place, matches: compileWildcard(name) });
    }
  }

  return (hostName) => {
    let place = exact.get(hostName) ?? hosts.length;
    let dot = hostName.length;
    for (let dots = 0; dots < mostDots && dot > 0; dots += 1) {
      dot = hostName.lastIndexOf('.', dot - 1);
      if (dot === -1) break;
      place = Math.min(place, suffixes.get(hostName.slice(dot)) ?? place);
    }
    for (const wildcard of wildcards) {
      if (wildcard.place >= place) break;
      if (hostName !== '' && wildcard.matches(hostName)) place = wildcard.place;
    }
    return hosts[place] ?? first;
  };
}

/** As parseHost gives the name of a request. */
function canonicalName(written: string): string {
  const name = written.toLowerCase();
  if (name.startsWith('[') && name.endsWith(']')) return name.slice(1, -1);
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

function addFirst(places: Map<string, number>, name: string, place: number): void {
  if (!places.has(name)) places.set(name, place);
}

/** Which of a virtual host's names fits: `ServerName www.example.com`, `ServerAlias *.example.com`; undefined: none. */
export function findChosenName(
  { serverName, serverAliases }: VirtualHost,
  hostName: string,
): string | undefined {
  if (serverName !== undefined && canonicalName(serverName.host) === hostName)
    return `ServerName ${serverName.host}`;
  const alias = serverAliases.find((written) => compileWildcard(canonicalName(written))(hostName));
  return alias === undefined ? undefined : `ServerAlias ${alias}`;
}
