/**
 * What was made of the last few objects of a kind, found again by the very object, which nobody changes: an application that answers as it did
 * a moment ago gives the same message (`wire/`'s `ResponseDecoder`), and so the same list of fields (`KnownHeads`).
 */
export class RecentObjects<From extends object, Made> {
  readonly #from: (From | undefined)[];
  readonly #made: (Made | undefined)[];
  #next = 0;

  /** `most`: few, since they are looked through. */
  constructor(most: number) {
    this.#from = new Array<From | undefined>(most).fill(undefined);
    this.#made = new Array<Made | undefined>(most).fill(undefined);
  }

  find(from: From): Made | undefined {
    const at = this.#from.indexOf(from);
    return at === -1 ? undefined : this.#made[at];
  }

  keep(from: From, made: Made): void {
    const known = this.#from.indexOf(from);
    const at = known === -1 ? this.#next : known;
    if (known === -1) this.#next = (at + 1) % this.#from.length;
    this.#from[at] = from;
    this.#made[at] = made;
  }
}
