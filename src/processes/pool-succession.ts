import type { ServerConfig } from '../config/model.js';
import type { LoadedScript } from './control-channel.js';
import type { DaemonPool, PoolPlan, Runtime } from './daemon-pool.js';
import { hearLastWords } from './last-words.js';
import { findProcessGroup, type PlanPorts, planPool } from './launch-plan.js';

/** A process group and a runtime that the site file shows to be needed, with a script that it mounts there. */
export interface NeededPool extends LoadedScript {
  readonly group: string;
  readonly runtime: Runtime;
}

type Pools = ReadonlyMap<string, DaemonPool>;

/** Whoever is to take over from processes that serve has so long to become ready. */
const patienceMs = 60_000;

/** By `group/runtime`. What was started on demand goes on being needed. */
export function planPools(
  config: ServerConfig,
  needed: readonly NeededPool[],
  old: Pools | undefined,
  ports: PlanPorts,
): ReadonlyMap<string, PoolPlan> {
  const plans = new Map<string, PoolPlan>();
  const before = [...(old?.values() ?? [])].map(({ plan }) => plan);
  for (const { group, runtime } of [...needed, ...before]) {
    const key = `${group}/${runtime}`;
    const definition = findProcessGroup(config, group);
    if (!plans.has(key) && definition !== undefined)
      plans.set(key, planPool(config, definition, runtime, ports));
  }
  return plans;
}

/**
 * What the processes of a pool have loaded and a new pool has to load before it may replace them: everything, but for what the site file
 * mounted there and mounts there no longer. Site files do not tell all: folders of scripts, patterns, handlers and names that
 * hold a listener's port show in requests only.
 */
export function listReloads(
  { plan, loadedScripts }: Pick<DaemonPool, 'plan' | 'loadedScripts'>,
  neededBefore: readonly NeededPool[],
  needed: readonly NeededPool[],
): readonly LoadedScript[] {
  const isHere = ({ group, runtime }: NeededPool) => group === plan.group && runtime === plan.runtime;
  const before = neededBefore.filter(isHere);
  const now = needed.filter(isHere);
  return loadedScripts.flatMap((loaded) => {
    const mounts = now.filter(({ script }) => script === loaded.script);
    const isSame = (mount: NeededPool) =>
      mount.script === loaded.script && mount.applicationGroup === loaded.applicationGroup;
    const isGone = mounts.length === 0 && before.some(({ script }) => script === loaded.script);
    const hasMoved = !mounts.some(isSame) && before.some(isSame);
    if (!isGone && !hasMoved) return [loaded];
    return mounts.map(({ script, applicationGroup }) => ({ script, applicationGroup }));
  });
}

/**
 * What processes of other pools have loaded and the site file mounts in this one now: whoever gets answers from it is to go on getting
 * them. Names inside of `chroot=` are not compared with those outside.
 */
export function listArrivals(
  { group, runtime }: Pick<PoolPlan, 'group' | 'runtime'>,
  old: Iterable<Pick<DaemonPool, 'plan' | 'loadedScripts'>>,
  needed: readonly NeededPool[],
): readonly LoadedScript[] {
  const others = [...old].filter(({ plan }) => plan.group !== group || plan.runtime !== runtime);
  const served = new Set(others.flatMap(({ loadedScripts }) => loadedScripts.map(({ script }) => script)));
  return needed
    .filter((mount) => mount.group === group && mount.runtime === runtime && served.has(mount.script))
    .map(({ script, applicationGroup }) => ({ script, applicationGroup }));
}

/**
 * Waits until the new pools can serve. Resolves with why not, worded for the log, if one cannot that is to replace
 * processes that do: nothing is to be swapped in then. A pool that nobody waits for may come up later.
 */
export async function findUnfitPool(
  old: Pools,
  next: Pools,
  stopping: Promise<void>,
): Promise<string | undefined> {
  const fresh = [...next].filter(([key, pool]) => old.get(key) !== pool);
  const replacing = fresh
    .filter(([key, pool]) => old.get(key)?.isReady ?? pool.takesOver)
    .map(([, pool]) => pool);
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patienceMs);
  });
  await Promise.race([Promise.all(fresh.map(([, pool]) => pool.settled())), tooLong, stopping]);
  clearTimeout(timer);
  const unfit = replacing.find(({ isReady, failure }) => !isReady || failure !== undefined);
  if (unfit === undefined) return undefined;
  await hearLastWords();
  return `daemon process ${unfit.name} ${unfit.failure ?? `was not ready within ${patienceMs / 1000} s`}`;
}
