/** Too many tasks wait for a gate, or one has waited for too long: an overload, not an answer. */
export class GateFull extends Error {
  override readonly name = 'GateFull';
}

/** Lets a bounded number of tasks run at once, and a bounded number wait for their turn. */
export interface Gate {
  /** Rejects with `GateFull` when no more may wait, or no longer, else settles as the task does. */
  run<Result>(task: () => Promise<Result>): Promise<Result>;
}

/** Who may pass. */
export interface GateLimits {
  /** What the tasks are called, for the message. */
  readonly tasks: string;
  readonly atOnce: number;
  /** So many more may wait. */
  readonly waiting: number;
  /** None waits longer; absent: as long as it takes. */
  readonly patienceMs?: number;
}

/** First come, first served. */
export function createGate(limits: GateLimits): Gate {
  const turns: (() => void)[] = [];
  let running = 0;

  async function enter(): Promise<void> {
    if (running < limits.atOnce) {
      running += 1;
      return;
    }
    if (turns.length >= limits.waiting) throw new GateFull(`too many ${limits.tasks} are waiting`);
    // The one who leaves hands its place over, so `running` stays.
    await new Promise<void>((resolve, reject) => {
      const timer = limits.patienceMs === undefined ? undefined : setTimeout(giveUp, limits.patienceMs);
      turns.push(begin);

      function begin(): void {
        clearTimeout(timer);
        resolve();
      }

      function giveUp(): void {
        turns.splice(turns.indexOf(begin), 1);
        reject(new GateFull(`other ${limits.tasks} took longer than ${Number(limits.patienceMs) / 1000} s`));
      }
    });
  }

  function leave(): void {
    const next = turns.shift();
    if (next === undefined) running -= 1;
    else next();
  }

  return {
    async run(task) {
      await enter();
      try {
        return await task();
      } finally {
        leave();
      }
    },
  };
}
