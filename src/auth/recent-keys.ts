/** Keys that were noted not long ago. */
export interface RecentKeys {
  has(key: string): boolean;
  /** Times in milliseconds since 1970. */
  note(key: string, atMs: number): void;
  /** When the key was noted last. */
  notedMs(key: string): number | undefined;
  forget(key: string): void;
  readonly size: number;
}

/** Keeps at most `most` keys; those that were noted longest ago go first. */
export function createRecentKeys(most: number, keepMs: number, now: () => number): RecentKeys {
  const noted = new Map<string, number>();

  function notedMs(key: string): number | undefined {
    const atMs = noted.get(key);
    if (atMs === undefined || now() - atMs < keepMs) return atMs;
    noted.delete(key);
    return undefined;
  }

  return {
    has: (key) => notedMs(key) !== undefined,
    notedMs,
    note(key, atMs) {
      noted.delete(key);
      noted.set(key, Math.min(atMs, now()));
      if (noted.size <= most) return;
      for (const oldest of noted.keys()) {
        noted.delete(oldest);
        return;
      }
    },
    forget: (key) => void noted.delete(key),
    get size() {
      return noted.size;
    },
  };
}
