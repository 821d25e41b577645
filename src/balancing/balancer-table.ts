import type { Balancer, ServerConfig } from '../config/model.js';
import { BalancerState } from './balancer-state.js';
import type { MemberState } from './member-state.js';

/** Something that one front end has found out about a member. */
export interface MemberNews {
  readonly balancer: string;
  /** URL of the member. */
  readonly member: string;
  /** `since`: milliseconds since the epoch. */
  readonly found:
    | { readonly kind: 'in-error'; readonly since: number }
    | { readonly kind: 'well' | 'unwell' };
}

/** How a member is, for `modhost status`. */
export interface MemberReport {
  readonly balancer: string;
  readonly member: string;
  readonly state: string;
  readonly busy: number;
  readonly elected: number;
}

/** The balancers of a site. */
export class BalancerTable {
  readonly #states: ReadonlyMap<string, BalancerState>;
  readonly #tell: (news: MemberNews) => void;

  /** `tell`: hears of everything that other front ends should know. */
  constructor({ mainServer, virtualHosts }: ServerConfig, tell: (news: MemberNews) => void = () => {}) {
    const all = [mainServer, ...virtualHosts].flatMap(({ balancers }) => [...balancers.values()]);
    this.#states = new Map(all.map((balancer) => [balancer.id, new BalancerState(balancer)]));
    this.#tell = tell;
  }

  get all(): readonly BalancerState[] {
    return [...this.#states.values()];
  }

  find({ id }: Balancer): BalancerState {
    const state = this.#states.get(id);
    if (state === undefined) throw new Error(`no balancer of this site: ${id}`);
    return state;
  }

  /** Puts a member in error; false: its mistakes are ignored. */
  fail({ balancer }: BalancerState, state: MemberState, now: number): boolean {
    const isInError = state.fail(now);
    if (isInError) this.#tellOf(balancer, state, { kind: 'in-error', since: now });
    return isInError;
  }

  /** What a health check has settled. A member that is well is not left alone any longer (as httpd). */
  settle({ balancer }: BalancerState, state: MemberState, isWell: boolean): void {
    note(state, { kind: isWell ? 'well' : 'unwell' });
    this.#tellOf(balancer, state, { kind: isWell ? 'well' : 'unwell' });
  }

  /** What another front end has found out. */
  learn({ balancer, member, found }: MemberNews): void {
    const states = this.#states.get(balancer)?.members ?? [];
    const state = states.find((each) => each.member.target.url === member);
    if (state !== undefined) note(state, found);
  }

  report(now: number): MemberReport[] {
    return this.all.flatMap(({ balancer, members }) =>
      members.map((state) => ({
        balancer: balancer.url,
        member: state.member.target.url,
        state: state.describe(now),
        busy: state.busy,
        elected: state.elected,
      })),
    );
  }

  #tellOf({ id }: Balancer, { member }: MemberState, found: MemberNews['found']): void {
    this.#tell({ balancer: id, member: member.target.url, found });
  }
}

function note(state: MemberState, found: MemberNews['found']): void {
  if (found.kind === 'in-error') {
    state.inErrorSince = found.since;
    return;
  }
  state.isUnwell = found.kind === 'unwell';
  if (found.kind === 'well') state.inErrorSince = undefined;
}
