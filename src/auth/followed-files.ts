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

interface Remembered<Content> extends Loaded<Content>, Kept {
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

/**
 * Follows files by their modification time, size and inode, without a restart. Files are read off the event loop as byte
 * strings and parsed once per change, both within the bounds of `load-file.ts`; of what all followers have read, as much is kept as
 * `kept-contents.ts` says.
 */
export function followFiles<Content>(parse: (text: string) => ParseSteps<Content>): FollowedFiles<Content> {
  const remembered = new Map<string, Remembered<Content>>();
  const reading = shareRuns(readAgainIfChanged);
  const resting = shareRuns(waitForRest);

  async function readAgainIfChanged(path: string): Promise<Remembered<Content>> {
    const known = remembered.get(path);
    const identity = await identify(path);
    if (known?.settled && known.identity === identity) return known;
    known?.release();
    const startedMs = Date.now();
    const loaded = await loadFile(path, known, parse);
    const fresh = {
      ...loaded,
      settled: startedMs - loaded.changedMs > clockGrainMs,
      looksCut: known?.fingerprint === loaded.fingerprint ? known.looksCut : isCut(loaded, known),
      ...keepWithinBounds(loaded.weight, () => remembered.delete(path)),
    };
    remembered.set(path, fresh);
    return fresh;
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

async function identify(path: string): Promise<string> {
  const stats = await stat(path, { bigint: true });
  if (!stats.isFile()) throw new UnfitFile('not a regular file');
  return identifyFile(stats);
}
