import type { Busy } from './scheme.js';

/** Who waits for a turn. */
export interface Place {
  /** The network the request comes from (`networkOf`). */
  readonly client: string;
  readonly user: string;
  /** Somebody who has logged in lately: goes before strangers. */
  readonly isKnown: boolean;
}

/** Lets a bounded number of tasks run at once; the others take turns, so that nobody has to wait for all of a flood. */
export interface FairLine {
  /** Settles as the task does, or resolves with `Busy` where it had to be sent away. */
  run<Result>(place: Place, task: () => Promise<Result>): Promise<Result | Busy>;
}

export interface FairLineLimits {
  /** What the tasks are called in a refusal. */
  readonly tasks: string;
  readonly atOnce: number;
  /** Tasks that may wait for one client; beyond that 429. */
  readonly waitingPerClient: number;
  /** Tasks that may wait, known and strangers each; beyond that 503. */
  readonly waiting: number;
  /** Nobody waits longer: 503. */
  readonly patienceMs: number;
}

interface Waiting {
  readonly place: Place;
  begin(): void;
}

/** Clients take turns, of each client its users, and of each user the requests as they came. */
export function createFairLine(limits: FairLineLimits): FairLine {
  const known = new Turns();
  const strangers = new Turns();
  let running = 0;
  let taken = 0;

  /** Of four turns one is the strangers', so that nobody who has an account can keep them out. */
  function takeNext(): Waiting | undefined {
    taken += 1;
    return taken % 4 === 0 ? (strangers.take() ?? known.take()) : (known.take() ?? strangers.take());
  }

  function leave(): void {
    const next = takeNext();
    // The one who leaves hands its place over, so `running` stays.
    if (next === undefined) running -= 1;
    else next.begin();
  }

  async function enter(place: Place): Promise<Busy | undefined> {
    if (running < limits.atOnce) {
      running += 1;
      return undefined;
    }
    const turns = place.isKnown ? known : strangers;
    if (turns.countOf(place.client) >= limits.waitingPerClient)
      return {
        ...busy(429, `login refused: too many ${limits.tasks} of this client are waiting`),
        subject: place.client,
      };
    if (turns.size >= limits.waiting) return busy(503, `login refused: too many ${limits.tasks} are waiting`);
    return await new Promise((resolve) => {
      const waiting: Waiting = {
        place,
        begin: () => {
          clearTimeout(timer);
          resolve(undefined);
        },
      };
      const timer = setTimeout(() => {
        turns.remove(waiting);
        resolve(busy(503, `login refused: ${limits.tasks} took too long`));
      }, limits.patienceMs);
      turns.add(waiting);
    });
  }

  return {
    async run(place, task) {
      const refused = await enter(place);
      if (refused !== undefined) return refused;
      try {
        return await task();
      } finally {
        leave();
      }
    },
  };
}

function busy(status: 429 | 503, text: string): Busy {
  return { kind: 'busy', status, retryAfterSeconds: 2, text };
}

/** Those who wait. What comes first in a map has its turn next, and goes to the end after it. */
class Turns {
  size = 0;
  readonly #clients = new Map<string, { count: number; readonly users: Map<string, Waiting[]> }>();

  countOf(client: string): number {
    return this.#clients.get(client)?.count ?? 0;
  }

  add(waiting: Waiting): void {
    const { client, user } = waiting.place;
    let mine = this.#clients.get(client);
    if (mine === undefined) {
      mine = { count: 0, users: new Map() };
      this.#clients.set(client, mine);
    }
    const jobs = mine.users.get(user);
    if (jobs === undefined) mine.users.set(user, [waiting]);
    else jobs.push(waiting);
    mine.count += 1;
    this.size += 1;
  }

  take(): Waiting | undefined {
    for (const [client, mine] of this.#clients) {
      for (const [user, [next]] of mine.users) {
        if (next === undefined) continue;
        this.remove(next);
        moveToEnd(this.#clients, client);
        moveToEnd(mine.users, user);
        return next;
      }
    }
    return undefined;
  }

  remove(waiting: Waiting): void {
    const { client, user } = waiting.place;
    const mine = this.#clients.get(client);
    const jobs = mine?.users.get(user);
    const at = jobs?.indexOf(waiting) ?? -1;
    if (mine === undefined || jobs === undefined || at === -1) return;
    jobs.splice(at, 1);
    if (jobs.length === 0) mine.users.delete(user);
    mine.count -= 1;
    if (mine.count === 0) this.#clients.delete(client);
    this.size -= 1;
  }
}

function moveToEnd<Value>(map: Map<string, Value>, key: string): void {
  const value = map.get(key);
  if (value === undefined) return;
  map.delete(key);
  map.set(key, value);
}
