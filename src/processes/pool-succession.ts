import type { ServerConfig } from '../config/model.js';
import type { LoadedScript } from './control-channel.js';
import type { DaemonPool, PoolPlan, Runtime } from './daemon-pool.js';
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

/** The scripts that the processes of a pool have loaded and that the new site file mounts there too. */
export function listReloads({ plan, loadedScripts }: DaemonPool, needed: readonly NeededPool[]) {
  const mounted = needed.filter(({ group, runtime }) => group === plan.group && runtime === plan.runtime);
  return loadedScripts.filter(({ script, applicationGroup }) =>
    mounted.some((mount) => mount.script === script && mount.applicationGroup === applicationGroup),
  );
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
  const replacing = fresh.filter(([key]) => old.get(key)?.isReady === true).map(([, pool]) => pool);
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patienceMs);
  });
  await Promise.race([Promise.all(fresh.map(([, pool]) => pool.settled())), tooLong, stopping]);
  clearTimeout(timer);
  const unfit = replacing.find(({ isReady, failure }) => !isReady || failure !== undefined);
  if (unfit === undefined) return undefined;
  return `daemon process ${unfit.name} ${unfit.failure ?? `was not ready within ${patienceMs / 1000} s`}`;
}
