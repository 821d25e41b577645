import { expect, it } from 'vitest';
import type { NeededPool, PoolPlan } from '../../src/processes/index.js';
import { listArrivals, listReloads } from '../../src/processes/pool-succession.js';

const plan = { group: 'site', runtime: 'python' } as PoolPlan;
const script = (file: string, applicationGroup: string) => ({ script: file, applicationGroup });
const mount = (file: string, applicationGroup: string, group = 'site'): NeededPool => ({
  ...script(file, applicationGroup),
  group,
  runtime: 'python',
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
])('a new pool loads a script %s', (_, before, now, expected) => {
  expect(listReloads({ plan, loadedScripts: [a] }, before, now)).toEqual(expected);
});

it.each([
  ['mounted by another group before', [mount('/a.py', 'two')], [script('/a.py', 'two')]],
  [
    'mounted here twice',
    [mount('/a.py', 'x'), mount('/a.py', 'y')],
    [script('/a.py', 'x'), script('/a.py', 'y')],
  ],
  ['that nobody has loaded', [mount('/new.py', 'two')], []],
  ['mounted elsewhere', [mount('/a.py', 'two', 'third')], []],
])('a new pool loads a script from another pool: %s', (_, now, expected) => {
  const old = [{ plan: { ...plan, group: 'before' }, loadedScripts: [a] }];
  expect(listArrivals(plan, old, now)).toEqual(expected);
});

it('a pool is not said to get what it had itself', () => {
  expect(listArrivals(plan, [{ plan, loadedScripts: [a] }], [mount('/a.py', 'x')])).toEqual([]);
});
