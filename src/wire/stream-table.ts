/** Slots at first; as many again whenever half of them are taken. */
const firstSlots = 1024;
const mostSlots = 65_536;

/**
 * The streams of one connection by id. Ids count up, so that an id finds its slot by its last bits; one whose slot is taken by a
 * stream that has been open for long goes to a Map. Not a Map for all: a Map that is filled and emptied all the time makes itself a new
 * table again and again, and each table points to the next, so that one that has grown old keeps every stream since then alive
 * until the next full garbage collection.
 */
export class StreamTable<T> {
  #ids = new Int32Array(firstSlots);
  #streams: (T | undefined)[] = new Array<T | undefined>(firstSlots).fill(undefined);
  readonly #others = new Map<number, T>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(id: number): boolean {
    return this.#ids[id & (this.#ids.length - 1)] === id || this.#others.has(id);
  }

  get(id: number): T | undefined {
    const at = id & (this.#ids.length - 1);
    return this.#ids[at] === id ? this.#streams[at] : this.#others.get(id);
  }

  /** `id`: 1 to 2 147 483 647, of no stream that is here. */
  add(id: number, stream: T): void {
    if (2 * this.#size >= this.#ids.length && this.#ids.length < mostSlots) this.#grow();
    this.#size += 1;
    this.#place(id, stream);
  }

  /** False: it was not here. */
  delete(id: number): boolean {
    const at = id & (this.#ids.length - 1);
    if (this.#ids[at] === id) {
      this.#ids[at] = 0;
      this.#streams[at] = undefined;
    } else if (!this.#others.delete(id)) {
      return false;
    }
    this.#size -= 1;
    return true;
  }

  /** All of them, in no order. */
  values(): T[] {
    return [...this.#streams.filter((stream) => stream !== undefined), ...this.#others.values()];
  }

  clear(): void {
    this.#ids.fill(0);
    this.#streams.fill(undefined);
    this.#others.clear();
    this.#size = 0;
  }

  #place(id: number, stream: T): void {
    const at = id & (this.#ids.length - 1);
    if (this.#ids[at] === 0) {
      this.#ids[at] = id;
      this.#streams[at] = stream;
    } else {
      this.#others.set(id, stream);
    }
  }

  #grow(): void {
    const [ids, streams, others] = [this.#ids, this.#streams, [...this.#others]];
    this.#ids = new Int32Array(2 * ids.length);
    this.#streams = new Array<T | undefined>(2 * ids.length).fill(undefined);
    this.#others.clear();
    for (const [at, stream] of streams.entries())
      if (stream !== undefined) this.#place(ids[at] as number, stream);
    for (const [id, stream] of others) this.#place(id, stream);
  }
}
