import { readSync, writeSync } from 'node:fs';

/** Where a front end finds the numbers of all. */
export interface TallyPlace {
  readonly fd: number;
  /** Its own number among `places`. */
  readonly place: number;
  readonly places: number;
}

const width = Int32Array.BYTES_PER_ELEMENT;

/** So old may be what is known of the others, and what they know. */
const freshMs = 5;

/**
 * How many connections each front end has: numbers in a file that all have open (`processes/connection-tally-file.ts` says how), since in a burst of
 * connections one has to know of the others at once. What changes little is written and read a little later: where every request
 * has its own connection, each call of the system would be felt.
 */
export class ConnectionTally {
  readonly #place: TallyPlace;
  readonly #counts: Int32Array;
  readonly #written = Int32Array.of(0);
  #own = 0;
  #fewest = 0;
  #readAt = 0;
  #timer: NodeJS.Timeout | undefined;
  /** What cannot be written is not known to the others, nor what cannot be read to this one: who is ahead is no longer asked. */
  #isBroken = false;

  /** From now on the others count on this front end. */
  constructor(place: TallyPlace) {
    this.#place = place;
    this.#counts = new Int32Array(place.places);
    this.#write();
  }

  opened(): void {
    this.#own += 1;
    this.#note();
  }

  closed(): void {
    this.#own -= 1;
    this.#note();
  }

  /** How many more connections it has than that of the others which has the fewest; 0: no more than makes no difference. */
  lead(): number {
    const tolerated = Math.max(1, this.#own >> 4);
    const now = performance.now();
    if (this.#own - this.#fewest <= tolerated && now - this.#readAt < freshMs) return 0;
    if (this.#isBroken) return 0;
    this.#readAt = now;
    this.#fewest = this.#readFewest();
    const lead = this.#own - this.#fewest;
    return lead > tolerated ? lead : 0;
  }

  #note(): void {
    const change = Math.abs(this.#own - (this.#written[0] as number));
    if (change > Math.max(1, this.#own >> 5)) this.#write();
    else this.#timer ??= setTimeout(() => this.#write(), freshMs).unref();
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#written[0] = this.#own;
    try {
      writeSync(this.#place.fd, this.#written, 0, width, this.#place.place * width);
    } catch {
      this.#isBroken = true;
    }
  }

  /** Its own number if no other front end accepts connections. */
  #readFewest(): number {
    const { fd, place } = this.#place;
    try {
      readSync(fd, this.#counts, 0, this.#counts.byteLength, 0);
    } catch {
      this.#isBroken = true;
      return this.#own;
    }
    let fewest = Number.POSITIVE_INFINITY;
    for (let other = 0; other < this.#counts.length; other += 1) {
      const count = this.#counts[other] as number;
      if (other !== place && count >= 0 && count < fewest) fewest = count;
    }
    return fewest === Number.POSITIVE_INFINITY ? this.#own : fewest;
  }
}
