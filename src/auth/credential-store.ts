/** Where verified credentials are kept. Keys are digests; values tell nothing but a name. */
export interface CredentialStore {
  /** Undefined: not there, or it cannot be told in time. Never rejects. */
  get(key: string): Promise<string | undefined>;
  /** Never rejects: what is not kept is verified again. */
  set(key: string, value: string, keepMs: number): Promise<void>;
}

const mostKept = 10_000;

/** In the memory of this process; what was kept first goes first. `now` is a clock in milliseconds. */
export function createMemoryStore(now: () => number = () => performance.now()): CredentialStore {
  const kept = new Map<string, { readonly value: string; readonly until: number }>();
  return {
    async get(key) {
      const entry = kept.get(key);
      if (entry === undefined || now() < entry.until) return entry?.value;
      kept.delete(key);
      return undefined;
    },
    async set(key, value, keepMs) {
      kept.delete(key);
      kept.set(key, { value, until: now() + keepMs });
      if (kept.size <= mostKept) return;
      for (const oldest of kept.keys()) {
        kept.delete(oldest);
        return;
      }
    },
  };
}
