import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { GateFull } from '../htpasswd-auth/index.js';
import { type Kept, keepWithinBounds } from './kept-contents.js';
import { identifyFile, type Loaded, loadFile, UnfitFile } from './load-file.js';
import type { ParseSteps } from './parse-in-slices.js';

/** Reads files again when they change. */
export interface FollowedFiles<Content> {
  /** The content as of now: the same object as before while the text is the same. Rejects with the file system's error: see `describeFileFault`. */
  read(path: string): Promise<Content>;
  /**
   * The content once nobody has written to the file for a moment, or after three seconds. A file that is being rewritten in place is empty
   * at first and then has the first of its lines: nothing that is missing in it should count before this. Rejects as `read`.
   */
  readAtRest(path: string): Promise<Content>;
  /** A digest of the text as of now, the same on every machine that has the same text. Rejects as `read`. */
  fingerprint(path: string): Promise<string>;
}

interface Identity {
  /** Other than before if the file was touched. */
  readonly identity: string;
  /** Milliseconds since 1970, by the clock of the file system. */
  readonly changedMs: number;
}

/** A file that cannot be used: not looked into again before it is another one. */
interface Refused extends Identity, Kept {
  readonly refusal: UnfitFile;
  readonly settled: boolean;
}

interface Remembered<Content> extends Loaded<Content>, Kept {
  readonly refusal?: undefined;
  /** Whether a later change is sure to show in the file's times. */
  readonly settled: boolean;
  /** Shorter than before, or without an end of line: somebody may be in the middle of writing it. */
  readonly looksCut: boolean;
}

/** A change within the grain of a file system's clock leaves the time of the last change as it was. */
const clockGrainMs = 2000;

/** A writer that takes longer between two lines is not waited for: longer where the text looks cut. */
const quietMs = 250;
const quietAfterCutMs = 1000;
const patienceMs = 3000;

/** A file that goes on changing while it is read counts as changed just now. */
const mostReadings = 4;
const refusalWeight = 1000;

/**
 * Follows files by their modification time, size and inode, without a restart. Files are read off the event loop as byte
 * strings and parsed once per change, both within the bounds of `load-file.ts`; of what all followers have read, as much is kept as
 * `kept-contents.ts` says.
 */
export function followFiles<Content>(parse: (text: string) => ParseSteps<Content>): FollowedFiles<Content> {
  const remembered = new Map<string, Remembered<Content> | Refused>();
  const reading = shareRuns(readAgainIfChanged);
  const resting = shareRuns(waitForRest);

  async function readAgainIfChanged(path: string): Promise<Remembered<Content>> {
    const known = remembered.get(path);
    const { identity, changedMs } = await identify(path);
    if (known?.settled && known.identity === identity) {
      if (known.refusal !== undefined) throw known.refusal;
      return known;
    }
    known?.release();
    const before = known?.refusal === undefined ? known : undefined;
    const startedMs = Date.now();
    const isSettled = (changed: number) => startedMs - changed > clockGrainMs;
    const keep = (weight: number) => keepWithinBounds(weight, () => remembered.delete(path));
    try {
      const loaded = await loadWhole(path, before, parse);
      const fresh = {
        ...loaded,
        settled: isSettled(loaded.changedMs),
        looksCut: before?.fingerprint === loaded.fingerprint ? before.looksCut : isCut(loaded, before),
        ...keep(loaded.weight),
      };
      remembered.set(path, fresh);
      return fresh;
    } catch (error) {
      if (error instanceof UnfitFile) {
        const settled = isSettled(changedMs);
        remembered.set(path, { identity, changedMs, refusal: error, settled, ...keep(refusalWeight) });
      }
      throw error;
    }
  }

  async function waitForRest(path: string): Promise<Content> {
    const end = performance.now() + patienceMs;
    while (true) {
      const known = await reading(path);
      const missingMs = missingQuiet(known);
      if (missingMs === 0 || performance.now() >= end) return known.content;
      await sleep(missingMs, undefined, { ref: false });
    }
  }

  return {
    read: async (path) => (await reading(path)).content,
    readAtRest: resting,
    fingerprint: async (path) => (await reading(path)).fingerprint,
  };
}

/** As it is once it has been read: what is written meanwhile could be told half. */
async function loadWhole<Content>(
  path: string,
  known: Loaded<Content> | undefined,
  parse: (text: string) => ParseSteps<Content>,
): Promise<Loaded<Content>> {
  let latest = known;
  for (let readings = 1; ; readings += 1) {
    const loaded = await loadFile(path, latest, parse);
    if ((await identify(path)).identity === loaded.identity) return loaded;
    if (readings === mostReadings) return { ...loaded, changedMs: Date.now() };
    latest = loaded;
  }
}

/** Of equal questions at the same time only one is asked. */
function shareRuns<Answer>(ask: (path: string) => Promise<Answer>): (path: string) => Promise<Answer> {
  const running = new Map<string, Promise<Answer>>();
  return (path) => {
    const known = running.get(path);
    if (known !== undefined) return known;
    const started = ask(path).finally(() => running.delete(path));
    running.set(path, started);
    return started;
  };
}

/** Milliseconds until the file has been left alone for long enough. A clock that is far off tells nothing. */
function missingQuiet({ changedMs, looksCut }: Remembered<unknown>): number {
  const quiet = looksCut ? quietAfterCutMs : quietMs;
  const missing = changedMs + quiet - Date.now();
  return missing > 0 && missing <= quiet + clockGrainMs ? Math.ceil(missing) : 0;
}

/** Why a file could not be read, in a word or two; undefined for errors that are none of the file's. */
export function describeFileFault(error: unknown): string | undefined {
  if (error instanceof UnfitFile || error instanceof GateFull) return error.message;
  if (error instanceof Error && 'code' in error && 'syscall' in error) return String(error.code);
  return undefined;
}

function isCut(loaded: Loaded<unknown>, before: Loaded<unknown> | undefined): boolean {
  return !loaded.endsWithLine || loaded.length < (before?.length ?? 0);
}

async function identify(path: string): Promise<Identity> {
  const stats = await stat(path, { bigint: true });
  if (!stats.isFile()) throw new UnfitFile('not a regular file');
  return { identity: identifyFile(stats), changedMs: Number(stats.ctimeMs) };
}
