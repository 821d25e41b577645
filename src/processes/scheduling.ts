import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** sched(7): what everything has unless somebody says otherwise. */
const schedOther = '0';

/**
 * Puts this process, and with it all that it starts, under SCHED_BATCH (sched(7)), for which nobody needs a right. Such a process does not interrupt
 * another one in the moment something comes for it. Front ends and daemon processes hand each other requests all the time: uninterrupted, each finds several
 * when its turn comes, and the caches of its processor stay warm (`docs/hot-path.md` has the figures). Whoever has started modhost under another
 * policy has meant it, so only the default changes; with `MODHOST_SCHEDULING=other` not even that. Linux only; Node has no call for it, util-linux has a program.
 * Returns what went wrong, worded for the log.
 */
export function scheduleInBatches(): string | undefined {
  if (process.env.MODHOST_SCHEDULING === 'other' || readPolicy() !== schedOther) return undefined;
  const { status, error, stderr } = spawnSync('chrt', ['-b', '-p', '0', String(process.pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 2_000,
  });
  if (status === 0) return undefined;
  return `the scheduling policy stays as it is: chrt: ${error?.message ?? String(stderr).trim()}`;
}

/** proc(5), field 41 of stat. */
function readPolicy(): string | undefined {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[38];
  } catch {
    return undefined;
  }
}
