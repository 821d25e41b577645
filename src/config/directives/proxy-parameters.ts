import type { Here, Mutable } from '../draft.js';
import type { ProxyParameters } from '../model.js';
import { findNearest } from '../nearest-name.js';
import { parseDuration, parseInteger } from '../values.js';

/** What the words behind the URL of ProxyPass say, besides the parameters of connections. */
export interface PassWords {
  readonly parameters: ProxyParameters;
  readonly isRaw: boolean;
  readonly dropsQuery: boolean;
}

type Draft = Mutable<ProxyParameters>;

/** What one parameter says of the connections; undefined: it cannot, and what was expected. */
type Read = (draft: Draft, value: string) => string | undefined;

const readers: Readonly<Record<string, Read>> = {
  timeout: takeTime('timeoutMs', 's'),
  connectiontimeout: takeTime('connectTimeoutMs', 's'),
  ttl: takeTime('ttlMs', 's'),
  acquire: takeTime('acquireMs', 'ms'),
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
  upgrade: (draft, value) => {
    const protocol = value.toLowerCase();
    // In such a tunnel, any number of requests would pass by the rules of this server.
    if (/^h2c?$/.test(protocol)) return 'a protocol that carries no requests, or ANY';
    if (!/^[a-z0-9][a-z0-9._/-]*$/.test(protocol)) return 'websocket, another protocol, or ANY';
    draft.upgrade = protocol;
    return undefined;
  },
};

/** What makes no difference to one server that is always asked again, and how it looks. */
const accepted: Readonly<Record<string, RegExp>> = {
  retry: /^\d+$/,
  min: /^\d+$/,
  smax: /^\d+$/,
  flushpackets: /^(on|off|auto)$/i,
  flushwait: /^\d+$/,
  iobuffersize: /^\d+$/,
  receivebuffersize: /^\d+$/,
  responsefieldsize: /^\d+$/,
  addressttl: /^-?\d+$/,
  ping: /^\d+(ms|s)?$/i,
  loadfactor: /^\d+(\.\d+)?$/,
  lbset: /^\d{1,2}$/,
};

/** Known to httpd, and missed here. */
const refused: Readonly<Record<string, string>> = {
  mapping: 'paths are always compared decoded',
  interpolate: 'variables in URLs are not filled in',
  status: 'a server cannot be switched off here',
  secret: 'there is no AJP',
  route: 'there are no balancers',
  redirect: 'there are no balancers',
  hcmethod: 'nobody checks whether a server is well',
  hcuri: 'nobody checks whether a server is well',
  hcinterval: 'nobody checks whether a server is well',
  hcpasses: 'nobody checks whether a server is well',
  hcfails: 'nobody checks whether a server is well',
  hcexpr: 'nobody checks whether a server is well',
  hctemplate: 'nobody checks whether a server is well',
};

/** Reads `key=value` and the bare words of ProxyPass; reports what is wrong with each. */
export function takePassWords(here: Here, words: readonly string[]): PassWords {
  const bare = words.map((word) => word.toLowerCase());
  const parameters = takeParameters(
    here,
    words.filter((word) => !/^(nocanon|noquery)$/i.test(word)),
  );
  return { parameters, isRaw: bare.includes('nocanon'), dropsQuery: bare.includes('noquery') };
}

/** Reads `key=value` of ProxySet and <Proxy>. */
export function takeParameters(here: Here, words: readonly string[]): ProxyParameters {
  const draft: Draft = {};
  for (const word of words) takeParameter(here, draft, word);
  return draft;
}

function takeParameter(here: Here, draft: Draft, word: string): void {
  const equals = word.indexOf('=');
  const written = equals < 0 ? word : word.slice(0, equals);
  const name = written.toLowerCase();
  const value = equals < 0 ? '' : word.slice(equals + 1);
  const why = Object.hasOwn(refused, name) ? refused[name] : undefined;
  if (why !== undefined) {
    here.fail(`${written} is not supported yet: ${why}`, { kind: 'argument-refused', at: { word } });
    return;
  }
  if (equals < 0) {
    here.fail(`expected parameters in the form 'key=value', not '${word}'`, { at: { word } });
    return;
  }
  const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
  const shape = Object.hasOwn(accepted, name) ? accepted[name] : undefined;
  if (reader === undefined && shape === undefined) {
    const known = [...Object.keys(readers), ...Object.keys(accepted)];
    here.fail(`unknown Worker parameter '${written}'`, {
      at: { word: written },
      suggestion: findNearest(name, known),
    });
    return;
  }
  const expected = reader?.(draft, value) ?? (shape?.test(value) === false ? 'another value' : undefined);
  if (expected === undefined && draft.upgrade !== undefined) here.draft.upgradeProtocols.add(draft.upgrade);
  if (expected !== undefined)
    here.fail(`expected ${expected} for ${written}, not '${value}'`, { at: { word } });
}

function takeTime(member: 'timeoutMs' | 'connectTimeoutMs' | 'ttlMs' | 'acquireMs', unit: 's' | 'ms'): Read {
  return (draft, value) => {
    const time = parseDuration(/^\d+$/.test(value) ? `${value}${unit}` : value);
    if (time === undefined || time < 1) return `a time, at least 1 ${unit}`;
    draft[member] = time;
    return undefined;
  };
}

function takeSwitch(set: (draft: Draft, isOn: boolean) => void): Read {
  return (draft, value) => {
    if (!/^(on|off)$/i.test(value)) return 'On or Off';
    set(draft, value.toLowerCase() === 'on');
    return undefined;
  };
}
