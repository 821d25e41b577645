import type { ServerConfig } from '../config/model.js';
import { nameInside, nameOutside } from './chroot.js';
import type { LoadedScript } from './control-channel.js';
import type { DaemonPool, PoolPlan, Runtime } from './daemon-pool.js';
import { hearLastWords } from './last-words.js';
import { findProcessGroup, type PlanPorts, planPool } from './launch-plan.js';

/** A process group and a runtime that the site file shows to be needed, with a script that it mounts there. */
export interface NeededPool extends LoadedScript {
  readonly group: string;
  readonly runtime: Runtime;
  /** The script as it is called outside of `chroot=`. */
  readonly file: string;
  /** Nothing is started because it is mounted, but by the first request. */
  readonly isOnDemand: boolean;
}

/** What a pool has loaded, for whom. */
type Serving = Pick<DaemonPool, 'plan' | 'loadedScripts'>;

/** What two site files show to be needed. */
export interface Mounts {
  readonly before: readonly NeededPool[];
  readonly now: readonly NeededPool[];
}

type Pools = ReadonlyMap<string, DaemonPool>;

/** Whoever is to take over from processes that serve has so long to become ready. */
const patienceMs = 60_000;

/** By `group/runtime`. What was started on demand goes on being needed, and what takes scripts over from others is. */
export function planPools(
  config: ServerConfig,
  mounts: Mounts,
  old: Pools | undefined,
  ports: PlanPorts,
): ReadonlyMap<string, PoolPlan> {
  const plans = new Map<string, PoolPlan>();
  const serving = [...(old?.values() ?? [])];
  const needed = mounts.now.filter((mount) => !mount.isOnDemand);
  const before = serving.map(({ plan }) => plan);
  for (const { group, runtime } of [...needed, ...before, ...listTakers(serving, mounts)]) {
    const key = `${group}/${runtime}`;
    const definition = findProcessGroup(config, group);
    if (!plans.has(key) && definition !== undefined)
      plans.set(key, planPool(config, definition, runtime, ports));
  }
  return plans;
}

/** Of those that are started on demand, whoever gets scripts that others serve. */
function listTakers(serving: readonly Serving[], mounts: Mounts): readonly Whose[] {
  const onDemand = mounts.now.filter((mount) => mount.isOnDemand);
  const byKey = new Map(onDemand.map((mount) => [`${mount.group}/${mount.runtime}`, mount]));
  return [...byKey.values()].filter((taker) => listArrivals(taker, serving, mounts).length > 0);
}

/**
 * What the processes of a pool have loaded and a new pool has to load before it may replace them: everything, but for what the site file
 * mounted there and mounts there no longer. Site files do not tell all: folders of scripts, patterns, handlers and names that
 * hold a listener's port show in requests only.
 */
export function listReloads(
  { plan, loadedScripts }: Serving,
  next: Pick<PoolPlan, 'chroot'>,
  mounts: Mounts,
): readonly LoadedScript[] {
  const before = mounts.before.filter((mount) => isIn(mount, plan));
  const now = mounts.now.filter((mount) => isIn(mount, plan));
  return loadedScripts.flatMap(({ script, applicationGroup }) => {
    const file = nameOutside(plan, script);
    const here = now.filter((mount) => mount.file === file);
    const mountedBefore = before.filter((mount) => mount.file === file);
    const isSame = (mount: NeededPool) => mount.applicationGroup === applicationGroup;
    const isGone = here.length === 0 && mountedBefore.length > 0;
    const hasMoved = !here.some(isSame) && mountedBefore.some(isSame);
    if (isGone || hasMoved) return scriptsOf(here);
    const inside = nameInside(next, file);
    return inside === undefined ? [] : [{ script: inside, applicationGroup }];
  });
}

/**
 * What processes of other pools have loaded and the site file mounts in this one now: whoever gets answers from it is to go on getting
 * them. What was mounted here before is none, unless the other one mounts it no longer.
 */
export function listArrivals(
  plan: Pick<PoolPlan, 'group' | 'runtime'>,
  old: Iterable<Serving>,
  mounts: Mounts,
): readonly LoadedScript[] {
  const others = [...old].filter(({ plan: other }) => !isIn(other, plan));
  const hasArrived = (mount: NeededPool): boolean => {
    const servers = others.filter((other) => serves(other, mount.file));
    if (!mounts.before.some((known) => isIn(known, plan) && isSameMount(known, mount)))
      return servers.length > 0;
    const isMounted = (list: readonly NeededPool[], server: Serving) =>
      list.some((known) => isIn(known, server.plan) && known.file === mount.file);
    return servers.some((server) => isMounted(mounts.before, server) && !isMounted(mounts.now, server));
  };
  return scriptsOf(mounts.now.filter((mount) => isIn(mount, plan) && hasArrived(mount)));
}

/** Of those, what a pool that goes on as it is has not loaded itself. One whose processes serve no requests gets none. */
export function listUntried(pool: Serving, old: Iterable<Serving>, mounts: Mounts): readonly LoadedScript[] {
  if (pool.plan.launch.start.threads === 0) return [];
  return listArrivals(pool.plan, old, mounts).filter(
    ({ script, applicationGroup }) =>
      !pool.loadedScripts.some(
        (loaded) => loaded.script === script && loaded.applicationGroup === applicationGroup,
      ),
  );
}

/** Scripts that the site file shows to run in a pool. */
export function listMounted(plan: Whose, needed: readonly NeededPool[]): readonly LoadedScript[] {
  return scriptsOf(needed.filter((mount) => isIn(mount, plan)));
}

type Whose = Pick<PoolPlan, 'group' | 'runtime'>;

function isIn({ group, runtime }: Whose, pool: Whose): boolean {
  return group === pool.group && runtime === pool.runtime;
}

function isSameMount(one: NeededPool, other: NeededPool): boolean {
  return one.file === other.file && one.applicationGroup === other.applicationGroup;
}

function serves({ plan, loadedScripts }: Serving, file: string): boolean {
  return loadedScripts.some(({ script }) => nameOutside(plan, script) === file);
}

/** Each script once, in however many places it is mounted. */
function scriptsOf(mounts: readonly NeededPool[]): readonly LoadedScript[] {
  const scripts = mounts.map(({ script, applicationGroup }) => ({ script, applicationGroup }));
  const byName = new Map(scripts.map((one) => [`${one.script}\0${one.applicationGroup}`, one]));
  return [...byName.values()];
}

/**
 * Waits until the new pools can serve, and `trials`, which are there to show it only. Resolves with why not, worded for the log, if one cannot that is to replace
 * processes that do: nothing is to be swapped in then. A pool that nobody waits for may come up later.
 */
export async function findUnfitPool(
  old: Pools,
  next: Pools,
  trials: readonly DaemonPool[],
  stopping: Promise<void>,
): Promise<string | undefined> {
  const started = [...next].filter(([key, pool]) => old.get(key) !== pool);
  const fresh = [...started.map(([, pool]) => pool), ...trials];
  const replacing = [
    ...started.filter(([key, pool]) => old.get(key)?.isReady ?? pool.takesOver).map(([, pool]) => pool),
    ...trials,
  ];
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patienceMs);
  });
  await Promise.race([Promise.all(fresh.map((pool) => pool.settled())), tooLong, stopping]);
  clearTimeout(timer);
  const unfit = replacing.find(({ isReady, failure }) => !isReady || failure !== undefined);
  if (unfit === undefined) return undefined;
  await hearLastWords();
  return `daemon process ${unfit.name} ${unfit.failure ?? `was not ready within ${patienceMs / 1000} s`}`;
}
