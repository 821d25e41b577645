import { expect, it } from 'vitest';
import { BalancerTable, type MemberNews } from '../../src/balancing/index.js';
import { makeBalancer, makeConfig, makeMember } from './site.js';

const now = 1_000_000;

it('tells other front ends what it has found out about a member, and learns from them', () => {
  const balancer = makeBalancer([makeMember('a'), makeMember('b', { flags: ['ignores-errors'] })]);
  const news: MemberNews[] = [];
  const [one, other] = [
    new BalancerTable(makeConfig(balancer), (piece) => news.push(piece)),
    new BalancerTable(makeConfig(balancer)),
  ];
  const [a, b] = one.find(balancer).members;
  if (a === undefined || b === undefined) throw new Error('two members');
  const states = () => other.report(now).map(({ state }) => state);
  const spread = () => {
    for (const piece of news.splice(0)) other.learn(structuredClone(piece));
  };

  expect(one.fail(one.find(balancer), a, now)).toBe(true);
  expect(one.fail(one.find(balancer), b, now)).toBe(false);
  spread();
  expect(states()).toEqual(['in error, tried again in 60 s', 'ok']);

  one.settle(one.find(balancer), b, false);
  spread();
  // That `b` is unwell says nothing of `a`.
  expect(states()).toEqual(['in error, tried again in 60 s', 'unwell']);

  one.settle(one.find(balancer), a, true);
  one.settle(one.find(balancer), b, true);
  spread();
  expect(states()).toEqual(['ok', 'ok']);

  other.learn({ balancer: 'nobody', member: 'http://a', found: { kind: 'unwell' } });
  expect(states()).toEqual(['ok', 'ok']);
});
