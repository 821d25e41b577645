/** So many looks in the time that silence may last: it is noticed late by as small a part of that at most, and never early. */
const looks = 32;

/** Somebody who is to hear something now and then, in a row or in none. */
export abstract class Listening {
  /** How often its row had looked when something was heard last. */
  heardAt = 0;
  row: SilenceRow | undefined;
  ahead: Listening | undefined;
  behind: Listening | undefined;

  /** Nothing has been heard for as long as the row allows; it has left it. */
  abstract silent(): void;

  /** Something has been heard. Asks nobody for the time. */
  protected hear(): void {
    if (this.row !== undefined) this.heardAt = this.row.looksTaken;
  }
}

/**
 * All who listen for as long: one timer looks at them now and then, where one of its own for each request would have to be set, set again
 * with every frame and taken away. Links rather than a Set, for the reason that `wire/stream-table.ts` gives.
 */
export class SilenceRow {
  looksTaken = 0;
  readonly #limitMs: number;
  #first: Listening | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `limitMs`: 0 for no limit. */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** Silence counts from now on. */
  add(one: Listening): void {
    if (this.#limitMs === 0) return;
    one.row = this;
    one.heardAt = this.looksTaken;
    one.behind = this.#first;
    if (this.#first !== undefined) this.#first.ahead = one;
    this.#first = one;
    // It need not keep the process alive: whoever listens has a connection.
    this.#timer ??= setInterval(() => this.#lookAround(), Math.ceil(this.#limitMs / looks)).unref();
  }

  remove(one: Listening): void {
    const { ahead, behind } = one;
    if (ahead === undefined) this.#first = behind;
    else ahead.behind = behind;
    if (behind !== undefined) behind.ahead = ahead;
    one.row = undefined;
    one.ahead = undefined;
    one.behind = undefined;
  }

  #lookAround(): void {
    this.looksTaken += 1;
    if (this.#first === undefined) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const silent: Listening[] = [];
    for (let each: Listening | undefined = this.#first; each !== undefined; each = each.behind)
      if (this.looksTaken - each.heardAt > looks) silent.push(each);
    for (const each of silent) {
      // What was done about another one may have ended it.
      if (each.row !== this) continue;
      this.remove(each);
      each.silent();
    }
  }
}
