import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

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
export async function readEntries(file: string): Promise<string> {
  const text = await readFile(file, 'latin1').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT')
      throw new HtpasswdFileError('access', `cannot modify file ${file}; use '-c' to create it`);
    throw accessError('read', file, error);
  });
  for (const line of splitLines(text)) {
    const entry = trimBlanks(line);
    if (entry !== '' && !entry.startsWith('#') && !entry.includes(':'))
      throw new HtpasswdFileError('invalid', `The file ${file} does not appear to be a valid htpasswd file.`);
  }
  return text;
}

/** The stored hash of a user: of several entries the first, which is the one that counts. */
export function findEntry(text: string, user: string): string | undefined {
  const line = splitLines(text).find((candidate) => userOf(candidate) === user);
  return line === undefined ? undefined : trimBlanks(line).split(':', 2)[1];
}

/**
 * The text with `entry` in the place of the user's, or at the end; without it when `entry` is undefined. All entries of the
 * user go, so that a second one does not come to life. Other lines stay as they are.
 */
export function editEntry(text: string, user: string, entry: string | undefined): string {
  const lines = splitLines(text);
  const place = lines.findIndex((line) => userOf(line) === user);
  const edited = lines.flatMap((line, at) => {
    if (userOf(line) !== user) return [line];
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

/** As the server reads it. Undefined for comments and lines without a colon. */
function userOf(line: string): string | undefined {
  const entry = trimBlanks(line);
  return entry.startsWith('#') || !entry.includes(':') ? undefined : entry.split(':', 1)[0];
}

/** Bytes that C's isspace() names, not String.trim()'s: a byte of a UTF-8 name may look like a no-break space. */
function trimBlanks(text: string): string {
  return text.replace(/^[ \t\v\f\r]+|[ \t\v\f\r]+$/g, '');
}

function accessError(verb: 'read' | 'write', file: string, error: unknown): HtpasswdFileError {
  return new HtpasswdFileError('access', `cannot ${verb} file ${file}: ${codeOf(error) ?? String(error)}`);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
