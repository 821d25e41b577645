/** So many wrong guesses within so long. */
export interface GuessLimit {
  readonly failures: number;
  readonly seconds: number;
}

/** Wrong guesses lately, by key; times in milliseconds since 1970. */
export interface FailureCounts {
  count(key: string, limit: GuessLimit): number;
  /** The same guess again counts once. */
  add(key: string, limit: GuessLimit, guess: number, atMs: number): void;
  /** When one guess less counts. */
  nextFreeMs(key: string, limit: GuessLimit): number;
  readonly size: number;
}

/**
 * Keeps numbers only, and of those a bounded count: `mostKeys` keys (the one that was longest without a failure goes first) with as many
 * guesses as their limit allows.
 */
export function createFailureCounts(mostKeys: number, now: () => number): FailureCounts {
  /** time, guess, time, guess, … in the order of coming. */
  const failures = new Map<string, number[]>();

  function recent(key: string, { seconds }: GuessLimit): number[] {
    const list = failures.get(key);
    if (list === undefined) return [];
    const since = now() - seconds * 1000;
    let old = 0;
    while (old < list.length && (list[old] ?? 0) <= since) old += 2;
    if (old > 0) list.splice(0, old);
    if (list.length === 0) failures.delete(key);
    return list;
  }

  return {
    count: (key, limit) => recent(key, limit).length / 2,
    add(key, limit, guess, atMs) {
      const list = recent(key, limit);
      for (let at = 1; at < list.length; at += 2) if (list[at] === guess) return;
      // A clock that was set back must not keep anybody out for longer.
      list.push(Math.min(atMs, now()), guess);
      if (list.length > limit.failures * 2) list.splice(0, 2);
      failures.delete(key);
      failures.set(key, list);
      if (failures.size <= mostKeys) return;
      for (const oldest of failures.keys()) {
        failures.delete(oldest);
        return;
      }
    },
    nextFreeMs: (key, limit) => (recent(key, limit)[0] ?? now()) + limit.seconds * 1000,
    get size() {
      return failures.size;
    },
  };
}
