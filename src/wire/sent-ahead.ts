/**
 * Which streams of one connection a callable may have by now, of those that were sent ahead (README.md): all up to the latest that the daemon process
 * has said ACCEPTED for, and the oldest that is open, if this front end `isAlone`. `accepted` hears of each, once.
 */
export class SentAhead {
  readonly #isAlone: boolean;
  readonly #accepted: (stream: number) => void;
  /** Open, and accepted or not sent ahead; all older than those that wait, if this front end is alone. */
  #begun = 0;
  /** In the order in which they were opened. */
  readonly #waiting: number[] = [];

  constructor(isAlone: boolean, accepted: (stream: number) => void) {
    this.#isAlone = isAlone;
    this.#accepted = accepted;
  }

  open(stream: number, isAhead: boolean): void {
    this.#waiting.push(stream);
    if (!this.#isAlone) {
      if (!isAhead) this.#begin(this.#waiting.length - 1);
      return;
    }
    if (this.#begun === 0 || (!isAhead && this.#waiting.length === 1)) this.#begin();
  }

  /** It is over, however that came. */
  close(stream: number): void {
    const at = this.#waiting.indexOf(stream);
    if (at !== -1) {
      this.#waiting.splice(at, 1);
      return;
    }
    this.#begun -= 1;
    if (this.#isAlone && this.#begun === 0 && this.#waiting.length > 0) this.#begin();
  }

  /** ACCEPTED has come: streams are begun in the order in which they were sent. */
  accept(stream: number): void {
    while (this.#waiting.includes(stream)) this.#begin();
  }

  #begin(at = 0): void {
    const [stream] = this.#waiting.splice(at, 1) as [number];
    this.#begun += 1;
    this.#accepted(stream);
  }
}
