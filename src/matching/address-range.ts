import { ipaddr } from '../http/index.js';

/** `10.0.0.0/8`, `2001:db8::/32`: address text in canonical form and prefix length in bits. */
export interface AddressRange {
  readonly address: string;
  readonly prefixLength: number;
}

/**
 * What `Require ip` takes: an IPv4 address, its first one to three numbers, `address/bits`, `address/mask`; an IPv6 address, `address/bits`.
 * Bits behind the prefix are cleared; IPv4 written as IPv6 becomes IPv4. Undefined for anything else.
 */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [address = '', suffix, ...more] = text.split('/');
  if (more.length > 0) return undefined;
  if (address.includes(':')) return parseVersion6(address, suffix);
  return suffix === undefined ? parseParts(address) : parseVersion4(address, suffix);
}

/** `10`, `10.`, `10.1`, `10.1.2`, `10.1.2.3`: as many bits as are written. */
function parseParts(text: string): AddressRange | undefined {
  const parts = text.replace(/\.$/, '').split('.');
  if (parts.length > 4 || !parts.every(isDecimalByte) || (parts.length === 4 && text.endsWith('.')))
    return undefined;
  const address = [...parts, '0', '0', '0'].slice(0, 4).map(Number).join('.');
  return { address, prefixLength: parts.length * 8 };
}

function parseVersion4(address: string, suffix: string): AddressRange | undefined {
  const parts = address.split('.');
  if (parts.length !== 4 || !parts.every(isDecimalByte)) return undefined;
  const prefixLength = suffix.includes('.') ? parseMask(suffix) : parseLength(suffix, 32);
  if (prefixLength === undefined) return undefined;
  const network = ipaddr.IPv4.networkAddressFromCIDR(`${parts.map(Number).join('.')}/${prefixLength}`);
  return { address: network.toString(), prefixLength };
}

function parseMask(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every(isDecimalByte)) return undefined;
  return new ipaddr.IPv4(parts.map(Number)).prefixLengthFromSubnetMask() ?? undefined;
}

function parseVersion6(text: string, suffix: string | undefined): AddressRange | undefined {
  if (text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  const prefixLength = suffix === undefined ? 128 : parseLength(suffix, 128);
  if (prefixLength === undefined) return undefined;
  const network = ipaddr.IPv6.networkAddressFromCIDR(`${text}/${prefixLength}`);
  if (network.isIPv4MappedAddress() && prefixLength > 96)
    return { address: network.toIPv4Address().toString(), prefixLength: prefixLength - 96 };
  return { address: network.toString(), prefixLength };
}

function parseLength(text: string, maximum: number): number | undefined {
  const length = /^\+?\d{1,15}$/.test(text) ? Number(text) : 0;
  return length >= 1 && length <= maximum ? length : undefined;
}

function isDecimalByte(text: string): boolean {
  return /^\d{1,3}$/.test(text) && Number(text) <= 255;
}

/** Whether some address is in both. */
export function overlaps(one: AddressRange, other: AddressRange): boolean {
  const [first, second] = [ipaddr.parse(one.address), ipaddr.parse(other.address)];
  if (first.kind() !== second.kind()) return false;
  return first.match(second, Math.min(one.prefixLength, other.prefixLength));
}
