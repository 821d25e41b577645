import { lookup, lookupService } from 'node:dns/promises';
import { createGate, type Gate } from '../htpasswd-auth/index.js';
import { isSameAddress } from './client-tests.js';

/** What the system's resolver (hosts file, DNS) says. Never rejects: what cannot be known is an answer. */
export interface HostNames {
  /** The name of an address, if that name leads back to the address. */
  nameOf(address: string): Promise<NameAnswer>;
  /** All addresses of a name; none if there is no such name. */
  addressesOf(name: string): Promise<AddressesAnswer>;
}

export type NameAnswer =
  | { readonly kind: 'known'; readonly name: string }
  | { readonly kind: 'none' }
  | Fault;

export type AddressesAnswer = { readonly name: string } & (
  | { readonly kind: 'known'; readonly addresses: readonly string[] }
  | Fault
);

interface Fault {
  readonly kind: 'fault';
  readonly text: string;
}

/** The two questions to the resolver. They reject as those of node:dns do. */
export interface Resolver {
  reverse(address: string): Promise<string>;
  forward(name: string): Promise<readonly string[]>;
}

export interface HostNameLimits {
  /** How long one request waits for an answer. */
  readonly patienceMs: number;
  readonly keepMs: number;
  readonly keepFaultMs: number;
  readonly mostKept: number;
  /** Each occupies a thread of Node's pool of four, which files need too; a client decides how long its own DNS takes. */
  readonly atOnce: number;
}

const defaultLimits: HostNameLimits = {
  patienceMs: 5_000,
  keepMs: 60_000,
  keepFaultMs: 5_000,
  mostKept: 10_000,
  atOnce: 2,
};

/** Remembers answers for a while; asks the same question once at a time. */
export function createHostNames(
  resolver: Resolver = systemResolver,
  limits: HostNameLimits = defaultLimits,
): HostNames {
  const gate = createGate({ tasks: 'lookups of host names', atOnce: limits.atOnce, waiting: 1_000 });
  const names = createMemory<NameAnswer>(limits);
  const addresses = createMemory<AddressesAnswer>(limits);
  return {
    nameOf: (address) => names.recall(address, () => findName(address, resolver, gate, limits)),
    addressesOf: (name) => addresses.recall(name, () => findAddresses(name, resolver, gate, limits)),
  };
}

const systemResolver: Resolver = {
  // Without the zone of a link-local address.
  reverse: async (address) => (await lookupService(address.replace(/%.*/, ''), 0)).hostname,
  forward: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
};

async function findName(
  address: string,
  resolver: Resolver,
  gate: Gate,
  { patienceMs }: HostNameLimits,
): Promise<NameAnswer> {
  try {
    const name = await withPatience(
      patienceMs,
      gate.run(async () => {
        const found = await resolver.reverse(address);
        // Whoever owns an address can give it any name: only the owner of the name can confirm it.
        const confirmed = await resolver.forward(found);
        return confirmed.some((other) => isSameAddress(address, other)) ? found : undefined;
      }),
    );
    return name === undefined ? { kind: 'none' } : { kind: 'known', name };
  } catch (error) {
    if (isNotFound(error)) return { kind: 'none' };
    return { kind: 'fault', text: `the host name of ${address} could not be looked up: ${messageOf(error)}` };
  }
}

async function findAddresses(
  name: string,
  resolver: Resolver,
  gate: Gate,
  { patienceMs }: HostNameLimits,
): Promise<AddressesAnswer> {
  try {
    const addresses = await withPatience(
      patienceMs,
      gate.run(() => resolver.forward(name)),
    );
    return { kind: 'known', name, addresses };
  } catch (error) {
    if (isNotFound(error)) return { kind: 'known', name, addresses: [] };
    return { kind: 'fault', name, text: `the host ${name} could not be looked up: ${messageOf(error)}` };
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOTFOUND';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function withPatience<Result>(patienceMs: number, answer: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const impatience = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs} ms`)), patienceMs);
  });
  try {
    return await Promise.race([answer, impatience]);
  } finally {
    clearTimeout(timer);
  }
}

/** Answers by question; the oldest is forgotten when there are too many. */
function createMemory<Answer extends { readonly kind: string }>(limits: HostNameLimits) {
  const kept = new Map<string, { readonly answer: Promise<Answer>; until: number }>();
  return {
    recall(key: string, find: () => Promise<Answer>): Promise<Answer> {
      const known = kept.get(key);
      if (known !== undefined && known.until > Date.now()) return known.answer;
      const entry = { answer: find(), until: Number.POSITIVE_INFINITY };
      kept.delete(key);
      kept.set(key, entry);
      if (kept.size > limits.mostKept) kept.delete(kept.keys().next().value ?? key);
      void entry.answer.then(({ kind }) => {
        entry.until = Date.now() + (kind === 'fault' ? limits.keepFaultMs : limits.keepMs);
      });
      return entry.answer;
    },
  };
}
