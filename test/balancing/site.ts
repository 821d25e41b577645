import type { Balancer, BalancerMember, MemberFlag, ServerConfig } from '../../src/config/model.js';

const position = { file: 'site.conf', line: 1 };

/** A member at `http://<name>`. */
export function makeMember(
  name: string,
  said: Partial<Omit<BalancerMember, 'flags'>> & { readonly flags?: readonly MemberFlag[] } = {},
): BalancerMember {
  const { flags = [], ...rest } = said;
  return {
    target: {
      url: `http://${name}`,
      scheme: 'http',
      host: name,
      port: 80,
      authority: name,
      path: '',
      parameters: {},
      isRaw: false,
      dropsQuery: false,
    },
    position,
    loadFactor: 100,
    set: 0,
    retryMs: 60_000,
    ...rest,
    flags: new Set(flags),
  };
}

export function makeBalancer(members: readonly BalancerMember[], said: Partial<Balancer> = {}): Balancer {
  return {
    id: '0/all',
    url: 'balancer://all',
    position,
    members,
    method: 'byrequests',
    noFailover: false,
    forcesRecovery: true,
    failOnStatus: [],
    failOnTimeout: false,
    waitMs: 0,
    ...said,
  };
}

/** As much of a configuration as a table of balancers looks at. */
export function makeConfig(balancer: Balancer): ServerConfig {
  const mainServer = { balancers: new Map([['all', balancer]]) };
  return { mainServer, virtualHosts: [] } as unknown as ServerConfig;
}
