import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { countFrontEnds } from '../../src/processes/front-end-count.js';
import { SurvivalSite } from '../survival/site.js';

let site: SurvivalSite;

afterEach(() => site.remove());

/** sched(7) */
const policies = { other: 0, batch: 3, idle: 5 };

/** Of all processes of the site, as the system has it: proc(5), field 41 of stat. */
async function startAndReadPolicies(prefix: readonly string[]): Promise<readonly number[]> {
  site = new SurvivalSite();
  writeFileSync(
    join(site.folder, 'app.py'),
    "def application(environ, start_response):\n    start_response('200 OK', [])\n    return [b'']\n",
  );
  const group = `WSGIDaemonProcess one processes=2\nWSGIScriptAlias / ${site.folder}/app.py process-group=one`;
  await site.start(`ServerLimit 2\n${group}`, prefix);
  await expect.poll(async () => (await site.status()).groups[0]?.processes.length).toBe(2);
  const { frontEnds, groups } = await site.status();
  const pids = [...frontEnds, ...groups.flatMap(({ processes }) => processes)].map(({ pid }) => pid);
  expect(pids).toHaveLength(4);
  return [site.pid, ...pids].map((pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[38]);
  });
}

describe.skipIf(spawnSync('chrt', ['-V']).status !== 0)('how its processes are scheduled', () => {
  it.each([
    { title: 'is in batches', prefix: [], policy: policies.batch },
    {
      title: 'stays what the one who started it has chosen',
      prefix: ['chrt', '-i', '0'],
      policy: policies.idle,
    },
    {
      title: 'stays the default if the environment says so',
      prefix: ['env', 'MODHOST_SCHEDULING=other'],
      policy: policies.other,
    },
  ])('$title', { timeout: 60_000 }, async ({ prefix, policy }) => {
    expect(await startAndReadPolicies(prefix)).toEqual(Array(5).fill(policy));
  });
});

it('says why it is not in batches', { timeout: 60_000 }, async () => {
  site = new SurvivalSite();
  await site.start('', ['env', 'PATH=/nowhere']);
  await site.said('the scheduling policy stays as it is: chrt:');
});

it('starts with as many front ends as daemon processes leave room for', { timeout: 60_000 }, async () => {
  site = new SurvivalSite();
  writeFileSync(join(site.folder, 'app.mjs'), 'export default (req, res) => res.end();\n');
  await site.start(
    `WSGIDaemonProcess one processes=3\nWSGIScriptAlias / ${site.folder}/app.mjs process-group=one`,
  );
  expect((await site.status()).frontEnds).toHaveLength(countFrontEnds(3));
});
