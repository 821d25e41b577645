import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { toFilePath } from '../http/index.js';

export type OpenedFile =
  | { readonly kind: 'file'; readonly handle: FileHandle; readonly stat: BigIntStats }
  | { readonly kind: 'refusal'; readonly status: 403 | 404 | 500; readonly reason: string };

/**
 * Opens an absolute byte-string path for reading if it leads to a regular file. Anything else is refused without
 * waiting: opening a named pipe or a device in the ordinary way could block a thread of the pool for ever.
 */
export async function openRegularFile(filename: string): Promise<OpenedFile> {
  if (filename.includes('\0')) return { kind: 'refusal', status: 404, reason: 'file name with a null byte' };
  const { O_NOCTTY, O_NONBLOCK, O_RDONLY } = constants;
  let handle: FileHandle;
  try {
    handle = await open(toFilePath(filename), O_RDONLY | O_NONBLOCK | O_NOCTTY);
  } catch (error) {
    return refuseOpenError(filename, error as NodeJS.ErrnoException);
  }
  try {
    const stat = await handle.stat({ bigint: true });
    if (stat.isFile()) return { kind: 'file', handle, stat };
  } catch (error) {
    await handle.close().catch(() => {});
    return refuseOpenError(filename, error as NodeJS.ErrnoException);
  }
  await handle.close().catch(() => {});
  return { kind: 'refusal', status: 403, reason: `${filename} is not a regular file` };
}

function refuseOpenError(filename: string, error: NodeJS.ErrnoException): OpenedFile {
  const reason = `opening ${filename} failed: ${error.code ?? error.message}`;
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return { kind: 'refusal', status: 404, reason };
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOMEM':
    case 'EIO':
      return { kind: 'refusal', status: 500, reason };
    default:
      // EACCES, EPERM, ELOOP, ENAMETOOLONG, ENXIO (a socket), …: it is there, but not to be had.
      return { kind: 'refusal', status: 403, reason };
  }
}
