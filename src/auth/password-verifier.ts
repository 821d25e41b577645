import { createHmac, randomBytes } from 'node:crypto';
import { verifyPassword } from '../htpasswd-auth/index.js';

/** That a password fits the hash stored for a user in a file. */
export interface Claim {
  readonly file: string;
  readonly user: string;
  readonly password: string;
  readonly hash: string;
}

export interface PasswordVerifier {
  /** Remembers for a while that a claim was right, since browsers repeat it with every request. */
  verify(claim: Claim): Promise<boolean>;
  /** Remembers nothing. */
  verifyOnce(claim: Claim): Promise<boolean>;
}

/** mod_authn_socache's default. A changed entry of the file counts at once: the stored hash is part of the key. */
const rememberedMs = 300_000;
const mostRemembered = 4096;

/**
 * Verifies passwords; of equal claims at the same time only one is computed. What is remembered is a digest under a key
 * that exists in this process only, never the password. `now` is a clock in milliseconds.
 */
export function createPasswordVerifier(now: () => number = () => performance.now()): PasswordVerifier {
  const secret = randomBytes(32);
  /** Digest → when to forget it; the oldest comes first. */
  const remembered = new Map<string, number>();
  const inFlight = new Map<string, Promise<boolean>>();

  function remember(key: string): void {
    remembered.delete(key);
    remembered.set(key, now() + rememberedMs);
    if (remembered.size <= mostRemembered) return;
    for (const oldest of remembered.keys()) {
      remembered.delete(oldest);
      return;
    }
  }

  function verifyInFlight(key: string, claim: Claim): Promise<boolean> {
    const running = inFlight.get(key);
    if (running !== undefined) return running;
    const started = verifyPassword(claim.password, claim.hash).finally(() => inFlight.delete(key));
    inFlight.set(key, started);
    return started;
  }

  return {
    async verify(claim) {
      const key = digestClaim(secret, claim);
      const until = remembered.get(key);
      if (until !== undefined && now() < until) return true;
      remembered.delete(key);
      const fits = await verifyInFlight(key, claim);
      if (fits && !remembered.has(key)) remember(key);
      return fits;
    },
    verifyOnce: (claim) => verifyInFlight(digestClaim(secret, claim), claim),
  };
}

function digestClaim(secret: Buffer, { file, user, password, hash }: Claim): string {
  // JSON keeps the four apart, whatever characters they hold.
  return createHmac('sha256', secret)
    .update(JSON.stringify([file, user, password, hash]))
    .digest('base64');
}
