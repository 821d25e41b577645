import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scripts, writeScript } from '../survival/apps.js';
import { killedSite, killUnderLoad } from '../survival/kills.js';
import { SurvivalSite } from '../survival/site.js';

describe('under load', { timeout: 60_000 }, () => {
  let site: SurvivalSite;

  beforeEach(async () => {
    site = new SurvivalSite();
    for (const script of scripts) writeScript(site.folder, script, 'first');
    await site.start(killedSite(site.folder));
  });
  afterEach(() => site?.remove());

  it('killing daemon processes fails only the requests that they had', async () => {
    const { load, killed } = await killUnderLoad(site, 10_000);
    expect(killed.size).toBeGreaterThan(5);
    expect(load.failures.filter(({ what }) => what !== 'status 502' && what !== 'cut')).toEqual([]);
    const blamed = [...site.output.matchAll(/daemon process (\d+) ended before the response was complete/g)];
    expect(load.failures.length).toBeLessThanOrEqual(blamed.length);
    expect(blamed.map(([, pid]) => Number(pid)).filter((pid) => !killed.has(pid))).toEqual([]);
  });
});
