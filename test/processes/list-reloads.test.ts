import { describe, expect, it } from 'vitest';
import type { NeededPool, PoolPlan } from '../../src/processes/index.js';
import { listArrivals, listReloads, listUntried } from '../../src/processes/pool-succession.js';

const plan = { group: 'site', runtime: 'python', launch: { start: { threads: 1 } } } as PoolPlan;
const script = (file: string, applicationGroup: string) => ({ script: file, applicationGroup });
const mount = (file: string, applicationGroup: string, group = 'site'): NeededPool => ({
  ...script(file, applicationGroup),
  group,
  runtime: 'python',
  file,
  isOnDemand: false,
});
/** Mounted in a group with `chroot=/jail`. */
const jailed = (file: string, applicationGroup: string, group = 'site'): NeededPool => ({
  ...mount(file, applicationGroup, group),
  file: `/jail${file}`,
});
const a = script('/a.py', 'one');

it.each([
  ['mounted as before', [mount('/a.py', 'one')], [mount('/a.py', 'one')], [a]],
  ['under a name that the site file does not tell', [mount('/a.py', 'x')], [mount('/a.py', 'x')], [a]],
  ['that the site file does not tell at all', [], [], [a]],
  ['mounted now', [], [mount('/a.py', 'one')], [a]],
  ['mounted no longer', [mount('/a.py', 'one')], [], []],
  ['mounted no longer, under another name', [mount('/a.py', 'x')], [], []],
  ['that has moved to another group', [mount('/a.py', 'one')], [mount('/a.py', 'one', 'other')], []],
  ['that has got another name', [mount('/a.py', 'one')], [mount('/a.py', 'x')], [script('/a.py', 'x')]],
  [
    'that has got another name, under two paths',
    [mount('/a.py', 'one')],
    [mount('/a.py', 'x'), mount('/a.py', 'x')],
    [script('/a.py', 'x')],
  ],
])('a new pool loads a script %s', (_, before, now, expected) => {
  expect(listReloads({ plan, loadedScripts: [a] }, plan, { before, now })).toEqual(expected);
});

it.each([
  ['mounted by another group before', [mount('/a.py', 'two')], [script('/a.py', 'two')]],
  [
    'mounted here twice',
    [mount('/a.py', 'x'), mount('/a.py', 'y')],
    [script('/a.py', 'x'), script('/a.py', 'y')],
  ],
  [
    'mounted here under two paths',
    [mount('/a.py', 'x'), mount('/a.py', 'y'), mount('/a.py', 'x')],
    [script('/a.py', 'x'), script('/a.py', 'y')],
  ],
  ['that nobody has loaded', [mount('/new.py', 'two')], []],
  ['mounted elsewhere', [mount('/a.py', 'two', 'third')], []],
])('a new pool loads a script from another pool: %s', (_, now, expected) => {
  const old = [{ plan: { ...plan, group: 'before' }, loadedScripts: [a] }];
  expect(listArrivals(plan, old, { before: [], now })).toEqual(expected);
});

it('a pool is not said to get what it had itself', () => {
  const now = [mount('/a.py', 'x')];
  expect(listArrivals(plan, [{ plan, loadedScripts: [a] }], { before: [], now })).toEqual([]);
});

describe('a group that goes on as it is', () => {
  const other = { plan: { ...plan, group: 'before' }, loadedScripts: [a] };
  const here = mount('/a.py', 'one');
  const there = mount('/a.py', 'one', 'before');

  it.each([
    ['that moves to it', [there], [here], [a]],
    ['that is mounted there as well, now', [there], [there, here], [a]],
    ['that it mounts, too, and the other no longer', [there, here], [here], [a]],
    ['that both mount as before', [there, here], [there, here], []],
    ['that gets another name there', [there, mount('/a.py', 'x')], [there, here], [a]],
    ['that moves elsewhere', [there], [mount('/a.py', 'one', 'third')], []],
  ])('tries a script %s', (_, before, now, expected) => {
    expect(listUntried({ plan, loadedScripts: [] }, [other], { before, now })).toEqual(expected);
  });

  it('tries nothing that it has loaded itself, and nothing where it serves no requests', () => {
    const mounts = { before: [there], now: [here] };
    expect(listUntried({ plan, loadedScripts: [a] }, [other], mounts)).toEqual([]);
    const service = { ...plan, launch: { start: { threads: 0 } } } as PoolPlan;
    expect(listUntried({ plan: service, loadedScripts: [] }, [other], mounts)).toEqual([]);
  });
});

describe('with chroot=, a script is the same if its file is', () => {
  const jail = { ...plan, chroot: '/jail' };
  const outside = script('/jail/a.py', 'one');

  it.each([
    ['moves into it', { ...plan, group: 'before' }, outside, jail, jailed('/a.py', 'one'), [a]],
    ['moves out of it', { ...jail, group: 'before' }, a, plan, mount('/jail/a.py', 'one'), [outside]],
    ['is called the same inside', { ...jail, group: 'before' }, a, plan, mount('/a.py', 'one'), []],
  ])('when it %s', (_, before, loaded, next, now, expected) => {
    const old = [{ plan: before, loadedScripts: [loaded] }];
    expect(listArrivals(next, old, { before: [], now: [now] })).toEqual(expected);
  });

  it.each([
    ['got one', plan, outside, jail, [mount('/jail/a.py', 'one')], [jailed('/a.py', 'one')], [a]],
    ['has it no longer', jail, a, plan, [jailed('/a.py', 'one')], [mount('/jail/a.py', 'one')], [outside]],
    ['got one, of a folder of scripts', plan, outside, jail, [], [], [a]],
    ['got one, and cannot see it any more', plan, a, jail, [], [], []],
  ])('when its group %s', (_, plan, loaded, next, before, now, expected) => {
    expect(listReloads({ plan, loadedScripts: [loaded] }, next, { before, now })).toEqual(expected);
  });
});
