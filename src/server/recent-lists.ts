import type { HeaderList } from '../http/index.js';

const mostLists = 8;

/**
 * What was made of the last few lists of fields, found again by the very object, which nobody changes: an application that answers as it did
 * a moment ago gives the same one (`KnownHeads`).
 */
export class RecentLists<Made> {
  readonly #lists: (HeaderList | undefined)[] = new Array<HeaderList | undefined>(mostLists).fill(undefined);
  readonly #made: (Made | undefined)[] = new Array<Made | undefined>(mostLists).fill(undefined);
  #next = 0;

  find(list: HeaderList): Made | undefined {
    const at = this.#lists.indexOf(list);
    return at === -1 ? undefined : this.#made[at];
  }

  keep(list: HeaderList, made: Made): void {
    const known = this.#lists.indexOf(list);
    const at = known === -1 ? this.#next : known;
    if (known === -1) this.#next = (at + 1) % mostLists;
    this.#lists[at] = list;
    this.#made[at] = made;
  }
}
