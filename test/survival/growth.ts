import { setTimeout as sleep } from 'node:timers/promises';
import { countFailures, startLoad } from './load.js';
import { reloadedPaths, reloadedSite, reloadSite } from './reloads.js';
import type { Holdings, SurvivalSite } from './site.js';

export interface Growth {
  /** After the first few reloads, when everything has been used once. */
  readonly before: Holdings;
  readonly after: Holdings;
  /** Counted by what happened. */
  readonly failures: Readonly<Record<string, number>>;
  readonly answered: number;
}

/** What the supervisor holds more after so many graceful restarts, under the load of a few connections. */
export async function reloadAndMeasure(site: SurvivalSite, reloads: number): Promise<Growth> {
  const load = startLoad({ port: site.port, connections: 4, paths: reloadedPaths, pauseMs: 50 });
  const first = Math.ceil(reloads / 10);
  let before: Holdings | undefined;
  for (let turn = 1; turn <= reloads; turn += 1) {
    // The group `changing` gets new processes with every fifth.
    site.writeSite(reloadedSite(site.folder, Math.floor(turn / 5)));
    await reloadSite(site);
    if (turn === first) before = await settle(site);
  }
  await load.stop();
  const after = await settle(site);
  return { before: before ?? after, after, failures: countFailures(load.failures), answered: load.answered };
}

/** When those that were replaced have gone: the number of children has not changed for a while. */
async function settle(site: SurvivalSite): Promise<Holdings> {
  let [last, since] = [site.holdings(), Date.now()];
  while (Date.now() - since < 3_000) {
    await sleep(100);
    const now = site.holdings();
    if (now.children !== last.children) since = Date.now();
    last = now;
  }
  return last;
}
