import type { BalancingMethod } from '../config/model.js';
import type { MemberState } from './member-state.js';

/** Chooses among members that may be asked; undefined: there are none. The first of those that are alike. */
export function chooseByMethod(
  method: BalancingMethod,
  candidates: readonly MemberState[],
): MemberState | undefined {
  if (method === 'bytraffic') return first(candidates, (one, best) => trafficOf(one) < trafficOf(best));
  const total = payAll(candidates);
  const chosen =
    method === 'byrequests'
      ? first(candidates, (one, best) => one.owed > best.owed)
      : first(
          candidates,
          (one, best) => one.busy < best.busy || (one.busy === best.busy && one.owed > best.owed),
        );
  if (chosen !== undefined) chosen.owed -= total;
  return chosen;
}

/** A session has chosen its member: the others are owed their share of that request, too. */
export function countSession(chosen: MemberState, usable: readonly MemberState[]): void {
  const total = payAll(usable);
  chosen.owed -= total;
}

/** For each request everybody is owed their load factor; who gets it pays the sum. */
function payAll(members: readonly MemberState[]): number {
  let total = 0;
  for (const state of members) {
    const { loadFactor } = state.member;
    state.owed += loadFactor;
    total += loadFactor;
  }
  return total;
}

/** In whole numbers, as httpd divides: small answers make members alike. */
function trafficOf({ sentBytes, receivedBytes, member: { loadFactor } }: MemberState): number {
  return Math.trunc(sentBytes / loadFactor) + Math.trunc(receivedBytes / loadFactor);
}

function first(
  members: readonly MemberState[],
  isBetter: (one: MemberState, best: MemberState) => boolean,
): MemberState | undefined {
  let best = members[0];
  for (const one of members) if (best !== undefined && isBetter(one, best)) best = one;
  return best;
}
