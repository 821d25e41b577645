import { describe, expect, it } from 'vitest';
import { BalancerState } from '../../src/balancing/index.js';
import { makeBalancer, makeMember } from './site.js';

/** That real Apache chooses the same is shown by test/peers/balancer.peer.ts. */
const now = 1_000_000;

function ask(state: BalancerState, count: number, route?: string, at = now): string {
  return Array.from({ length: count }, () => {
    const choice = state.choose(route, at);
    return choice.kind === 'chosen' ? choice.state.member.target.host : 'nobody';
  }).join(' ');
}

const memberOf = (state: BalancerState, host: string) => {
  const found = state.members.find(({ member }) => member.target.host === host);
  if (found === undefined) throw new Error(`no member ${host}`);
  return found;
};

describe('a balancer', () => {
  it('shares requests by load factor', () => {
    const state = new BalancerState(makeBalancer([makeMember('a'), makeMember('b', { loadFactor: 300 })]));
    expect(ask(state, 8)).toBe('b a b b b a b b');
  });

  it('asks the one with the fewest requests, and of those who is owed most', () => {
    const state = new BalancerState(
      makeBalancer([makeMember('a'), makeMember('b', { loadFactor: 300 })], { method: 'bybusyness' }),
    );
    memberOf(state, 'b').busy = 1;
    expect(ask(state, 3)).toBe('a a a');
    memberOf(state, 'b').busy = 0;
    expect(ask(state, 3)).toBe('b b b');
  });

  it('asks the one with the fewest bytes for its load factor', () => {
    const state = new BalancerState(
      makeBalancer([makeMember('a'), makeMember('b', { loadFactor: 200 })], { method: 'bytraffic' }),
    );
    memberOf(state, 'a').receivedBytes = 1_000;
    memberOf(state, 'b').sentBytes = 1_900;
    expect(ask(state, 1)).toBe('b');
    memberOf(state, 'b').sentBytes = 2_100;
    expect(ask(state, 1)).toBe('a');
  });

  it('puts into words why somebody was chosen only for those who ask', () => {
    let reads = 0;
    const members = ['a', 'b', 'c', 'd'].map((name) => {
      const member = makeMember(name, {
        set: name === 'd' ? 0 : 2,
        route: name,
        ...(name === 'a' ? { redirect: 'b' } : {}),
        flags: name === 'b' ? ['spare'] : name === 'd' ? ['disabled'] : [],
      });
      const target = {
        ...member.target,
        get url() {
          reads += 1;
          return `http://${name}`;
        },
      };
      return { ...member, target };
    });
    const state = new BalancerState(makeBalancer(members));
    memberOf(state, 'a').fail(now);
    const any = state.choose(undefined, now);
    const owner = state.choose('c', now);
    const substitute = state.choose('a', now);
    expect(reads).toBe(0);
    const said = [any, owner, substitute].map((choice) =>
      choice.kind === 'chosen' ? choice.describe() : choice.reason,
    );
    expect(said).toEqual([
      'byrequests among the members and 1 spare of lbset 2: http://c, http://b',
      'the session belongs to route c',
      'redirect= of route a, whose member cannot answer',
    ]);
  });

  it('leaves a member in error alone for its time', () => {
    const state = new BalancerState(makeBalancer([makeMember('a', { retryMs: 5_000 }), makeMember('b')]));
    memberOf(state, 'a').fail(now);
    expect(ask(state, 3, undefined, now + 4_999)).toBe('b b b');
    expect(ask(state, 2, undefined, now + 5_000)).toContain('a');
  });

  it('tries everybody again when all are in error, unless it must not', () => {
    for (const forcesRecovery of [true, false]) {
      const state = new BalancerState(makeBalancer([makeMember('a'), makeMember('b')], { forcesRecovery }));
      for (const member of state.members) member.fail(now);
      expect(ask(state, 2)).toBe(forcesRecovery ? 'a b' : 'nobody nobody');
    }
  });

  it('does not try again whom the site file or a check has put aside', () => {
    const state = new BalancerState(
      makeBalancer([makeMember('a', { flags: ['disabled'] }), makeMember('b')]),
    );
    memberOf(state, 'b').fail(now);
    expect(ask(state, 1)).toBe('nobody');
    memberOf(state, 'b').inErrorSince = undefined;
    memberOf(state, 'b').isUnwell = true;
    expect(ask(state, 1)).toBe('nobody');
    expect(state.describe(now)).toBe('http://a (disabled), http://b (unwell)');
  });

  it('has spares for those that cannot answer, then those on standby, then higher sets', () => {
    const state = new BalancerState(
      makeBalancer([
        makeMember('a'),
        makeMember('spare', { flags: ['spare'] }),
        makeMember('standby', { flags: ['standby'] }),
        makeMember('higher', { set: 1 }),
      ]),
    );
    expect(ask(state, 2)).toBe('a a');
    memberOf(state, 'a').fail(now);
    expect(ask(state, 2)).toBe('spare spare');
    memberOf(state, 'spare').fail(now);
    expect(ask(state, 2)).toBe('standby standby');
    memberOf(state, 'standby').fail(now);
    expect(ask(state, 2)).toBe('higher higher');
  });

  it('keeps sessions where they are, drained or not, and goes on without them', () => {
    const members = [
      makeMember('a', { route: 'r1' }),
      makeMember('b', { route: 'r2', flags: ['drained'] }),
      makeMember('c', { route: 'r3', redirect: 'r1' }),
    ];
    const state = new BalancerState(makeBalancer(members));
    expect(ask(state, 2, 'r2')).toBe('b b');
    expect(ask(state, 4)).not.toContain('b');
    memberOf(state, 'c').fail(now);
    expect(ask(state, 2, 'r3')).toBe('a a');
    memberOf(state, 'b').fail(now);
    expect(ask(state, 1, 'r2')).toBe('a');
    const strict = new BalancerState(makeBalancer(members, { noFailover: true }));
    memberOf(strict, 'b').fail(now);
    expect(ask(strict, 1, 'r2')).toBe('nobody');
    expect(ask(strict, 1, 'r9')).not.toBe('nobody');
  });

  it('hands a request to as many as there are, or as the site file says', () => {
    const members = [makeMember('a'), makeMember('b'), makeMember('c')];
    expect(new BalancerState(makeBalancer(members)).attempts).toBe(3);
    expect(new BalancerState(makeBalancer(members, { maxAttempts: 1 })).attempts).toBe(2);
    expect(new BalancerState(makeBalancer([makeMember('a')])).attempts).toBe(1);
  });
});
