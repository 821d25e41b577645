/** What front ends tell each other about logins: passed on and kept, never looked into. */
export interface SharedLogins {
  readonly failures: readonly object[];
  readonly successes: readonly object[];
}

/** Of each kind: enough to go on with what was known, little enough to hand to every new front end. */
const mostKept = 5000;

/** The last news of every front end, for those that start later: after a reload, or in place of one that died. */
export class LoginJournal {
  readonly #failures: object[] = [];
  readonly #successes: object[] = [];

  get all(): SharedLogins {
    return { failures: this.#failures, successes: this.#successes };
  }

  add({ failures, successes }: SharedLogins): void {
    append(this.#failures, failures);
    append(this.#successes, successes);
  }
}

function append(kept: object[], more: readonly object[]): void {
  for (const item of more) kept.push(item);
  if (kept.length > mostKept) kept.splice(0, kept.length - mostKept);
}
