import { createHmac, randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { verifyPassword } from '../htpasswd-auth/index.js';
import { createFairLine, type FairLine, type Place } from './fair-line.js';
import { createRecentKeys } from './recent-keys.js';
import type { Busy } from './scheme.js';

/** That a password fits the hash stored for a user in a file. */
export interface Claim {
  readonly file: string;
  readonly user: string;
  readonly password: string;
  readonly hash: string;
}

export interface PasswordVerifier {
  /** Remembers for a while that a claim was right, since browsers repeat it with every request; and for a moment that it was wrong. */
  verify(claim: Claim, place: Place): Promise<boolean | Busy>;
  /** Takes as long as `verify` of a claim that is wrong, whether or not this one is: for users that do not exist. */
  spendTime(claim: Claim, place: Place): Promise<Busy | undefined>;
}

/** mod_authn_socache's default. A changed entry of the file counts at once: the stored hash is part of the key. */
const rememberedMs = 300_000;
const mostRemembered = 4096;

/** Programs go on trying an old password: that need not be computed each time. */
const wrongMs = 30_000;

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
  const right = createRecentKeys(mostRemembered, rememberedMs, now);
  const wrong = createRecentKeys(mostRemembered, wrongMs, now);
  const inFlight = new Map<string, Promise<boolean | Busy>>();

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
      if (right.has(key)) return true;
      if (wrong.has(key)) return false;
      const fits = await verifyInFlight(key, claim, place);
      if (fits === true && !right.has(key)) right.note(key, now());
      if (fits === false && !wrong.has(key)) wrong.note(key, now());
      return fits;
    },
    async spendTime(claim, place) {
      const key = digestClaim(secret, claim);
      // Apart from claims that are wrong: somebody of that name may be entered with that hash.
      const spent = `${key} spent`;
      if (wrong.has(spent)) return undefined;
      const fits = await verifyInFlight(key, claim, place);
      if (typeof fits !== 'boolean') return fits;
      if (!wrong.has(spent)) wrong.note(spent, now());
      return undefined;
    },
  };
}

function digestClaim(secret: Buffer, { file, user, password, hash }: Claim): string {
  // JSON keeps the four apart, whatever characters they hold.
  return createHmac('sha256', secret)
    .update(JSON.stringify([file, user, password, hash]))
    .digest('base64');
}
