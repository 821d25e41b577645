import { ipaddr } from './require-package.js';

/** `host`, `host:port`, `[v6]`, `[v6]:port`; IPv6 loses its brackets. Undefined if it is none of these. */
export function parseHostAndPort(text: string): { host: string; port?: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/@?#]+))(?::(\d{1,5}))?$/.exec(text);
  if (!match) return undefined;
  const [, six, name, digits] = match;
  if (six !== undefined && !ipaddr.IPv6.isValid(six)) return undefined;
  const host = six ?? name ?? '';
  // All digits and dots: an address or nothing.
  if (six === undefined && /^[\d.]+$/.test(host) && !ipaddr.IPv4.isValidFourPartDecimal(host))
    return undefined;
  if (digits === undefined) return { host };
  const port = Number(digits);
  return port < 1 || port > 65_535 ? undefined : { host, port };
}
