import {
  editEntry,
  findEntry,
  HtpasswdFileError,
  htdigestFormat,
  readEntries,
  replaceFile,
} from './htpasswd-file.js';
import { openPasswordInput, type PasswordStream } from './htpasswd-prompt.js';

/** Where the command reads and writes: those of the process. */
export interface HtdigestIo {
  readonly stdin: PasswordStream;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/** The digest in hexadecimal of a byte string; `main` hands it over. */
export type DigestPort = (algorithm: 'MD5' | 'SHA-256', text: string) => string;

const usage = `Usage:
  modhost htdigest [-c] [-2] [-i] passwordfile realm username
  modhost htdigest -D passwordfile realm username
  modhost htdigest -v [-2] [-i] passwordfile realm username

  -c  create the password file; one that exists is emptied
  -2  SHA-256, for AuthDigestAlgorithm SHA-256 (else MD5)
  -i  read the password from standard input, once
  -D  delete the user of the realm
  -v  verify the password

Exit codes: 0 done, 1 not done
`;

interface Wanted {
  readonly letters: ReadonlySet<string>;
  readonly file: string;
  /** Byte strings. */
  readonly realm: string;
  readonly user: string;
}

/** Bytes of a name or a realm, as httpd's tool. */
const longestName = 255;

/** `modhost htdigest`: maintains a password file of AuthType Digest. `argv` is what follows the word htdigest; answers with the exit code. */
export async function runHtdigest(
  argv: readonly string[],
  io: HtdigestIo,
  digest: DigestPort,
): Promise<number> {
  const say = (text: string) => void io.stderr.write(`${text}\n`);
  if (argv.some((word) => word === '-h' || word === '--help')) {
    io.stdout.write(usage);
    return 0;
  }
  const wanted = parse(argv);
  if (typeof wanted === 'string') {
    say(`htdigest: ${wanted}`);
    io.stderr.write(usage);
    return 1;
  }
  try {
    const failure = await run(wanted, io, digest, say);
    if (failure === undefined) return 0;
    say(`htdigest: ${failure}`);
  } catch (error) {
    if (!(error instanceof HtpasswdFileError)) throw error;
    say(`htdigest: ${error.message}`);
  }
  return 1;
}

function parse(argv: readonly string[]): Wanted | string {
  const letters = new Set<string>();
  let at = 0;
  for (; /^-[^-]/.test(argv[at] ?? ''); at += 1)
    for (const letter of (argv[at] as string).slice(1)) {
      if (!'c2iDv'.includes(letter)) return `illegal option -- ${letter}`;
      letters.add(letter);
    }
  if (argv[at] === '--') at += 1;
  if (['c', 'D', 'v'].filter((letter) => letters.has(letter)).length > 1)
    return 'only one of -c -D -v may be specified';
  const words = argv.slice(at);
  const [file, realm, user] = words;
  if (file === undefined || realm === undefined || user === undefined || words.length > 3)
    return `expected 3 arguments, got ${words.length}`;
  // Node has replaced what was no UTF-8; the digest stored would be another one.
  if (words.some((word) => word.includes('\ufffd'))) return 'arguments must be UTF-8';
  return { letters, file, realm: toBytes(realm), user: toBytes(user) };
}

/** What went wrong, if anything. */
async function run(
  { letters, file, realm, user }: Wanted,
  io: HtdigestIo,
  digest: DigestPort,
  say: (text: string) => void,
): Promise<string | undefined> {
  const fault = findNameFault('username', user) ?? findNameFault('realm', realm);
  if (fault !== undefined) return fault;
  const key = `${user}:${realm}`;
  const whom = `user ${shown(user)} in realm ${shown(realm)}`;
  // Before a password is asked for: whoever types one should not learn afterwards that it was in vain.
  const before = letters.has('c') ? '' : await readEntries(file, htdigestFormat);
  const known = findEntry(before, key, htdigestFormat);

  if (letters.has('D')) {
    if (known === undefined) return `${whom} not found`;
    await replaceFile(file, editEntry(before, key, undefined, htdigestFormat));
    say(`Deleting ${whom}`);
    return undefined;
  }
  if (letters.has('v') && known === undefined) return `${whom} not found`;
  const password = await readPassword(letters, io);
  if (password === undefined) return 'interrupted';
  if (typeof password !== 'string') return "They don't match, sorry.";
  if (password.includes('\0')) return 'password contains a NUL character';
  const made = digest(letters.has('2') ? 'SHA-256' : 'MD5', `${key}:${password}`);
  if (letters.has('v')) {
    if (made !== known) return 'password verification failed';
    say(`Password for ${whom} correct.`);
    return undefined;
  }
  await replaceFile(file, editEntry(before, key, `${key}:${made}`, htdigestFormat));
  say(known === undefined ? `Adding ${whom}` : `Changing password for ${whom}`);
  return undefined;
}

/** From standard input: one line with -i or -v, else the same line twice. Undefined: interrupted, or no line came. */
async function readPassword(
  letters: ReadonlySet<string>,
  io: HtdigestIo,
): Promise<string | { readonly differ: true } | undefined> {
  const input = openPasswordInput(io.stdin, io.stderr);
  try {
    if (letters.has('i')) return await input.ask('');
    if (letters.has('v')) return await input.ask('Enter password: ');
    const first = await input.ask('New password: ');
    const second = first === undefined ? undefined : await input.ask('Re-type new password: ');
    return second === undefined || first === second ? second : { differ: true };
  } finally {
    input.close();
  }
}

/** What the server could not read back. */
function findNameFault(what: string, name: string): string | undefined {
  if (name.length > longestName) return `${what} too long (> ${longestName})`;
  if (name.includes(':')) return `${what} contains illegal character ':'`;
  if (/[\x00-\x1f\x7f]/.test(name)) return `${what} contains a control character`;
  if (what === 'username' && /^[ #]/.test(name)) return `username starts with illegal character '${name[0]}'`;
  return undefined;
}

function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Byte string → text for the terminal. */
function shown(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}
