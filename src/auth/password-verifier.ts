import { createHmac, randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { verifyPassword } from '../htpasswd-auth/index.js';
import { createFairLine, type FairLine, type Place } from './fair-line.js';
import type { Busy } from './scheme.js';

/** That a password fits the hash stored for a user in a file. */
export interface Claim {
  readonly file: string;
  readonly user: string;
  readonly password: string;
  readonly hash: string;
}

export interface PasswordVerifier {
  /** Remembers for a while that a claim was right, since browsers repeat it with every request. */
  verify(claim: Claim, place: Place): Promise<boolean | Busy>;
  /** Remembers nothing. */
  verifyOnce(claim: Claim, place: Place): Promise<boolean | Busy>;
}

/** mod_authn_socache's default. A changed entry of the file counts at once: the stored hash is part of the key. */
const rememberedMs = 300_000;
const mostRemembered = 4096;

/**
 * The line for slow hashes. All front ends of a site together leave one core to serving, as far as each of them has one thread; the threads
 * themselves give way to whatever else wants to run.
 */
export function createHashLine(frontEnds: number): FairLine {
  return createFairLine({
    tasks: 'password checks',
    atOnce: Math.max(1, Math.floor((availableParallelism() - 1) / frontEnds)),
    waitingPerClient: 64,
    waiting: 512,
    patienceMs: 10_000,
  });
}

/**
 * Verifies passwords; of equal claims at the same time only one is computed. What is remembered is a digest under a key
 * that exists in this process only, never the password. `now` is a clock in milliseconds.
 */
export function createPasswordVerifier(
  line: FairLine = createHashLine(1),
  now: () => number = () => performance.now(),
): PasswordVerifier {
  const secret = randomBytes(32);
  /** Digest → when to forget it; the oldest comes first. */
  const remembered = new Map<string, number>();
  const inFlight = new Map<string, Promise<boolean | Busy>>();

  function remember(key: string): void {
    remembered.delete(key);
    remembered.set(key, now() + rememberedMs);
    if (remembered.size <= mostRemembered) return;
    for (const oldest of remembered.keys()) {
      remembered.delete(oldest);
      return;
    }
  }

  function verifyInFlight(key: string, claim: Claim, place: Place): Promise<boolean | Busy> {
    const running = inFlight.get(key);
    if (running !== undefined) return running;
    const started = line
      .run(place, () => verifyPassword(claim.password, claim.hash))
      .finally(() => inFlight.delete(key));
    inFlight.set(key, started);
    return started;
  }

  return {
    async verify(claim, place) {
      const key = digestClaim(secret, claim);
      const until = remembered.get(key);
      if (until !== undefined && now() < until) return true;
      remembered.delete(key);
      const fits = await verifyInFlight(key, claim, place);
      if (fits === true && !remembered.has(key)) remember(key);
      return fits;
    },
    verifyOnce: (claim, place) => verifyInFlight(digestClaim(secret, claim), claim, place),
  };
}

function digestClaim(secret: Buffer, { file, user, password, hash }: Claim): string {
  // JSON keeps the four apart, whatever characters they hold.
  return createHmac('sha256', secret)
    .update(JSON.stringify([file, user, password, hash]))
    .digest('base64');
}
