import type { Balancer } from '../config/model.js';
import { toByteString } from '../http/index.js';
import { chooseByMethod, countSession } from './balancing-methods.js';
import { MemberState } from './member-state.js';

/** Who is to answer a request. */
export type Choice =
  | {
      readonly kind: 'chosen';
      readonly state: MemberState;
      /** For `explain`, which alone puts it into words. */
      describe(): string;
    }
  /** Nobody can. `reason`: for the log. */
  | { readonly kind: 'nobody'; readonly reason: string };

/** What is known of the members of one balancer, and who is next. */
export class BalancerState {
  readonly balancer: Balancer;
  readonly members: readonly MemberState[];
  /** By `lbset`, the lowest first. */
  readonly #sets: readonly (readonly [set: number, members: readonly MemberState[]])[];

  constructor(balancer: Balancer) {
    this.balancer = balancer;
    this.members = balancer.members.map((member) => new MemberState(member));
    const sets = [...new Set(this.members.map(({ member }) => member.set))].sort((a, b) => a - b);
    this.#sets = sets.map((set) => [set, this.members.filter(({ member }) => member.set === set)]);
  }

  /** How often a request may be handed to a member, in all. */
  get attempts(): number {
    return 1 + (this.balancer.maxAttempts ?? Math.max(0, this.members.length - 1));
  }

  /** Who answers a request that belongs to a route, or to nobody yet. */
  choose(route: string | undefined, now: number): Choice {
    if (this.balancer.forcesRecovery) this.#recoverAll(now);
    const session = route === undefined || route === '' ? undefined : this.#chooseForSession(route, now);
    const choice = session ?? this.#chooseAny(now);
    if (choice.kind === 'chosen') choice.state.elected += 1;
    return choice;
  }

  /** When every member is in error, all are worth a try (as httpd): one that is switched off or unwell is something else. */
  #recoverAll(now: number): void {
    const areAllInError = this.members.every(
      (state) => !state.isUsable(now) && state.inErrorSince !== undefined,
    );
    if (areAllInError) for (const state of this.members) state.inErrorSince = undefined;
  }

  /** Undefined: the route is nobody's, or its member is down and others may stand in. */
  #chooseForSession(route: string, now: number): Choice | undefined {
    const owners = this.#membersOf(route);
    const owner = owners.find((state) => state.isUsable(now));
    if (owner !== undefined)
      return this.#countSession(owner, () => `the session belongs to route ${route}`, now);
    const redirects = owners.flatMap(({ member }) => member.redirect ?? []);
    const substitute = redirects
      .flatMap((redirect) => this.#membersOf(toByteString(redirect)))
      .find((state) => state.isUsable(now));
    if (substitute !== undefined)
      return this.#countSession(
        substitute,
        () => `redirect= of route ${route}, whose member cannot answer`,
        now,
      );
    if (owners.length === 0 || !this.balancer.noFailover) return undefined;
    return {
      kind: 'nobody',
      reason: `AH01167: all members of route ${route} are down, and nofailover is On: ${this.describe(now)}`,
    };
  }

  #membersOf(route: string): MemberState[] {
    return this.members.filter(
      ({ member }) => member.route !== undefined && toByteString(member.route) === route,
    );
  }

  #countSession(state: MemberState, describe: () => string, now: number): Choice {
    if (this.balancer.method !== 'bytraffic')
      countSession(
        state,
        this.members.filter((each) => each.isUsable(now)),
      );
    return { kind: 'chosen', state, describe };
  }

  #chooseAny(now: number): Choice {
    const { method } = this.balancer;
    for (const [set, members] of this.#sets) {
      const { candidates, spares, areOnStandby } = findCandidates(members, now);
      const state = chooseByMethod(method, candidates);
      if (state === undefined) continue;
      const describe = () => {
        const whom = areOnStandby ? 'those on standby' : 'the members';
        const among = candidates.map(({ member }) => member.target.url).join(', ');
        return `${method} among ${whom}${spares === 0 ? '' : ` and ${spares} spare`} of lbset ${set}: ${among}`;
      };
      return { kind: 'chosen', state, describe };
    }
    return { kind: 'nobody', reason: `AH01170: no member can answer: ${this.describe(now)}` };
  }

  /** How every member is, for the log. */
  describe(now: number): string {
    return this.members.map((state) => `${state.member.target.url} (${state.describe(now)})`).join(', ');
  }
}

interface Candidates {
  readonly candidates: readonly MemberState[];
  /** How many of them are there for others. */
  readonly spares: number;
  readonly areOnStandby: boolean;
}

/** Members and, for each that cannot answer, a spare; where nobody is left, those on standby. */
function findCandidates(members: readonly MemberState[], now: number): Candidates {
  const has = (state: MemberState, flag: 'standby' | 'spare') => state.member.flags.has(flag);
  const ordinary = members.filter((state) => !has(state, 'standby') && !has(state, 'spare'));
  const able = ordinary.filter((state) => state.takesNew(now));
  const spares = members.filter(
    (state) => has(state, 'spare') && !has(state, 'standby') && state.takesNew(now),
  );
  const substitutes = spares.slice(0, ordinary.length - able.length);
  if (able.length + substitutes.length > 0)
    return { candidates: [...able, ...substitutes], spares: substitutes.length, areOnStandby: false };
  const onStandby = members.filter((state) => has(state, 'standby') && state.takesNew(now));
  return { candidates: onStandby, spares: 0, areOnStandby: true };
}
