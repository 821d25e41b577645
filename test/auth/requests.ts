import { type Facts, readFacts } from '../../src/auth/facts.js';
import type { AuthPorts, AuthRequest, Verdict } from '../../src/auth/index.js';
import type { AuthScript, Requirement } from '../../src/config/model.js';

/** Things that the tests of this room are made of. */

export const position = { file: 'site.conf', line: 1 };

export const granted: Requirement = { kind: 'granted', position };
export const denied: Requirement = { kind: 'denied', position };
export const validUser: Requirement = { kind: 'valid-user', position };

export function user(...names: string[]): Requirement {
  return { kind: 'user', names, position };
}

export function group(...names: string[]): Requirement {
  return { kind: 'group', names, position };
}

export function wsgiGroup(...names: string[]): Requirement {
  return { kind: 'wsgi-group', names, position };
}

export function host(...names: string[]): Requirement {
  return { kind: 'host', names, position };
}

/** `10.0.0.0/8`, … */
export function ip(...ranges: string[]): Requirement {
  return {
    kind: 'ip',
    ranges: ranges.map((range) => {
      const [address = '', length = ''] = range.split('/');
      return { address, prefixLength: Number(length) };
    }),
    position,
  };
}

export function not(requirement: Requirement): Requirement {
  return { kind: 'not', requirement, position };
}

export function any(...requirements: Requirement[]): Requirement {
  return { kind: 'any', requirements, position };
}

export function every(...requirements: Requirement[]): Requirement {
  return { kind: 'every', requirements, position };
}

export function none(...requirements: Requirement[]): Requirement {
  return { kind: 'none', requirements, position };
}

export const script: AuthScript = { file: '/srv/auth.py', position };

/** `credentials`: `user:password` as Unicode text, or a whole header with `header`. */
export function request(
  given: {
    readonly credentials?: string;
    readonly header?: string;
    readonly address?: string;
    readonly method?: string;
    readonly variables?: readonly string[];
    readonly target?: string;
  } = {},
): AuthRequest {
  const {
    credentials,
    header,
    address = '192.0.2.7',
    method = 'GET',
    variables = [],
    target = '/private/page?token=hidden',
  } = given;
  return {
    method,
    sent: { method, target, host: 'www.example' },
    authorization:
      credentials === undefined ? header : `Basic ${Buffer.from(credentials).toString('base64')}`,
    clientAddress: address,
    localAddress: '198.51.100.1',
    environ: () => ['REQUEST_METHOD', 'GET', 'REQUEST_URI', '/private/page?token=hidden'],
    environment: (name) => (variables.includes(name.toLowerCase()) ? '1' : undefined),
    holds: () => 'fault',
  };
}

/** What a request says by itself, and what was found out besides. */
export function factsOf(given: Parameters<typeof request>[0] = {}, known: Partial<Facts> = {}): Facts {
  return { ...readFacts(request(given)), ...known };
}

/** Ports that fail the test when they are asked. */
export const unaskedPorts: AuthPorts = {
  checkPassword: () => Promise.reject(new Error('checkPassword was asked')),
  getRealmHash: () => Promise.reject(new Error('getRealmHash was asked')),
  allowAccess: () => Promise.reject(new Error('allowAccess was asked')),
  groupsForUser: () => Promise.reject(new Error('groupsForUser was asked')),
};

/** `granted`, `granted bob`, `401`, … */
export function summarise(verdict: Verdict): string {
  if (verdict.kind === 'refused') return String(verdict.status);
  return verdict.user === undefined ? 'granted' : `granted ${verdict.user}`;
}

export function reasonOf(verdict: Verdict): string | undefined {
  if (verdict.kind !== 'refused' || verdict.reason === undefined) return undefined;
  return `${verdict.reason.module}:${verdict.reason.level} ${verdict.reason.text}`;
}
