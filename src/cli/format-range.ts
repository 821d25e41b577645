import type { AddressRange } from '../config/model.js';

/** As people write it: a single address without its length. */
export function formatRange({ address, prefixLength }: AddressRange): string {
  return prefixLength === (address.includes(':') ? 128 : 32) ? address : `${address}/${prefixLength}`;
}
