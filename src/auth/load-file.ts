import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { createGate } from '../htpasswd-auth/index.js';
import { type ParseSteps, parseInSlices } from './parse-in-slices.js';
import { type ReadBytes, readBounded } from './read-bounded.js';

/** A file as it was when it was read. */
export interface Loaded<Content> {
  /** Other than before if the file was touched. */
  readonly identity: string;
  /** Digest of the text. */
  readonly fingerprint: string;
  readonly content: Content;
  /** When the file was changed; milliseconds since 1970, by the clock of the file system. */
  readonly changedMs: number;
  /** Of the text, in bytes. */
  readonly length: number;
  /** Of the content, in bytes, roughly. */
  readonly weight: number;
  readonly endsWithLine: boolean;
}

/** A file that is not read; the message says why, in a word or two. */
export class UnfitFile extends Error {
  override readonly name = 'UnfitFile';
}

/** Who can write a `.htaccess` names files: 200 000 users with bcrypt hashes fit, and nobody fills the memory. */
const longestBytes = 2 ** 24;
const mostEntries = 500_000;
/** What an entry takes besides its text, at most: a member of one group of its own. */
const entryWeight = 200;

/** Large files wait for each other, so that only one is in memory twice; small ones need not wait for them. */
const smallBytes = 2 ** 16;
/** The largest one takes a second or two. A file system that does not answer keeps its place. */
const most = { waiting: 10_000, patienceMs: 10_000 };
const smallFiles = createGate({ tasks: 'files', atOnce: 16, ...most });
const largeFiles = createGate({ tasks: 'large files', atOnce: 1, ...most });

/**
 * Reads and parses a file, unless its text is what `known` was made of. Rejects with `UnfitFile`, `GateFull` or the file system's error.
 */
export async function loadFile<Content>(
  path: string,
  known: Loaded<Content> | undefined,
  parse: (text: string) => ParseSteps<Content>,
): Promise<Loaded<Content>> {
  const small = await smallFiles.run(() => load(path, smallBytes, known, parse));
  if (small !== 'too-long') return small;
  const large = await largeFiles.run(() => load(path, longestBytes, known, parse));
  if (large === 'too-long') throw new UnfitFile(`larger than ${longestBytes / 2 ** 20} MB`);
  return large;
}

async function load<Content>(
  path: string,
  longest: number,
  known: Loaded<Content> | undefined,
  parse: (text: string) => ParseSteps<Content>,
): Promise<Loaded<Content> | 'too-long'> {
  const read = await readBounded(path, longest);
  if (read === 'too-long') return read;
  if (read === 'no-file') throw new UnfitFile('not a regular file');
  const { stats, bytes } = read;
  const fingerprint = createHash('sha256').update(bytes).digest('base64');
  const { content, weight } = known?.fingerprint === fingerprint ? known : await make(read, parse);
  return {
    identity: identifyFile(stats),
    fingerprint,
    content,
    changedMs: Number(stats.ctimeMs),
    length: bytes.length,
    weight,
    endsWithLine: bytes.at(-1) === 10,
  };
}

async function make<Content>(
  { bytes }: ReadBytes,
  parse: (text: string) => ParseSteps<Content>,
): Promise<{ readonly content: Content; readonly weight: number }> {
  const parsed = await parseInSlices(parse(bytes.toString('latin1')), mostEntries);
  if (parsed === 'too-many') throw new UnfitFile(`more than ${mostEntries} entries`);
  const { content, entries } = parsed;
  return { content, weight: bytes.length + entryWeight * entries };
}

/** Other than before if the file was touched. */
export function identifyFile(stats: BigIntStats): string {
  return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(' ');
}
