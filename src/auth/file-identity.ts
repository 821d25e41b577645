import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

interface Known {
  /** What stat says of the file: while that is the same, so is the text. */
  readonly state: string;
  readonly identity: string;
}

/** Of so many files the digest is kept. */
const mostKnown = 256;

const known = new Map<string, Known>();

/**
 * Changes when the text of the file does: what was granted before it counts no more. The same on every machine that has the same
 * text, so that machines can share what they remember. Undefined: it cannot be told.
 */
export async function identifyFile(path: string): Promise<string | undefined> {
  try {
    const before = known.get(path);
    const state = await readState(path);
    if (before?.state === state) return before.identity;
    const digest = createHash('sha256');
    await pipeline(createReadStream(path), digest);
    // Written to meanwhile: what was read is no text that anybody meant.
    if ((await readState(path)) !== state) return undefined;
    const identity = digest.digest('base64url');
    if (known.size >= mostKnown) known.clear();
    known.set(path, { state, identity });
    return identity;
  } catch {
    return undefined;
  }
}

async function readState(path: string): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}
