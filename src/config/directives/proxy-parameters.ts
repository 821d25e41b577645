import type { Here, Mutable } from '../draft.js';
import type { ProxyParameters } from '../model.js';
import { parseInteger } from '../values.js';
import { type ParameterKinds, type ReadValue, takeKeyValues, takeSwitch, takeTime } from './key-values.js';

/** What the words behind the URL of ProxyPass say, besides the parameters of connections. */
export interface PassWords {
  readonly parameters: ProxyParameters;
  readonly isRaw: boolean;
  readonly dropsQuery: boolean;
}

type Draft = Mutable<ProxyParameters>;

/** What is said of the connections to any other server, member of a balancer or not. */
export const connectionReaders: Readonly<Record<string, ReadValue<Draft>>> = {
  timeout: takeTime((draft, time) => {
    draft.timeoutMs = time;
  }, 's'),
  connectiontimeout: takeTime((draft, time) => {
    draft.connectTimeoutMs = time;
  }, 's'),
  ttl: takeTime((draft, time) => {
    draft.ttlMs = time;
  }, 's'),
  acquire: takeTime((draft, time) => {
    draft.acquireMs = time;
  }, 'ms'),
  max: (draft, value) => {
    const most = parseInteger(value, 1);
    if (most === undefined) return 'a number of connections, at least 1';
    draft.max = most;
    return undefined;
  },
  disablereuse: takeSwitch((draft, isOn) => {
    draft.disableReuse = isOn;
  }),
  enablereuse: takeSwitch((draft, isOn) => {
    draft.disableReuse = !isOn;
  }),
  keepalive: takeSwitch((draft, isOn) => {
    draft.keepAlive = isOn;
  }),
  upgrade: (draft, value, here) => {
    const protocol = value.toLowerCase();
    // In such a tunnel, any number of requests would pass by the rules of this server.
    if (/^h2c?$/.test(protocol)) return 'a protocol that carries no requests, or ANY';
    if (!/^[a-z0-9][a-z0-9._/-]*$/.test(protocol)) return 'websocket, another protocol, or ANY';
    draft.upgrade = protocol;
    here.draft.upgradeProtocols.add(protocol);
    return undefined;
  },
};

/** What makes no difference to any server, and how it looks. */
export const acceptedOfConnections: Readonly<Record<string, RegExp>> = {
  min: /^\d+$/,
  smax: /^\d+$/,
  flushpackets: /^(on|off|auto)$/i,
  flushwait: /^\d+$/,
  iobuffersize: /^\d+$/,
  receivebuffersize: /^\d+$/,
  responsefieldsize: /^\d+$/,
  addressttl: /^-?\d+$/,
  ping: /^\d+(ms|s)?$/i,
};

/** Known to httpd, and missed here. */
export const refusedOfConnections: Readonly<Record<string, string>> = {
  mapping: 'paths are always compared decoded',
  interpolate: 'variables in URLs are not filled in',
  secret: 'there is no AJP',
};

const kinds: ParameterKinds<Draft> = {
  of: 'Worker',
  readers: connectionReaders,
  accepted: {
    ...acceptedOfConnections,
    // One server is always asked again, and nobody checks whether it is well (as httpd).
    retry: /^\d+$/,
    loadfactor: /^\d+(\.\d+)?$/,
    lbset: /^\d{1,2}$/,
    route: /^.{1,63}$/,
    redirect: /^.{1,63}$/,
    hcmethod: /^\w+$/,
    hcuri: /^/,
    hcinterval: /^\d/,
    hcpasses: /^\d+$/,
    hcfails: /^\d+$/,
    hcexpr: /^\w/,
    hctemplate: /^\w/,
  },
  refused: {
    ...refusedOfConnections,
    status: 'a server that is no member of a balancer cannot be switched off',
  },
};

/** The words of ProxyPass that are no parameters. */
export function takeBareWords(
  words: readonly string[],
): Omit<PassWords, 'parameters'> & { readonly rest: readonly string[] } {
  const bare = words.map((word) => word.toLowerCase());
  return {
    rest: words.filter((word) => !/^(nocanon|noquery)$/i.test(word)),
    isRaw: bare.includes('nocanon'),
    dropsQuery: bare.includes('noquery'),
  };
}

/** Reads `key=value` and the bare words of ProxyPass; reports what is wrong with each. */
export function takePassWords(here: Here, words: readonly string[]): PassWords {
  const { rest, ...bare } = takeBareWords(words);
  return { parameters: takeParameters(here, rest), ...bare };
}

/** Reads `key=value` of ProxySet and <Proxy>. */
export function takeParameters(here: Here, words: readonly string[]): ProxyParameters {
  const draft: Draft = {};
  takeKeyValues(here, draft, words, kinds);
  return draft;
}
