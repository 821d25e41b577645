import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scripts, writeScript } from '../survival/apps.js';
import { countFailures } from '../survival/load.js';
import { reloadedSite, reloadUnderLoad, touchUnderLoad } from '../survival/reloads.js';
import { SurvivalSite } from '../survival/site.js';

describe('under load', { timeout: 120_000 }, () => {
  let site: SurvivalSite;

  beforeAll(async () => {
    site = new SurvivalSite();
    for (const script of scripts) writeScript(site.folder, script, 'first');
    await site.start(reloadedSite(site.folder, 0));
  });
  afterAll(() => site?.remove());

  it('graceful restarts in a row fail no request', async () => {
    const load = await reloadUnderLoad(site, 10);
    expect(countFailures(load.failures)).toEqual({});
  });

  it.each(scripts)('changes of %s, one of them broken, fail no request', async (script) => {
    const load = await touchUnderLoad(site, script, 6);
    expect(countFailures(load.failures)).toEqual({});
  });
});
