/** Too many tasks wait for a gate: an overload, not an answer. */
export class GateFull extends Error {
  override readonly name = 'GateFull';
}

/** Lets a bounded number of tasks run at once, and a bounded number wait for their turn. */
export interface Gate {
  /** Rejects with `GateFull` when no more may wait, else settles as the task does. */
  run<Result>(task: () => Promise<Result>): Promise<Result>;
}

/** `atOnce` tasks run, `waiting` more may wait, first come first served. `tasks`: what they are called, for the message. */
export function createGate(limits: {
  readonly tasks: string;
  readonly atOnce: number;
  readonly waiting: number;
}): Gate {
  const turns: (() => void)[] = [];
  let running = 0;

  async function enter(): Promise<void> {
    if (running < limits.atOnce) {
      running += 1;
      return;
    }
    if (turns.length >= limits.waiting) throw new GateFull(`too many ${limits.tasks} are waiting`);
    // The one who leaves hands its place over, so `running` stays.
    await new Promise<void>((resolve) => turns.push(resolve));
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
