/** How a new password is stored; the same shape as htpasswd-auth's. */
export type HashRequest =
  | { readonly kind: 'bcrypt'; readonly cost: number }
  | { readonly kind: 'apr1' | 'sha1' | 'des' }
  | { readonly kind: 'sha256' | 'sha512'; readonly rounds?: number };

/** What `modhost htpasswd` is to do. Names and passwords are byte strings. */
export interface HtpasswdOptions {
  readonly kind: 'options';
  readonly mode: 'update' | 'create' | 'print' | 'verify' | 'delete';
  /** Absent with -n. */
  readonly file: string | undefined;
  readonly user: string;
  /** With -b. */
  readonly password: string | undefined;
  /** -i: from standard input, once, without a prompt. */
  readonly passwordFromInput: boolean;
  readonly hash: HashRequest;
  readonly warnings: readonly string[];
}

export type ParsedHtpasswdOptions =
  | HtpasswdOptions
  | { readonly kind: 'help' }
  | { readonly kind: 'usage-error'; readonly message: string };

const defaultCost = 10;

export const htpasswdUsage = `Usage:
  modhost htpasswd [-cimB25dsDv] [-C cost] [-r rounds] passwordfile username
  modhost htpasswd -b[cmB25dsDv] [-C cost] [-r rounds] passwordfile username password
  modhost htpasswd -n[imB25ds] [-C cost] [-r rounds] username
  modhost htpasswd -nb[mB25ds] [-C cost] [-r rounds] username password

  -c  create the password file; one that exists is emptied
  -n  change no file, print the entry
  -b  take the password from the command line (others on this machine can see it)
  -i  read the password from standard input, once
  -D  delete the user
  -v  verify the user's password
  -B  bcrypt (default)            -C cost    4 to 17, default ${defaultCost}: one more takes twice the time
  -5  SHA-512   -2  SHA-256       -r rounds  1000 to 1000000, default 5000
  -m  Apache's MD5   -d  DES, 8 characters   -s  SHA-1 without salt: for old files only

Exit codes: 0 done, 1 file cannot be read or written, 2 usage, 3 passwords differ, 4 interrupted, 5 name or password
too long, 6 illegal user name (with -v: unknown user), 7 not a password file
`;

/** Reads the options as httpd's tool: they come first, may be joined (`-nbB`), and of -m -B -2 -5 -d -s the last counts. */
export function parseHtpasswdOptions(argv: readonly string[]): ParsedHtpasswdOptions {
  const letters = splitLetters(argv);
  if (letters.kind !== 'letters') return letters;
  const { given, words } = letters;

  const modes = [...new Set(given.map(({ letter }) => modeOf[letter]).filter((mode) => mode !== undefined))];
  if (modes.length > 1) return usageError('only one of -c -n -v -D may be specified');
  const mode = modes[0] ?? 'update';

  const has = (letter: string) => given.some((option) => option.letter === letter);
  if (has('b') && has('i')) return usageError('-b and -i cannot be used together');

  const hash = chooseHash(given);
  if (hash.kind === 'usage-error') return hash;

  const expected = (mode === 'print' ? 0 : 1) + 1 + (has('b') ? 1 : 0);
  if (words.length !== expected) return usageError(`expected ${expected} arguments, got ${words.length}`);
  // Node has replaced what was no UTF-8; the password stored would be another one.
  if (words.some((word) => word.includes('\ufffd')))
    return usageError('arguments must be UTF-8; use -i for passwords that are not');
  const [file, user = '', password] = mode === 'print' ? [undefined, ...words] : words;
  return {
    kind: 'options',
    mode,
    file,
    user: toBytes(user),
    password: password === undefined ? undefined : toBytes(password),
    passwordFromInput: has('i'),
    hash: hash.request,
    warnings: hash.warnings,
  };
}

interface GivenOption {
  readonly letter: string;
  readonly value?: string;
}

type Letters = {
  readonly kind: 'letters';
  readonly given: readonly GivenOption[];
  readonly words: readonly string[];
};
type Refusal = Extract<ParsedHtpasswdOptions, { kind: 'help' | 'usage-error' }>;

function splitLetters(argv: readonly string[]): Letters | Refusal {
  const given: GivenOption[] = [];
  let at = 0;
  for (; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    if (word === '--help') return { kind: 'help' };
    if (word === '--' || !/^-./.test(word)) break;
    for (let place = 1; place < word.length; place += 1) {
      const letter = word[place] ?? '';
      if (letter === 'h') return { kind: 'help' };
      if (letter === 'p')
        return usageError('-p: plain text passwords are not supported, no server takes them');
      if (!'cnbimB25dsDvCr'.includes(letter)) return usageError(`illegal option -- ${letter}`);
      if (letter !== 'C' && letter !== 'r') {
        given.push({ letter });
        continue;
      }
      const attached = word.slice(place + 1);
      const value = attached === '' ? argv[++at] : attached;
      if (value === undefined) return usageError(`option requires an argument -- ${letter}`);
      given.push({ letter, value });
      break;
    }
  }
  if (argv[at] === '--') at += 1;
  return { kind: 'letters', given, words: argv.slice(at) };
}

const modeOf: Readonly<Record<string, HtpasswdOptions['mode'] | undefined>> = {
  c: 'create',
  n: 'print',
  v: 'verify',
  D: 'delete',
};

const hashOf: Readonly<Record<string, HashRequest['kind'] | undefined>> = {
  B: 'bcrypt',
  m: 'apr1',
  s: 'sha1',
  d: 'des',
  '2': 'sha256',
  '5': 'sha512',
};

function chooseHash(
  given: readonly GivenOption[],
):
  | { readonly kind: 'hash'; readonly request: HashRequest; readonly warnings: readonly string[] }
  | Extract<ParsedHtpasswdOptions, { kind: 'usage-error' }> {
  const kind = given.map(({ letter }) => hashOf[letter]).findLast((found) => found !== undefined) ?? 'bcrypt';
  const cost = numberOf(given, 'C');
  const rounds = numberOf(given, 'r');
  if (cost === 'wrong' || rounds === 'wrong')
    return usageError('argument to -C/-r must be a positive integer');

  const warnings: string[] = [];
  if (cost !== undefined && kind !== 'bcrypt') warnings.push('-C is only used with -B');
  if (rounds !== undefined && kind !== 'sha256' && kind !== 'sha512')
    warnings.push('-r is only used with -2 and -5');

  switch (kind) {
    case 'bcrypt':
      if (cost !== undefined && (cost < 4 || cost > 17)) return usageError('-C must be from 4 to 17');
      return { kind: 'hash', request: { kind, cost: cost ?? defaultCost }, warnings };
    case 'sha256':
    case 'sha512':
      if (rounds === undefined) return { kind: 'hash', request: { kind }, warnings };
      if (rounds < 1000 || rounds > 1_000_000) return usageError('-r must be from 1000 to 1000000');
      return { kind: 'hash', request: { kind, rounds }, warnings };
    default:
      return { kind: 'hash', request: { kind }, warnings };
  }
}

function numberOf(given: readonly GivenOption[], letter: string): number | 'wrong' | undefined {
  const value = given.findLast((option) => option.letter === letter)?.value;
  if (value === undefined) return undefined;
  return /^[1-9]\d{0,8}$/.test(value) ? Number(value) : 'wrong';
}

function usageError(message: string): { readonly kind: 'usage-error'; readonly message: string } {
  return { kind: 'usage-error', message };
}

function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
