import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** sched(7): what everything has unless somebody says otherwise. */
const schedOther = '0';

/**
 * The scheduling policy of this process, and with it of all that it starts from then on (sched(7)). Under SCHED_BATCH, for which nobody needs a right, a process does not
 * interrupt another one in the moment something comes for it. Front ends and daemon processes hand each other requests all the time: uninterrupted, each finds several
 * when its turn comes, and the caches of its processor stay warm. Where there are more front ends than that leaves processors for, the default serves
 * them more evenly (`docs/hot-path.md` has the figures). Whoever has started modhost under another
 * policy has meant it, so only the default changes; with `MODHOST_SCHEDULING=other` not even that. Linux only; Node has no call for it, util-linux has a program.
 */
export class Scheduling {
  #mayChoose = process.env.MODHOST_SCHEDULING !== 'other' && readPolicy() === schedOther;
  #isInBatches = false;

  /** Returns what went wrong, worded for the log; after that, nothing is tried again. */
  choose(inBatches: boolean): string | undefined {
    if (!this.#mayChoose || inBatches === this.#isInBatches) return undefined;
    const { status, error, stderr } = spawnSync(
      'chrt',
      [inBatches ? '--batch' : '--other', '-p', '0', String(process.pid)],
      { stdio: ['ignore', 'ignore', 'pipe'], timeout: 2_000 },
    );
    this.#mayChoose = status === 0;
    if (!this.#mayChoose)
      return `the scheduling policy stays as it is: chrt: ${error?.message ?? String(stderr).trim()}`;
    this.#isInBatches = inBatches;
    return undefined;
  }
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
