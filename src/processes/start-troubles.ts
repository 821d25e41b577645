import type { DaemonPool } from './daemon-pool.js';
import { hearLastWords } from './last-words.js';

/**
 * Waits until every pool has shown whether it serves, for up to `patienceMs`. Resolves with a line for each that does not, or not all of it: the
 * others serve all the same.
 */
export async function findStartTroubles(
  pools: readonly DaemonPool[],
  patienceMs: number,
  stopping: Promise<void>,
): Promise<readonly string[]> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patienceMs);
  });
  await Promise.race([Promise.all(pools.map((pool) => pool.settled())), tooLong, stopping]);
  clearTimeout(timer);
  if (pools.some(({ failure, unloadedScripts }) => failure !== undefined || unloadedScripts.length > 0))
    await hearLastWords();
  const troubles = pools.flatMap(describeTroubles);
  for (const pool of pools) pool.firstWords.forget();
  return troubles;
}

function describeTroubles({ name, failure, unloadedScripts, isReady, firstWords }: DaemonPool): string[] {
  const because = (line: string | undefined): string => (line === undefined ? '' : `: ${line}`);
  if (failure !== undefined)
    return [`the process group ${name} does not serve: it ${failure}${because(firstWords.explain())}`];
  if (!isReady) return [`the process group ${name} is still starting`];
  return unloadedScripts.map(
    (script) => `the process group ${name} could not load ${script}${because(firstWords.explain(script))}`,
  );
}
