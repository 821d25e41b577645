import { ipaddr, trimBlanks } from '../http/index.js';
import { type AddressRange, parseAddressRange } from './address-range.js';
import { isInRanges } from './client-address.js';

/** Proxies that are believed when they say for whom they ask. */
export interface TrustedProxy {
  readonly range: AddressRange;
  /** It may also speak of addresses that mean something in its own network only. */
  readonly isInternal: boolean;
}

export interface ForwardedClient {
  readonly address: string;
  /** What of the list nobody vouches for, as it was sent; undefined: all of it is used up. */
  readonly rest: string | undefined;
  /** Proxies between the client and here that are not internal, the nearest first. */
  readonly intermediates: readonly string[];
}

/**
 * Follows a list of addresses (`client, proxy, proxy`) from its end, as long as the address so far is that of a trusted proxy; no
 * proxies: everybody is believed. An item that is no address ends the list, and so does a private one that a proxy which is not
 * internal names.
 */
export function followForwarded(
  peer: string,
  list: string,
  proxies: readonly TrustedProxy[],
): ForwardedClient {
  let address = peer;
  let rest: string | undefined = list;
  const intermediates: string[] = [];
  while (rest !== undefined) {
    const trust = trustIn(address, proxies);
    if (trust === 'none') break;
    const comma: number = rest.lastIndexOf(',');
    const next = parseAddress(rest.slice(comma + 1));
    if (next === undefined || (trust === 'outer' && isPrivate(next))) break;
    if (trust === 'outer') intermediates.push(address);
    address = next;
    rest = comma < 0 ? undefined : rest.slice(0, comma);
  }
  return { address, rest, intermediates };
}

function trustIn(address: string, proxies: readonly TrustedProxy[]): 'none' | 'outer' | 'internal' {
  if (proxies.length === 0) return 'outer';
  const found = proxies.find(({ range }) => isInRanges(address, [range]) === true);
  if (found === undefined) return 'none';
  return found.isInternal ? 'internal' : 'outer';
}

/**
 * An address in canonical form, IPv4 for IPv4 written as IPv6. Only what everybody reads in the same way: four decimal numbers without
 * leading zeros, or IPv6 without a zone. Blanks around it do not count.
 */
export function parseAddress(text: string): string | undefined {
  const word = trimBlanks(text);
  if (word.includes(':')) {
    return !/[%\s]/.test(word) && ipaddr.IPv6.isValid(word) ? ipaddr.process(word).toString() : undefined;
  }
  return /^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/.test(word) && ipaddr.IPv4.isValid(word)
    ? word
    : undefined;
}

const privateRanges = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '127.0.0.0/8',
].flatMap((text) => parseAddressRange(text) ?? []);
const publicVersion6 = [{ address: '2000::', prefixLength: 3 }];

/** Of IPv6, whatever is outside of the part that is handed out for public use. */
function isPrivate(address: string): boolean {
  return address.includes(':')
    ? isInRanges(address, publicVersion6) !== true
    : isInRanges(address, privateRanges) !== false;
}
