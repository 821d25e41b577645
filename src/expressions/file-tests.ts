import { closeSync, fstatSync, lstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import type { TestName } from './model.js';

/** Names of files are byte strings. A relative name is nobody's: the working directory of a server means nothing. */
export function testFile(test: Exclude<TestName, 'n' | 'z' | 'T'>, name: string): boolean {
  const stats = look(name, test === 'L' || test === 'h' ? lstatSync : statSync);
  if (stats === undefined) return false;
  switch (test) {
    case 'd':
      return stats.isDirectory();
    case 'e':
      return true;
    case 'f':
      return stats.isFile();
    case 's':
      return stats.isFile() && stats.size > 0;
    case 'L':
    case 'h':
      return stats.isSymbolicLink();
    case 'x':
      return (stats.mode & 0o111) !== 0;
  }
}

/** Bytes; 0 for what is not a file. */
export function fileSize(name: string): number {
  const stats = look(name, statSync);
  return stats?.isFile() ? stats.size : 0;
}

export function modificationTime(name: string): Date | undefined {
  return look(name, statSync)?.mtime;
}

/** More than that would hold up every other request. */
const mostBytes = 1_048_576;

/** The content as a byte string. Throws, in words, if it cannot be had. */
export function readFile(name: string): string {
  // Without O_NONBLOCK a pipe would block.
  if (!look(name, statSync)?.isFile()) throw new Error(`cannot read the file ${name}`);
  const fd = openSync(Buffer.from(name, 'latin1'), 'r');
  try {
    const { size } = fstatSync(fd);
    if (size > mostBytes) throw new Error(`the file ${name} has more than ${mostBytes} bytes`);
    const bytes = Buffer.alloc(size);
    return bytes.toString('latin1', 0, readSync(fd, bytes));
  } finally {
    closeSync(fd);
  }
}

function look(name: string, stat: (path: Buffer) => Stats): Stats | undefined {
  if (!name.startsWith('/') || name.includes('\0')) return undefined;
  try {
    return stat(Buffer.from(name, 'latin1'));
  } catch {
    return undefined;
  }
}
