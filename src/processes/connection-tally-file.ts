import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Memory, where there is such a folder. */
const folders = ['/dev/shm', tmpdir()];

const width = Int32Array.BYTES_PER_ELEMENT;

/** What stands for a front end that accepts nothing. */
const absent = Int32Array.of(-1);

let filesMade = 0;

/**
 * A file without a name, with one number for each front end of a generation: the connections that it has, in 32 bits in the machine's order;
 * below 0: it accepts none. Front ends write and read it themselves (`server/connection-tally.ts`).
 */
export class ConnectionTallyFile {
  readonly fd: number;
  readonly #taken: boolean[];
  #isClosed = false;

  private constructor(fd: number, places: number) {
    this.fd = fd;
    this.#taken = Array.from({ length: places }, () => false);
    for (let place = 0; place < places; place += 1) this.#clear(place);
  }

  /** Undefined where no folder can be written to: front ends do without it. */
  static create(places: number): ConnectionTallyFile | undefined {
    for (const folder of folders) {
      filesMade += 1;
      const path = join(folder, `modhost-${process.pid}-${Date.now().toString(36)}-${filesMade}`);
      try {
        const fd = openSync(path, 'wx+', 0o600);
        unlinkSync(path);
        return new ConnectionTallyFile(fd, places);
      } catch {
        // The next folder.
      }
    }
    return undefined;
  }

  /** A place that no front end has; undefined: there is none. */
  take(): number | undefined {
    const place = this.#taken.indexOf(false);
    if (place === -1) return undefined;
    this.#taken[place] = true;
    return place;
  }

  /** Its front end has ended, and could not say so itself. */
  giveBack(place: number): void {
    if (this.#isClosed) return;
    this.#taken[place] = false;
    try {
      this.#clear(place);
    } catch {
      // The others believe it to have few connections, and give way to nobody until the next one takes its place.
    }
  }

  close(): void {
    if (!this.#isClosed) closeSync(this.fd);
    this.#isClosed = true;
  }

  #clear(place: number): void {
    writeSync(this.fd, absent, 0, width, place * width);
  }
}
