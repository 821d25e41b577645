import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scripts, writeScript } from '../survival/apps.js';
import { reloadAndMeasure } from '../survival/growth.js';
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

  it('graceful restarts leave no descriptor, socket or process behind, and little memory', async () => {
    const { before, after, failures } = await reloadAndMeasure(site, 12);
    expect(failures).toEqual({});
    expect(after.children).toBe(before.children);
    expect(after.descriptors).toBeLessThanOrEqual(before.descriptors);
    expect(after.sockets).toBeLessThanOrEqual(before.sockets);
    expect(after.memory - before.memory).toBeLessThan(64 * 2 ** 20);
  });

  it.each(scripts)('changes of %s, one of them broken, fail no request', async (script) => {
    const load = await touchUnderLoad(site, script, 6);
    expect(countFailures(load.failures)).toEqual({});
  });
});
