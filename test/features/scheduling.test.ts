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

/** For two daemon processes. */
const room = countFrontEnds(2);

async function startSite(frontEnds: number, prefix: readonly string[] = []): Promise<void> {
  site = new SurvivalSite();
  writeFileSync(
    join(site.folder, 'app.py'),
    "def application(environ, start_response):\n    start_response('200 OK', [])\n    return [b'']\n",
  );
  await site.start(describeSite(frontEnds), prefix);
  await expect.poll(async () => (await site.status()).groups[0]?.processes.length).toBe(2);
}

function describeSite(frontEnds: number): string {
  return `ServerLimit ${frontEnds}
WSGIDaemonProcess one processes=2
WSGIScriptAlias / ${site.folder}/app.py process-group=one`;
}

/** Of the supervisor, the front ends and the daemon processes, as the system has it: proc(5), field 41 of stat. */
async function readPolicies(): Promise<{ site: number; frontEnds: number[]; daemons: number[] }> {
  const { frontEnds, groups } = await site.status();
  return {
    site: readPolicy(site.pid),
    frontEnds: frontEnds.map(({ pid }) => readPolicy(pid)),
    daemons: groups.flatMap(({ processes }) => processes).map(({ pid }) => readPolicy(pid)),
  };
}

function readPolicy(pid: number | undefined): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[38]);
}

function expectAll(frontEnds: number, policy: number) {
  return { site: policy, frontEnds: Array(frontEnds).fill(policy), daemons: [policy, policy] };
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
    await startSite(room, prefix);
    expect(await readPolicies()).toEqual(expectAll(room, policy));
  });

  it('is the default with more front ends than there is room for', { timeout: 60_000 }, async () => {
    await startSite(room + 1);
    expect(await readPolicies()).toEqual(expectAll(room + 1, policies.other));
  });

  it('changes with the number of front ends, for what is started', { timeout: 60_000 }, async () => {
    await startSite(room + 1);
    site.writeSite(describeSite(room));
    expect((await site.command('graceful')).exitCode).toBe(0);
    // Until those of before have gone.
    await expect
      .poll(readPolicies, { timeout: 20_000 })
      .toEqual({ ...expectAll(room, policies.batch), daemons: [policies.other, policies.other] });
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
