import { editEntry, findEntry, HtpasswdFileError, readEntries, replaceFile } from './htpasswd-file.js';
import {
  type HashRequest,
  type HtpasswdOptions,
  htpasswdUsage,
  parseHtpasswdOptions,
} from './htpasswd-options.js';
import { openPasswordInput, type PasswordStream } from './htpasswd-prompt.js';

/** Where the command reads and writes: those of the process. */
export interface HtpasswdIo {
  readonly stdin: PasswordStream;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/** What the command asks of the room `htpasswd-auth`; `main` hands it over. Byte strings. */
export interface PasswordPorts {
  hashPassword(password: string, request: HashRequest): Promise<string>;
  verifyPassword(password: string, hash: string): Promise<boolean>;
}

/** Exit codes of httpd's htpasswd. */
const exit = {
  success: 0,
  fileFault: 1,
  usage: 2,
  mismatch: 3,
  interrupted: 4,
  tooLong: 5,
  illegalName: 6,
  invalidFile: 7,
} as const;

/** Bytes, as httpd's tool. */
const longestUser = 255;
const longestPassword = 256;

/**
 * `modhost htpasswd`: maintains a password file with the options of httpd's tool; `argv` is what follows the word htpasswd.
 * Answers with the exit code.
 */
export async function runHtpasswd(
  argv: readonly string[],
  io: HtpasswdIo,
  ports: PasswordPorts,
): Promise<number> {
  const say = (text: string) => void io.stderr.write(`${text}\n`);
  const options = parseHtpasswdOptions(argv);
  if (options.kind === 'help') {
    io.stdout.write(htpasswdUsage);
    return exit.success;
  }
  if (options.kind === 'usage-error') {
    say(`htpasswd: ${options.message}`);
    io.stderr.write(htpasswdUsage);
    return exit.usage;
  }
  for (const warning of options.warnings) say(`htpasswd: warning: ${warning}`);
  try {
    return await run(options, io, ports, say);
  } catch (error) {
    if (error instanceof HtpasswdFileError) {
      say(`htpasswd: ${error.message}`);
      return error.kind === 'invalid' ? exit.invalidFile : exit.fileFault;
    }
    throw error;
  }
}

async function run(
  options: HtpasswdOptions,
  io: HtpasswdIo,
  ports: PasswordPorts,
  say: (text: string) => void,
): Promise<number> {
  const nameFault = findNameFault(options.user);
  if (nameFault !== undefined) {
    say(`htpasswd: ${nameFault.message}`);
    return nameFault.code;
  }
  // Before a password is asked for: whoever types one should not learn afterwards that it was in vain.
  const before =
    options.file === undefined || options.mode === 'create' ? '' : await readEntries(options.file);

  if (options.mode === 'delete') return deleteUser(options, before, say);
  if (options.mode === 'verify') return verifyUser(options, before, io, ports, say);
  return storeUser(options, before, io, ports, say);
}

async function storeUser(
  options: HtpasswdOptions,
  before: string,
  io: HtpasswdIo,
  ports: PasswordPorts,
  say: (text: string) => void,
): Promise<number> {
  const password = await obtainPassword(options, io, say);
  if (typeof password === 'number') return password;
  if (options.hash.kind === 'des' && password.length > 8)
    say('htpasswd: warning: only the first 8 characters of the password count with -d');
  const entry = `${options.user}:${await ports.hashPassword(password, options.hash)}`;
  if (options.file === undefined) {
    io.stdout.write(Buffer.from(`${entry}\n`, 'latin1'));
    return exit.success;
  }
  const known = findEntry(before, options.user) !== undefined;
  await replaceFile(options.file, editEntry(before, options.user, entry));
  say(`${known ? 'Updating' : 'Adding'} password for user ${shown(options.user)}`);
  return exit.success;
}

async function deleteUser(
  options: HtpasswdOptions,
  before: string,
  say: (text: string) => void,
): Promise<number> {
  if (options.file === undefined) return exit.usage;
  if (findEntry(before, options.user) === undefined) {
    say(`User ${shown(options.user)} not found`);
    return exit.success;
  }
  await replaceFile(options.file, editEntry(before, options.user, undefined));
  say(`Deleting password for user ${shown(options.user)}`);
  return exit.success;
}

async function verifyUser(
  options: HtpasswdOptions,
  before: string,
  io: HtpasswdIo,
  ports: PasswordPorts,
  say: (text: string) => void,
): Promise<number> {
  const hash = findEntry(before, options.user);
  if (hash === undefined) {
    say(`User ${shown(options.user)} not found`);
    return exit.illegalName;
  }
  const password = await obtainPassword(options, io, say);
  if (typeof password === 'number') return password;
  if (!(await ports.verifyPassword(password, hash))) {
    say('password verification failed');
    return exit.mismatch;
  }
  say(`Password for user ${shown(options.user)} correct.`);
  return exit.success;
}

/** The password, or the exit code for want of one. */
async function obtainPassword(
  options: HtpasswdOptions,
  io: HtpasswdIo,
  say: (text: string) => void,
): Promise<string | number> {
  const password = options.password ?? (await readPassword(options, io));
  if (password === undefined) return exit.interrupted;
  if (typeof password !== 'string') {
    say('htpasswd: password verification error');
    return exit.mismatch;
  }
  if (password.length > longestPassword) {
    say(`htpasswd: password too long (> ${longestPassword})`);
    return exit.tooLong;
  }
  if (password.includes('\0')) {
    say('htpasswd: password contains a NUL character');
    return exit.illegalName;
  }
  return password;
}

/** From standard input: one line with -i or -v, else the same line twice. Undefined: interrupted, or no line came. */
async function readPassword(
  options: HtpasswdOptions,
  io: HtpasswdIo,
): Promise<string | { readonly differ: true } | undefined> {
  const input = openPasswordInput(io.stdin, io.stderr);
  try {
    if (options.passwordFromInput) return await input.ask('');
    if (options.mode === 'verify') return await input.ask('Enter password: ');
    const first = await input.ask('New password: ');
    const second = first === undefined ? undefined : await input.ask('Re-type new password: ');
    return second === undefined || first === second ? second : { differ: true };
  } finally {
    input.close();
  }
}

function findNameFault(user: string): { readonly code: number; readonly message: string } | undefined {
  if (user.length > longestUser)
    return { code: exit.tooLong, message: `username too long (> ${longestUser})` };
  if (user.includes(':'))
    return { code: exit.illegalName, message: "username contains illegal character ':'" };
  if (/[\x00-\x1f\x7f]/.test(user))
    return { code: exit.illegalName, message: 'username contains a control character' };
  // The server would take such a line for a comment, or not see the blank.
  if (/^[ #]/.test(user))
    return { code: exit.illegalName, message: `username starts with illegal character '${user[0]}'` };
  return undefined;
}

/** Byte string → text for the terminal. */
function shown(user: string): string {
  return Buffer.from(user, 'latin1').toString('utf8');
}
