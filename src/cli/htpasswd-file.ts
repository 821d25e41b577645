import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { trimSpace } from '../http/index.js';

/** Which tool's file it is, and what a line of it is the entry of; undefined: of nobody. */
export interface FileFormat {
  readonly tool: 'htpasswd' | 'htdigest';
  readonly keyOf: (line: string) => string | undefined;
}

/** `user:hash`: the key is the user. */
export const htpasswdFormat: FileFormat = { tool: 'htpasswd', keyOf: (line) => keyBefore(line, 1) };

/** `user:realm:digest`: the key is `user:realm`. */
export const htdigestFormat: FileFormat = { tool: 'htdigest', keyOf: (line) => keyBefore(line, 2) };

/** A password file that cannot be read or written ('access'), or is none ('invalid'). */
export class HtpasswdFileError extends Error {
  override readonly name = 'HtpasswdFileError';
  constructor(
    readonly kind: 'access' | 'invalid',
    message: string,
  ) {
    super(message);
  }
}

/**
 * The text of a password file, as a byte string.
 * @throws HtpasswdFileError
 */
export async function readEntries(file: string, format = htpasswdFormat): Promise<string> {
  const text = await readFile(file, 'latin1').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT')
      throw new HtpasswdFileError('access', `cannot modify file ${file}; use '-c' to create it`);
    throw accessError('read', file, error);
  });
  for (const line of splitLines(text)) {
    const entry = trimSpace(line);
    if (entry !== '' && !entry.startsWith('#') && format.keyOf(line) === undefined)
      throw new HtpasswdFileError(
        'invalid',
        `The file ${file} does not appear to be a valid ${format.tool} file.`,
      );
  }
  return text;
}

/** The stored hash behind a key: of several entries the first, which is the one that counts. */
export function findEntry(text: string, key: string, { keyOf } = htpasswdFormat): string | undefined {
  const line = splitLines(text).find((candidate) => keyOf(candidate) === key);
  return line === undefined
    ? undefined
    : trimSpace(line)
        .slice(key.length + 1)
        .split(':', 1)[0];
}

/**
 * The text with `entry` in the place of the key's, or at the end; without it when `entry` is undefined. All entries of the
 * key go, so that a second one does not come to life. Other lines stay as they are.
 */
export function editEntry(
  text: string,
  key: string,
  entry: string | undefined,
  { keyOf } = htpasswdFormat,
): string {
  const lines = splitLines(text);
  const place = lines.findIndex((line) => keyOf(line) === key);
  const edited = lines.flatMap((line, at) => {
    if (keyOf(line) !== key) return [line];
    return at === place && entry !== undefined ? [entry] : [];
  });
  if (place === -1 && entry !== undefined) edited.push(entry);
  return edited.map((line) => `${line}\n`).join('');
}

/**
 * Puts a new file in the place of the old one at one stroke: whoever reads it sees the old text or the new one. Mode, and as
 * far as allowed owner and group, stay; a symbolic link goes on pointing to it.
 * @throws HtpasswdFileError
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  try {
    const target = await realpath(path).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return path;
      throw error;
    });
    await writeAndRename(target, text);
  } catch (error) {
    if (error instanceof HtpasswdFileError) throw error;
    throw accessError('write', path, error);
  }
}

async function writeAndRename(target: string, text: string): Promise<void> {
  const before = await stat(target).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (before !== undefined && !before.isFile())
    throw new HtpasswdFileError('access', `cannot write file ${target}: it is not a regular file`);

  const draft = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`);
  const handle = await open(draft, 'wx', before === undefined ? 0o666 : 0o600);
  try {
    try {
      await handle.writeFile(text, 'latin1');
      if (before !== undefined) {
        await keepOwner(handle, before);
        await handle.chmod(before.mode & 0o7777);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Only root may give a file away; a member of its group may at least keep that. */
async function keepOwner(
  handle: FileHandle,
  before: { readonly uid: number; readonly gid: number },
): Promise<void> {
  const unchanged = 0xffffffff;
  await handle
    .chown(before.uid, before.gid)
    .catch(() => handle.chown(unchanged, before.gid))
    .catch(() => {});
}

function splitLines(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** As the server reads it: what stands before the colon of that number. Undefined for comments and lines without one. */
function keyBefore(line: string, colons: number): string | undefined {
  const entry = trimSpace(line);
  const parts = entry.split(':');
  return entry.startsWith('#') || parts.length <= colons ? undefined : parts.slice(0, colons).join(':');
}

function accessError(verb: 'read' | 'write', file: string, error: unknown): HtpasswdFileError {
  return new HtpasswdFileError('access', `cannot ${verb} file ${file}: ${codeOf(error) ?? String(error)}`);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
