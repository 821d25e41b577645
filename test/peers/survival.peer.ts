import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scripts, writeScript } from '../survival/apps.js';
import { reloadAndMeasure } from '../survival/growth.js';
import { killedSite, killUnderLoad } from '../survival/kills.js';
import { countFailures } from '../survival/load.js';
import { reloadedSite, reloadUnderLoad, touchUnderLoad } from '../survival/reloads.js';
import { SurvivalSite } from '../survival/site.js';

/** On a slow machine. */
const secondsPerReload = 10;

/** The long forms of what test/features/reloads.test.ts and kills.test.ts do in short. */
describe('under load for long', { timeout: 1_800_000 }, () => {
  let site: SurvivalSite;

  beforeEach(() => {
    site = new SurvivalSite();
    for (const script of scripts) writeScript(site.folder, script, 'first');
  });
  afterEach(() => site?.remove());

  it('50 graceful restarts in a row fail no request', async () => {
    await site.start(reloadedSite(site.folder, 0));
    const load = await reloadUnderLoad(site, 50);
    console.log(`${load.answered} requests, the slowest took ${load.slowest} ms`);
    expect(countFailures(load.failures)).toEqual({});
  });

  it.each(scripts)('30 changes of %s, one of them broken, fail no request', async (script) => {
    await site.start(reloadedSite(site.folder, 0));
    const load = await touchUnderLoad(site, script, 30);
    console.log(`${load.answered} requests, the slowest took ${load.slowest} ms`);
    expect(countFailures(load.failures)).toEqual({});
  });

  const reloads = Number(process.env.MODHOST_TEST_RELOADS ?? 200);

  it(`${reloads} graceful restarts leave no descriptor, socket or process behind, and no memory`, {
    timeout: Math.max(1_800_000, reloads * secondsPerReload * 1000),
  }, async () => {
    await site.start(reloadedSite(site.folder, 0));
    const { before, after, failures, answered } = await reloadAndMeasure(site, reloads);
    console.log(`${answered} requests; ${JSON.stringify({ before, after })}`);
    expect(failures).toEqual({});
    expect(after.children).toBe(before.children);
    expect(after.descriptors).toBeLessThanOrEqual(before.descriptors);
    expect(after.sockets).toBeLessThanOrEqual(before.sockets);
    expect(after.memory - before.memory).toBeLessThan(48 * 2 ** 20);
  });

  it('killing a daemon process every 200 ms fails only the requests that they had', async () => {
    await site.start(killedSite(site.folder));
    const { load, killed } = await killUnderLoad(site, 30_000);
    console.log(`${load.answered} requests, ${load.failures.length} failed, ${killed.size} processes killed`);
    expect(killed.size).toBeGreaterThan(20);
    expect(load.failures.filter(({ what }) => what !== 'status 502' && what !== 'cut')).toEqual([]);
  });
});
