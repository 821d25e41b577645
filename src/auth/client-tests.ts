import { toByteString } from '../http/index.js';
import { type AddressRange, isInRanges } from '../matching/index.js';
import type { Facts, Question } from './facts.js';

/** What can be said about a client: it holds, it does not, it cannot be known, or something has to be found out first. */
export type TestResult = boolean | 'fault' | Question;

/** `ip`. */
export function testAddress({ clientAddress }: Facts, ranges: readonly AddressRange[]): TestResult {
  return isInRanges(clientAddress, ranges) ?? 'fault';
}

/** `local`: a loopback address, or the one that the client has connected to. */
export function testLocal({ clientAddress, localAddress }: Facts): TestResult {
  return clientAddress === localAddress || (isInRanges(clientAddress, loopback) ?? 'fault');
}

const loopback: readonly AddressRange[] = [
  { address: '127.0.0.0', prefixLength: 8 },
  { address: '::1', prefixLength: 128 },
];

/** `host`: the client's name is one of these, or ends with one behind a dot. A domain that begins with a dot is only an ending. */
export function testName({ clientName }: Facts, domains: readonly string[]): TestResult {
  if (domains.length === 0) return false;
  if (clientName === undefined) return 'ask-client-name';
  if (clientName === 'fault') return 'fault';
  if (clientName === 'none') return false;
  return domains.some((domain) => isInDomain(clientName.name, domain));
}

function isInDomain(name: string, domain: string): boolean {
  const [whole, end] = [name.toLowerCase(), domain.toLowerCase()];
  return whole === end || whole.endsWith(end.startsWith('.') ? end : `.${end}`);
}

/** `forward-dns`: one of these names leads to the client's address. */
export function testNamedAddresses(facts: Facts, names: readonly string[]): TestResult {
  let isFault = false;
  for (const name of names) {
    const addresses = facts.namedAddresses?.get(name);
    if (addresses === undefined) return 'ask-named-addresses';
    if (addresses === 'fault') isFault = true;
    else if (addresses.some((address) => isSameAddress(facts.clientAddress, address))) return true;
  }
  return isFault ? 'fault' : false;
}

/** Compares addresses whatever their spelling. */
export function isSameAddress(one: string, other: string): boolean {
  return isInRanges(one, [{ address: other, prefixLength: other.includes(':') ? 128 : 32 }]) === true;
}

/** `env`: one of these is set, to whatever. */
export function testVariables(facts: Facts, names: readonly string[]): TestResult {
  return names.some((name) => facts.environment(toByteString(name)) !== undefined);
}
