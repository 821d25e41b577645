import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseInteger } from './values.js';

/** Numeric id of `name` or `#id`; undefined if there is no such account. */
export function findUser(name: string): number | undefined {
  return parseId(name) ?? findInFile('/etc/passwd', name) ?? ask('id', ['-u', '--', name], /^(\d+)$/);
}

/** Numeric id of `name` or `#id`; undefined if there is no such group. */
export function findGroup(name: string): number | undefined {
  return (
    parseId(name) ??
    findInFile('/etc/group', name) ??
    ask('getent', ['group', '--', name], /^[^:]*:[^:]*:(\d+):/)
  );
}

/** Numeric ids of all groups that a user is in; empty if that cannot be told. */
export function findGroupsOf(user: string): readonly number[] {
  const name = user.startsWith('#') ? user.slice(1) : user;
  if (!/^\w[\w.@$-]{0,63}$/.test(name)) return [];
  try {
    const output = execFileSync('id', ['-G', '--', name], { encoding: 'utf8', timeout: 5000, stdio: 'pipe' });
    return output.trim().split(/\s+/).map(Number);
  } catch {
    return [];
  }
}

function parseId(name: string): number | undefined {
  return name.startsWith('#') ? parseInteger(name.slice(1), 0, 2 ** 32 - 2) : undefined;
}

function findInFile(file: string, name: string): number | undefined {
  const fields = readLines(file)
    .find((line) => line.startsWith(`${name}:`))
    ?.split(':');
  return fields?.[2] === undefined ? undefined : parseInteger(fields[2], 0, 2 ** 32 - 2);
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}

/** Accounts that a directory service brings are in no file: the system's own tools know them. */
function ask(command: string, words: readonly string[], answer: RegExp): number | undefined {
  const name = words.at(-1) ?? '';
  // Whatever could not be an account name is not asked for.
  if (!/^[\w][\w.@$-]{0,63}$/.test(name)) return undefined;
  try {
    const output = execFileSync(command, words, {
      encoding: 'utf8',
      timeout: 5000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return parseInteger(answer.exec(output.trim())?.[1] ?? '', 0, 2 ** 32 - 2);
  } catch {
    return undefined;
  }
}
