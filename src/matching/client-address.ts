import type { IPv4, IPv6 } from 'ipaddr.js';
import { ipaddr } from '../http/index.js';
import type { AddressRange } from './address-range.js';

type Address = IPv4 | IPv6;

/**
 * Whether the numeric address lies in one of the ranges. IPv6 addresses that carry an IPv4 one count as that.
 * Undefined: the address cannot be read, so that nothing can be said.
 */
export function isInRanges(address: string, ranges: readonly AddressRange[]): boolean | undefined {
  const client = parseAddress(address);
  if (client === undefined) return undefined;
  return ranges.some((range) => isInRange(client, range));
}

function isInRange(client: Address, { address, prefixLength }: AddressRange): boolean {
  if (!ipaddr.isValid(address)) return false;
  const start = ipaddr.parse(address);
  if (isMapped(start) && prefixLength >= 96) return matches(client, start.toIPv4Address(), prefixLength - 96);
  return matches(client, start, prefixLength);
}

function matches(client: Address, start: Address, prefixLength: number): boolean {
  return client.kind() === start.kind() && client.match(start, prefixLength);
}

/**
 * The network that an address belongs to, as text: of IPv6 the /64, which is what one customer has; of IPv4 the address itself. What is no
 * address is a network of its own.
 */
export function networkOf(address: string): string {
  const client = parseAddress(address);
  if (client === undefined) return address;
  if (client instanceof ipaddr.IPv4) return client.toString();
  return `${client.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}

function parseAddress(text: string): Address | undefined {
  // Without the zone of a link-local address.
  const [numeric = ''] = text.split('%', 1);
  return ipaddr.isValid(numeric) ? ipaddr.process(numeric) : undefined;
}

function isMapped(address: Address): address is IPv6 {
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress();
}
