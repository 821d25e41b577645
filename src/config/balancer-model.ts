/** Types of the configuration, entered by model.ts. Balancers and their members. */

import type { Condition } from '../expressions/index.js';
import type { Position } from './model.js';
import type { ServerTarget } from './proxy-model.js';

/** Several servers, of which one answers each request. */
export interface Balancer {
  /** One for each balancer of the site file: two virtual hosts may use a name for different ones. */
  readonly id: string;
  /** `balancer://name` */
  readonly url: string;
  /** Where it is named first. */
  readonly position: Position;
  readonly members: readonly BalancerMember[];
  readonly method: BalancingMethod;
  readonly stickySession?: StickySession;
  /** maxattempts: how often another member is asked; absent: as often as there are others. */
  readonly maxAttempts?: number;
  /** nofailover: a session whose member is down is refused. */
  readonly noFailover: boolean;
  /** forcerecovery: when every member is in error, all are tried again at once. */
  readonly forcesRecovery: boolean;
  /** Answers of these statuses put the member that gave them in error. */
  readonly failOnStatus: readonly number[];
  readonly failOnTimeout: boolean;
  /** timeout: how long a request waits for a member that can answer; 0: not at all. */
  readonly waitMs: number;
}

/** byrequests: by how many requests each had; bybusyness: by how many each has now; bytraffic: by bytes. */
export type BalancingMethod = 'byrequests' | 'bybusyness' | 'bytraffic';

/** What one ProxySet, <Proxy> or ProxyPass may say of a balancer. */
export type BalancerParameters = Partial<
  Omit<Balancer, 'id' | 'url' | 'position' | 'members' | 'stickySession'>
> &
  Partial<StickySession>;

/** stickysession and its kin: how a request tells which member it belongs to. */
export interface StickySession {
  /** The cookie that holds it. */
  readonly cookie: string;
  /** The parameter in path or query that does. */
  readonly parameter: string;
  /** What stands before the route in the value; empty: the value is the route. */
  readonly separator: string;
  /** scolonpathdelim: `;` ends the value in a path, too. */
  readonly semicolonEnds: boolean;
}

export interface BalancerMember {
  /** Its path comes before that of the balancer. */
  readonly target: ServerTarget;
  readonly position: Position;
  /** Hundredths: 1 is 100. */
  readonly loadFactor: number;
  /** lbset: members of a lower one are asked first. */
  readonly set: number;
  readonly route?: string;
  /** The route of the member that stands in for this one. */
  readonly redirect?: string;
  readonly flags: ReadonlySet<MemberFlag>;
  /** How long it is left alone once it is in error. */
  readonly retryMs: number;
  readonly check?: HealthCheck;
}

/** Letters of `status=`. drained: takes only the sessions it has; standby: when nobody else can; spare: in place of one that cannot. */
export type MemberFlag =
  | 'disabled'
  | 'stopped'
  | 'ignores-errors'
  | 'spare'
  | 'standby'
  | 'in-error'
  | 'drained'
  | 'unwell';

/** hcmethod and its kin. */
export interface HealthCheck {
  /** TCP: a connection is enough. */
  readonly method: 'TCP' | 'OPTIONS' | 'HEAD' | 'GET';
  readonly httpVersion: '1.0' | '1.1';
  /** hcuri: behind the path of the member. */
  readonly uri: string;
  readonly intervalMs: number;
  /** So many in a row, and the member is well, or unwell. */
  readonly passes: number;
  readonly fails: number;
  /** hcexpr; absent: the status is 2xx or 3xx. */
  readonly condition?: HealthCondition;
}

/** ProxyHCExpr */
export interface HealthCondition {
  readonly name: string;
  readonly condition: Condition;
  readonly position: Position;
}
