import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs';
import type { Overrides } from '../config/model.js';
import { toFilePath } from '../http/index.js';
import { allowsAnything } from './overrides.js';

/** A file's content and how to tell that it has changed. Keeps its identity until then. */
export interface OpenedFile {
  readonly kind: 'opened';
  /** Byte string. */
  readonly file: string;
  readonly content: Buffer;
  readonly stats: Stats;
  /** Read so soon after it was written that another change could bear the same time. */
  readonly isFresh: boolean;
}

interface RefusedFile {
  readonly kind: 'refused';
  readonly reason: string;
}

/** Larger than any that somebody writes; reading it holds up all requests of the process. Bytes. */
const largestFile = 1_048_576;
/** Coarser than the clock of any file system that is worth it, in milliseconds. */
const clockGrainMs = 50;
/** How long a file that may say nothing anyway is taken to be absent still, in milliseconds. */
export const trustedMs = 1_000;

/**
 * The files named by AccessFileName, asked for as seldom as can be: the requests of one turn of the event loop ask once, since
 * none of them came later than the answer; where nothing may be said, absence is believed for a second.
 */
export class AccessFiles {
  readonly #thisTurn = new Map<string, Stats | string>();
  /** Where nothing may be said: name → until when it is taken to be absent. */
  readonly #absent = new Map<string, number>();

  /** `known`: what was opened before; it is the answer if the file is the same still. undefined: there is no file. */
  open(
    file: string,
    overrides: Overrides,
    known: OpenedFile | undefined,
  ): OpenedFile | RefusedFile | undefined {
    if (this.#isTakenAsAbsent(file)) return undefined;
    const stats = this.#ask(file);
    if (typeof stats === 'string') {
      if (stats !== 'ENOENT' && stats !== 'ENOTDIR') return { kind: 'refused', reason: stats };
      if (!allowsAnything(overrides)) this.#takeAsAbsent(file);
      return undefined;
    }
    if (!stats.isFile()) return { kind: 'refused', reason: 'not a regular file' };
    if (known !== undefined && !known.isFresh && isSame(known.stats, stats)) return known;
    return readWhole(file);
  }

  #ask(file: string): Stats | string {
    const known = this.#thisTurn.get(file);
    if (known !== undefined) return known;
    if (this.#thisTurn.size === 0) setImmediate(() => this.#thisTurn.clear());
    const answer = lookUp(file);
    this.#thisTurn.set(file, answer);
    return answer;
  }

  #isTakenAsAbsent(file: string): boolean {
    const until = this.#absent.get(file);
    if (until === undefined) return false;
    const now = Date.now();
    if (now < until && until - now <= trustedMs) return true;
    this.#absent.delete(file);
    return false;
  }

  #takeAsAbsent(file: string): void {
    if (this.#absent.size === mostAbsent) this.#absent.clear();
    this.#absent.set(file, Date.now() + trustedMs);
  }
}

const mostAbsent = 5_000;

/** The code of the error if there is one. */
function lookUp(file: string): Stats | string {
  try {
    return statSync(toFilePath(file), { throwIfNoEntry: false }) ?? 'ENOENT';
  } catch (error) {
    return codeOf(error);
  }
}

/** ctime too: nobody can set it back. */
function isSame(before: Stats, now: Stats): boolean {
  return (
    before.mtimeMs === now.mtimeMs &&
    before.ctimeMs === now.ctimeMs &&
    before.size === now.size &&
    before.ino === now.ino &&
    before.dev === now.dev
  );
}

function readWhole(file: string): OpenedFile | RefusedFile | undefined {
  let fd: number | undefined;
  try {
    // What has become a FIFO meanwhile must not hold us up.
    fd = openSync(toFilePath(file), constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(fd);
    if (!stats.isFile()) return { kind: 'refused', reason: 'not a regular file' };
    if (stats.size > largestFile) return { kind: 'refused', reason: `larger than ${largestFile} bytes` };
    const content = readFileSync(fd);
    const isFresh = Date.now() - stats.ctimeMs < clockGrainMs;
    return { kind: 'opened', file, content, stats, isFresh };
  } catch (error) {
    const code = codeOf(error);
    return code === 'ENOENT' ? undefined : { kind: 'refused', reason: code };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error';
}
