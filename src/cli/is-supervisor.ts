import { readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

/**
 * Whether a living process runs modhost's main program, as far as the system lets us tell: process ids are used again,
 * and the pid file of a server that was killed may name somebody else's process. Without /proc the file is believed.
 */
export function isSupervisor(pid: number): boolean {
  const commandLine = readProcessArguments(pid);
  if (commandLine === undefined) return true;
  const folder = readWorkingFolder(pid);
  return commandLine.some((argument) => isMainProgram(argument, folder));
}

/** The packaged program is `dist/main.js`, started by that path or through the link `modhost`. */
function isMainProgram(argument: string, folder: string | undefined): boolean {
  const name = basename(argument);
  if (name !== 'main.js' && name !== 'modhost') return false;
  let program: string;
  try {
    program = realpathSync(resolve(folder ?? '/', argument));
  } catch {
    // Moved or replaced by an upgrade since it started, or not ours to look at: only the name is left to go by.
    return name === 'modhost' || argument.endsWith('dist/main.js');
  }
  return readPackageName(dirname(dirname(program))) === 'modhost';
}

function readPackageName(folder: string): unknown {
  try {
    return (JSON.parse(readFileSync(resolve(folder, 'package.json'), 'utf8')) as { name?: unknown }).name;
  } catch {
    return undefined;
  }
}

function readProcessArguments(pid: number): string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
  } catch {
    return undefined;
  }
}

function readWorkingFolder(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}
