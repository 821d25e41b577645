import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuthThrottle, DirectorySettings } from '../config/model.js';
import { createFailureCounts, type FailureCounts, type GuessLimit } from './failure-counts.js';
import type { Place } from './fair-line.js';
import type { AuthRequest } from './index.js';
import { findLoginKeys, type LoginKeys } from './login-keys.js';
import type { LoginNews } from './login-news.js';
import { createRecentKeys } from './recent-keys.js';
import type { Attempt, Authentication, Busy } from './scheme.js';

/** Stands before every attempt to log in, whatever its scheme and providers. */
export interface LoginGuard {
  /** What the check says, or that it was not asked. Slow on purpose where much was guessed. */
  check(request: AuthRequest, settings: DirectorySettings, attempt: Attempt): Promise<Authentication | Busy>;
  /** What another front end has seen. */
  learn(news: readonly LoginNews[]): void;
  readonly counters: LoginCounters;
  /** How many keys are remembered of each kind: bounded, whoever guesses. */
  sizes(): { readonly failures: number; readonly pairs: number; readonly pending: number };
}

/** Since the front end started. */
export interface LoginCounters {
  granted: number;
  /** Wrong passwords and unknown users. */
  failed: number;
  /** Failures that were answered late. */
  delayed: number;
  /** 429 for too many wrong passwords. */
  throttled: number;
  /** 429 and 503 for too many at once. */
  overloaded: number;
}

