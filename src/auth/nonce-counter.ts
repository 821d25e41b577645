/** Takes each request of a client once, as far as this process knows: AuthDigestNcCheck. */
export interface NonceCounter {
  /** False: it has been taken before, or nobody can tell. `request` stands for one request, however often it is checked. */
  take(nonce: string, issuedAtMs: number, count: number, request: object): boolean;
}

interface Counted {
  readonly issuedAtMs: number;
  highest: number;
  readonly taken: Set<number>;
}

const mostNonces = 10_000;
/** Requests that a client sent at the same time may come in in any order, but not later than this. */
const window = 256;

/** Nonces older than the process may have been used before it lived: they are not taken. */
export function createNonceCounter(startedAtMs: number): NonceCounter {
  const nonces = new Map<string, Counted>();
  const accepted = new WeakMap<object, string>();
  /** What is not younger has been forgotten, or was never known. */
  let forgottenUntilMs = startedAtMs;

  function counterOf(nonce: string, issuedAtMs: number): Counted | undefined {
    const known = nonces.get(nonce);
    if (known !== undefined) return known;
    if (issuedAtMs < forgottenUntilMs) return undefined;
    const fresh = { issuedAtMs, highest: 0, taken: new Set<number>() };
    nonces.set(nonce, fresh);
    if (nonces.size > mostNonces) forgetOldest();
    return fresh;
  }

  function forgetOldest(): void {
    for (const [nonce, { issuedAtMs }] of nonces) {
      nonces.delete(nonce);
      forgottenUntilMs = Math.max(forgottenUntilMs, issuedAtMs + 1);
      return;
    }
  }

  return {
    take(nonce, issuedAtMs, count, request) {
      const use = `${count} ${nonce}`;
      if (accepted.get(request) === use) return true;
      const counted = counterOf(nonce, issuedAtMs);
      if (counted === undefined || count <= counted.highest - window || counted.taken.has(count))
        return false;
      counted.taken.add(count);
      if (count > counted.highest) counted.highest = count;
      if (counted.taken.size > 2 * window)
        for (const old of counted.taken) if (old <= counted.highest - window) counted.taken.delete(old);
      accepted.set(request, use);
      return true;
    },
  };
}