export interface LoginGuardPorts {
  /** Shared by the front ends of a site. */
  readonly secret: Uint8Array;
  /** How many share what is tried at the same time. */
  readonly frontEnds: number;
  tell(news: LoginNews): void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** What holds where nothing is said. Generous: nobody mistypes that often, and it takes years to guess a password at this pace. */
export const usualThrottle: Required<AuthThrottle> = {
  enabled: true,
  user: { failures: 20, seconds: 300 },
  address: { failures: 100, seconds: 300 },
  delayMs: 1000,
};

/** How many users, addresses and their pairs are remembered. */
const mostKeys = 10_000;
/** Attempts that wait for others to end, and how long. */
const mostWaiting = 256;
const turnMs = 5_000;
/** Answers that are held back at the same time. */
const mostDelayed = 512;
/** How long the address of a login is the user's own. */
const pairMs = 7 * 24 * 3_600_000;
/** How long a right password passes without being counted, as browsers send it with every request. */
const credentialMs = 300_000;
/** Causes of refusals that are kept out of the log for a while. */
const mostLogged = 2000;
const logAgainMs = 10_000;
/** As long as a failure may take to get to the other front ends, and how many are followed that long. */
const tellingMs = 1000;
const mostUntold = 10_000;
/** Other front ends hear of a pair anew after this. */
const retellMs = 3_600_000;

/** A number of wrong guesses that an attempt counts for. */
interface Budget {
  readonly key: string;
  readonly limit: GuessLimit;
  readonly directive: string;
  readonly whose: string;
}

/** Without ports: a guard that is alone. */
export function createLoginGuard(
  ports: LoginGuardPorts = { secret: randomBytes(32), frontEnds: 1, tell: () => {} },
): LoginGuard {
  const now = ports.now ?? Date.now;
  const secret = Buffer.from(ports.secret).toString('base64');
  const failures = createFailureCounts(3 * mostKeys, now);
  const pairs = createRecentKeys(mostKeys, pairMs, now);
  const credentials = createRecentKeys(mostKeys, credentialMs, now);
  const logged = createRecentKeys(mostLogged, logAgainMs, now);
  const pending = new PendingGuesses();
  const untold = new PendingGuesses();
  const counters: LoginCounters = { granted: 0, failed: 0, delayed: 0, throttled: 0, overloaded: 0 };
  let delayed = 0;
  let unsharedGuesses = 0;

  /** Guesses that are different count each; an attempt that does not show its password always does. */
  function numberGuess({ credential, user }: LoginKeys, { proof }: Attempt): number {
    if (proof === undefined) {
      unsharedGuesses += 1;
      return Math.floor(now()) * 1000 + (unsharedGuesses % 1000);
    }
    return Buffer.from(`${credential}${user}`, 'base64url').readUIntBE(0, 6);
  }

  /** Guests need no password: their logins tell nothing, and would only push out those of others. */
  function noteSuccess(keys: LoginKeys, isGuest = false): void {
    counters.granted += 1;
    if (isGuest) return;
    if (keys.credential !== undefined) credentials.note(keys.credential, now());
    const told = pairs.notedMs(keys.pair);
    if (told !== undefined && now() - told < retellMs) return;
    pairs.note(keys.pair, now());
    ports.tell({ kind: 'success', key: keys.pair, atMs: now() });
  }

  function noteFailure(keys: LoginKeys, budgets: readonly Budget[], guess: number): void {
    counters.failed += 1;
    if (keys.credential !== undefined) credentials.forget(keys.credential);
    for (const { key, limit } of budgets) {
      failures.add(key, limit, guess, now());
      ports.tell({ kind: 'failure', key, limit, guess, atMs: now() });
    }
    if (ports.frontEnds === 1 || untold.size >= mostUntold) return;
    untold.begin(budgets, guess);
    setTimeout(() => untold.end(budgets, guess), tellingMs).unref();
  }

  async function holdBack(budgets: readonly Budget[], delayMs: number): Promise<void> {
    const isMuch = budgets.some(({ key, limit }) => failures.count(key, limit) * 2 >= limit.failures);
    if (!isMuch || delayMs === 0 || delayed >= mostDelayed) return;
    counters.delayed += 1;
    delayed += 1;
    // Nothing waits for this but the answer.
    await sleep(delayMs, undefined, { ref: false });
    delayed -= 1;
  }

  /** Asks with a place in the line, and counts what came of it. */
  async function checkCounted(
    attempt: Attempt,
    keys: LoginKeys,
    place: Place,
    budgets: readonly Budget[],
    delayMs: number,
  ): Promise<Authentication | Busy> {
    const guess = numberGuess(keys, attempt);
    const spent = await takeTurn(attempt, keys, budgets, guess);
    if (spent !== undefined) {
      counters.throttled += 1;
      return logSparsely(spent);
    }
    let answer: Authentication | Busy;
    try {
      answer = await attempt.check(place);
    } finally {
      pending.end(budgets, guess);
    }
    if (answer.kind === 'busy') {
      counters.overloaded += 1;
      return logSparsely(answer);
    }
    if (answer.kind === 'granted') noteSuccess(keys, answer.isGuest);
    if (answer.kind === 'refused' && answer.failure !== 'stale') {
      noteFailure(keys, budgets, guess);
      await holdBack(budgets, delayMs);
    }
    return answer;
  }

  /** A flood must not fill the disk: a cause is logged when it begins, and from time to time. */
  function logSparsely(answer: Busy): Busy {
    const subject = answer.subject ?? answer.text;
    if (logged.has(subject)) return { ...answer, text: '' };
    logged.note(subject, now());
    return answer;
  }

  /** Begins the guess, unless too many are spent. With Digest every request looks like another guess: a client that sends many at once waits where others are refused. */
  async function takeTurn(
    { proof }: Attempt,
    keys: LoginKeys,
    budgets: readonly Budget[],
    guess: number,
  ): Promise<Busy | undefined> {
    const untilMs = now() + turnMs;
    for (;;) {
      const spent = findSpent(budgets, guess, wasRight(keys));
      if (spent === undefined) {
        // Nobody else comes in between.
        pending.begin(budgets, guess);
        return undefined;
      }
      if (spent.isCrowd !== true || proof !== undefined || pending.waiting >= mostWaiting || now() > untilMs)
        return spent;
      await pending.nextEnd();
    }
  }

  /** Lately, at this address. */
  function wasRight({ credential }: LoginKeys): boolean {
    return credential !== undefined && credentials.has(credential);
  }

  /**
   * `isRight`: the password was right here lately. It waits for no others, but where too much was guessed it is refused like any: if it
   * passed, refusals would tell which guess is right, and nobody counts those.
   */
  function findSpent(
    budgets: readonly Budget[],
    guess: number,
    isRight: boolean,
  ): (Busy & { isCrowd?: true }) | undefined {
    for (const budget of budgets) {
      const { key, limit } = budget;
      const failed = failures.count(key, limit);
      if (failed >= limit.failures) return refuseSpent(budget, failures, now());
      if (isRight) continue;
      // What is under way may fail, and the other front ends, which do not know of it yet, have as much under way.
      const fresh = untold.count(key);
      const left = limit.failures - failed + fresh;
      const share = Math.max(fewestAtOnce, Math.ceil(left / ports.frontEnds));
      const underWay = pending.count(key);
      if (!pending.has(key, guess) && underWay + fresh >= Math.min(share, left)) {
        const text = `login throttled: too many different passwords at once for ${budget.whose}`;
        return { ...busy(1, text, key), ...(underWay > 0 ? { isCrowd: true } : {}) };
      }
    }
    return undefined;
  }

  return {
    counters,
    sizes: () => ({ failures: failures.size, pairs: pairs.size, pending: pending.size }),
    check(request, settings, attempt) {
      const keys = findLoginKeys(secret, request, settings, attempt);
      const isRight = wasRight(keys);
      const hasBeenHere = isRight || pairs.has(keys.pair);
      const place = { client: keys.client, user: keys.user, isKnown: hasBeenHere };
      const throttle = { ...usualThrottle, ...settings.authThrottle };
      // What Digest shows in the place of a password is made here, and cannot be guessed.
      const isSession = isRight && attempt.proof === undefined;
      const budgets = throttle.enabled && !isSession ? listBudgets(keys, hasBeenHere, throttle) : [];
      return checkCounted(attempt, keys, place, budgets, throttle.delayMs);
    },
    learn(news) {
      for (const item of news) {
        if (item.kind === 'success') pairs.note(item.key, item.atMs);
        else failures.add(item.key, item.limit, item.guess, item.atMs);
      }
    },
  };
}

/** However many front ends there are: several people may log in from one address at the same time. */
const fewestAtOnce = 4;

/** Where a user has logged in before, what strangers guess elsewhere does not count. */
function listBudgets(
  keys: LoginKeys,
  hasBeenHere: boolean,
  { user, address }: Required<AuthThrottle>,
): readonly Budget[] {
  const own = { limit: user, directive: 'AuthThrottleUser' };
  if (hasBeenHere)
    return [{ ...own, key: keyOf(keys.pair, user), whose: 'this user at this client address' }];
  return [
    { ...own, key: keyOf(keys.user, user), whose: 'this user' },
    {
      key: keyOf(keys.address, address),
      limit: address,
      directive: 'AuthThrottleAddress',
      whose: 'this client address',
    },
  ];
}

/** Places with other limits count for themselves. */
function keyOf(key: string, { failures, seconds }: GuessLimit): string {
  return `${key} ${failures}/${seconds}`;
}

function refuseSpent({ key, limit, directive, whose }: Budget, failures: FailureCounts, nowMs: number): Busy {
  const waitMs = failures.nextFreeMs(key, limit) - nowMs;
  const { failures: count, seconds } = limit;
  const text = `login throttled: ${count} wrong passwords within ${seconds} s for ${whose} (${directive})`;
  return busy(Math.max(1, Math.ceil(waitMs / 1000)), text, key);
}

function busy(retryAfterSeconds: number, text: string, subject: string): Busy {
  return { kind: 'busy', status: 429, retryAfterSeconds, text, subject };
}

/** Different guesses that are being checked, by what they count for. */
class PendingGuesses {
  readonly #guesses = new Map<string, Map<number, number>>();
  readonly #waiting: (() => void)[] = [];

  get size(): number {
    return this.#guesses.size;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when one of them ends, whichever. */
  nextEnd(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  count(key: string): number {
    return this.#guesses.get(key)?.size ?? 0;
  }

  has(key: string, guess: number): boolean {
    return this.#guesses.get(key)?.has(guess) ?? false;
  }

  begin(budgets: readonly Budget[], guess: number): void {
    for (const { key } of budgets) {
      const guesses = this.#guesses.get(key) ?? new Map<number, number>();
      guesses.set(guess, (guesses.get(guess) ?? 0) + 1);
      this.#guesses.set(key, guesses);
    }
  }

  end(budgets: readonly Budget[], guess: number): void {
    for (const { key } of budgets) {
      const guesses = this.#guesses.get(key);
      const count = (guesses?.get(guess) ?? 0) - 1;
      if (count > 0) guesses?.set(guess, count);
      else guesses?.delete(guess);
      if (guesses?.size === 0) this.#guesses.delete(key);
    }
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
