import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runHtpasswd } from '../../src/cli/index.js';
import { authenticate, hashPassword, verifyPassword } from '../../src/htpasswd-auth/index.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modhost-htpasswd-'));
  file = join(folder, 'htpasswd');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A terminal: what is typed is in `input`; notes when the echo is off. */
class Terminal extends PassThrough {
  readonly isTTY = true;
  readonly rawModes: boolean[] = [];
  setRawMode(raw: boolean): void {
    this.rawModes.push(raw);
  }
}

/** Runs the command; `-` in place of a word is the password file, `input` what comes from standard input. */
async function run(words: readonly string[], input: string | Buffer = '', stdin = new PassThrough()) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  stdin.end(input);
  const argv = words.map((word) => (word === 'FILE' ? file : word));
  const code = await runHtpasswd(argv, { stdin, stdout, stderr }, { hashPassword, verifyPassword });
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
}

const text = () => readFileSync(file, 'latin1');
const secret = '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=';

describe('exit codes', () => {
  it.each<[string, string[], number, string]>([
    ['nothing', [], 2, 'Usage'],
    ['an unknown option', ['-z'], 2, 'illegal option -- z'],
    ['plain text', ['-nbp', 'u', 'p'], 2, 'plain text'],
    ['no user', ['FILE'], 2, 'expected 2 arguments, got 1'],
    ['-b without password', ['-b', 'FILE', 'u'], 2, 'expected 3 arguments'],
    ['-nb with too much', ['-nb', 'u', 'p', 'x'], 2, 'expected 2 arguments, got 3'],
    ['an option after the words', ['-b', 'FILE', 'u', 'p', '-c'], 2, 'expected 3 arguments, got 4'],
    ['-c and -n', ['-cn', 'FILE', 'u'], 2, 'only one of -c -n -v -D'],
    ['-c and -D', ['-cD', 'FILE', 'u'], 2, 'only one of -c -n -v -D'],
    ['-v and -n', ['-v', '-n', 'u'], 2, 'only one of -c -n -v -D'],
    ['-b and -i', ['-bi', 'FILE', 'u', 'p'], 2, '-b and -i'],
    ['-C without value', ['-nbC'], 2, 'requires an argument'],
    ['-C with a word', ['-nbC', 'x', 'u', 'p'], 2, 'positive integer'],
    ['-C 3', ['-nb', '-C', '3', 'u', 'p'], 2, '-C must be from 4 to 17'],
    ['-C 18', ['-nb', '-C18', 'u', 'p'], 2, '-C must be from 4 to 17'],
    ['-r 10', ['-nb5r', '10', 'u', 'p'], 2, '-r must be from 1000'],
    ['a missing file', ['-b', 'FILE', 'u', 'p'], 1, "use '-c' to create it"],
    ['a missing folder', ['-bc', '/nonexistent/f', 'u', 'p'], 1, 'cannot write file /nonexistent/f: ENOENT'],
    ['a folder', ['-bc', tmpdir(), 'u', 'p'], 1, 'not a regular file'],
    ['a colon in the name', ['-nb', 'a:b', 'p'], 6, "illegal character ':'"],
    ['a line end in the name', ['-nb', 'a\nroot', 'p'], 6, 'control character'],
    ['a comment as name', ['-nb', '#a', 'p'], 6, "illegal character '#'"],
    ['a blank before the name', ['-nb', ' a', 'p'], 6, "illegal character ' '"],
    ['a long name', ['-nb', 'u'.repeat(256), 'p'], 5, 'username too long'],
    ['a long password', ['-nb', 'u', 'p'.repeat(257)], 5, 'password too long'],
    ['damaged UTF-8', ['-nb', 'u', 'p\ufffd'], 2, 'UTF-8'],
  ])('%s', async (_, words, code, message) => {
    const result = await run(words);
    expect(result.err).toContain(message);
    expect(result.code).toBe(code);
    expect(result.out).toBe('');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('of a file that is none', async () => {
    writeFileSync(file, '# ok\nu:x\n\nno colon\n');
    expect(await run(['-b', 'FILE', 'u', 'p'])).toMatchObject({ code: 7 });
    expect(text()).toBe('# ok\nu:x\n\nno colon\n');
  });

  it.each([['-h'], ['--help'], ['-nbh']])('of help: %s', async (word) => {
    const result = await run([word]);
    expect(result.code).toBe(0);
    expect(result.out).toContain('Usage');
  });
});

describe('-n', () => {
  it.each<[string, string[], RegExp]>([
    ['bcrypt by default', ['-nb'], /^u:\$2y\$10\$.{53}\n$/],
    ['-B -C', ['-nbB', '-C', '5'], /^u:\$2y\$05\$.{53}\n$/],
    ['-BC4', ['-nbBC4'], /^u:\$2y\$04\$.{53}\n$/],
    ['-m', ['-nbm'], /^u:\$apr1\$.{8}\$.{22}\n$/],
    ['-s', ['-nbs'], /^u:\{SHA\}.{27}=\n$/],
    ['-d', ['-nbd'], /^u:[./0-9A-Za-z]{13}\n$/],
    ['-2', ['-nb2'], /^u:\$5\$.{16}\$.{43}\n$/],
    ['-5', ['-nb5'], /^u:\$6\$.{16}\$.{86}\n$/],
    ['-5 -r', ['-nb5', '-r', '1000'], /^u:\$6\$rounds=1000\$.{16}\$.{86}\n$/],
    ['the last of several', ['-nbsB', '-m'], /^u:\$apr1\$/],
  ])('%s', async (_, options, shape) => {
    const { code, out } = await run([...options, 'u', 'secret']);
    expect(code).toBe(0);
    expect(out).toMatch(shape);
    expect(await authenticate('u', 'secret', out)).toBe(true);
    expect(await authenticate('u', 'Secret', out)).toBe(false);
  });

  it('stores the bytes of UTF-8', async () => {
    const { out } = await run(['-nbm', 'björn', 'pässwörd']);
    expect(await authenticate('björn', 'pässwörd', out)).toBe(true);
  });

  it('warns where an option or a character does not count', async () => {
    expect((await run(['-nbm', '-C', '5', 'u', 'p'])).err).toContain('-C is only used');
    expect((await run(['-nb', '-C4', '-r', '2000', 'u', 'p'])).err).toContain('-r is only used');
    expect((await run(['-nbd', 'u', '123456789'])).err).toContain('first 8 characters');
  });

  it('takes words that start with a dash after --', async () => {
    expect((await run(['-nbs', '--', '-u', '-p'])).out).toMatch(/^-u:\{SHA\}/);
  });
});

describe('a password file', () => {
  it('is created, and emptied when it exists', async () => {
    expect(await run(['-cb', '-C4', 'FILE', 'bob', 'one'])).toMatchObject({
      code: 0,
      err: 'Adding password for user bob\n',
    });
    expect(await authenticate('bob', 'one', text())).toBe(true);
    await run(['-cb', '-C4', 'FILE', 'amy', 'two']);
    expect(text()).toMatch(/^amy:[^\n]*\n$/);
  });

  it.each<[string, string, RegExp, string]>([
    ['a new user', 'a:1\n', /^a:1\nbob:\{SHA\}.*\n$/, 'Adding'],
    ['a known user', `a:1\nbob:x\nc:2\n`, /^a:1\nbob:\{SHA\}.*\nc:2\n$/, 'Updating'],
    ['a file without last line end', 'a:1', /^a:1\nbob:\{SHA\}.*\n$/, 'Adding'],
    ['an empty file', '', /^bob:\{SHA\}.*\n$/, 'Adding'],
    ['comments and blank lines', '# bob:x\n\na:1\n', /^# bob:x\n\na:1\nbob:\{SHA\}.*\n$/, 'Adding'],
    ['CRLF', 'a:1\r\nbob:x\r\n', /^a:1\r\nbob:\{SHA\}.*\n$/, 'Updating'],
    ['blanks before the name', '  bob:x\n', /^bob:\{SHA\}.*\n$/, 'Updating'],
    ['a second entry', 'bob:1\na:1\nbob:2\n', /^bob:\{SHA\}.*\na:1\n$/, 'Updating'],
    ['a longer name', 'bobby:1\nBob:1\n', /^bobby:1\nBob:1\nbob:\{SHA\}.*\n$/, 'Adding'],
    ['more fields', 'a:1:x:y\n', /^a:1:x:y\nbob:\{SHA\}.*\n$/, 'Adding'],
    ['other bytes', 'bj\xf6rn\xa0:1\n', /^bj\xf6rn\xa0:1\nbob:\{SHA\}.*\n$/, 'Adding'],
  ])('is changed in one line: %s', async (_, before, after, word) => {
    writeFileSync(file, before, 'latin1');
    expect(await run(['-bs', 'FILE', 'bob', 'secret'])).toMatchObject({
      code: 0,
      err: `${word} password for user bob\n`,
    });
    expect(text()).toMatch(after);
    expect(readdirSync(folder)).toEqual(['htpasswd']);
  });

  it('keeps its mode', async () => {
    writeFileSync(file, 'a:1\n');
    chmodSync(file, 0o640);
    await run(['-bs', 'FILE', 'bob', 'x']);
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });

  it('is replaced, not written into', async () => {
    writeFileSync(file, 'a:1\n');
    const { ino } = statSync(file);
    await run(['-bs', 'FILE', 'bob', 'x']);
    expect(statSync(file).ino).not.toBe(ino);
  });

  it('is found through a symbolic link, which stays', async () => {
    mkdirSync(join(folder, 'real'));
    const target = join(folder, 'real', 'users');
    writeFileSync(target, 'a:1\n');
    symlinkSync(target, file);
    expect((await run(['-bs', 'FILE', 'bob', 'x'])).code).toBe(0);
    expect(readFileSync(target, 'utf8')).toMatch(/^a:1\nbob:/);
    expect(readdirSync(folder).sort()).toEqual(['htpasswd', 'real']);
    expect(readdirSync(join(folder, 'real'))).toEqual(['users']);
  });

  it('loses a user with -D', async () => {
    writeFileSync(file, 'a:1\nbob:2\nc:3\nbob:4\n');
    expect(await run(['-D', 'FILE', 'bob'])).toMatchObject({
      code: 0,
      err: 'Deleting password for user bob\n',
    });
    expect(text()).toBe('a:1\nc:3\n');
    expect(await run(['-D', 'FILE', 'bob'])).toMatchObject({ code: 0, err: 'User bob not found\n' });
    expect((await run(['-D', `${file}.gone`, 'bob'])).code).toBe(1);
  });

  it('is asked with -v', async () => {
    writeFileSync(file, `bob:${secret}\r\nplain:secret\n`);
    expect((await run(['-vb', 'FILE', 'bob', 'secret'])).code).toBe(0);
    expect((await run(['-vb', 'FILE', 'bob', 'wrong'])).code).toBe(3);
    expect((await run(['-vb', 'FILE', 'plain', 'secret'])).code).toBe(3);
    expect((await run(['-vb', 'FILE', 'carl', 'secret'])).code).toBe(6);
    expect((await run(['-vi', 'FILE', 'bob'], 'secret\n')).code).toBe(0);
    expect((await run(['-v', 'FILE', 'bob'], 'secret\n')).code).toBe(0);
  });
});

describe('a password from standard input', () => {
  beforeEach(() => writeFileSync(file, `bob:${secret}\n`));

  it.each<[string, string | Buffer, boolean]>([
    ['a line', 'new\n', true],
    ['a line of Windows', 'new\r\n', true],
    ['no line end', 'new', true],
    ['more lines', 'new\nmore\n', true],
    ['blanks count', 'new \n', false],
  ])('-i: %s', async (_, input, fits) => {
    expect((await run(['-is', 'FILE', 'bob'], input)).code).toBe(0);
    expect(await authenticate('bob', 'new', text())).toBe(fits);
  });

  it('-i takes bytes that are no UTF-8', async () => {
    await run(['-is', 'FILE', 'bob'], Buffer.from([0x6e, 0xe4, 0x0a]));
    const hash = text().trim().split(':')[1] ?? '';
    expect(await verifyPassword('n\xe4', hash)).toBe(true);
  });

  it.each<[string, string[], string, number]>([
    ['nothing', ['-is', 'FILE', 'bob'], '', 4],
    ['a NUL', ['-is', 'FILE', 'bob'], 'a\0b\n', 6],
    ['too much', ['-is', 'FILE', 'bob'], 'x'.repeat(300), 5],
    ['two that differ', ['-s', 'FILE', 'bob'], 'one\ntwo\n', 3],
    ['only one of two', ['-s', 'FILE', 'bob'], 'one\n', 4],
  ])('leaves the file as it was: %s', async (_, words, input, code) => {
    expect((await run(words, input)).code).toBe(code);
    expect(text()).toBe(`bob:${secret}\n`);
  });

  it('is asked for twice without -i', async () => {
    const result = await run(['-s', 'FILE', 'bob'], 'new\nnew\n');
    expect(result).toMatchObject({ code: 0 });
    expect(result.err).toContain('New password: \nRe-type new password: \n');
    expect(await authenticate('bob', 'new', text())).toBe(true);
  });
});

describe('a terminal', () => {
  beforeEach(() => writeFileSync(file, `bob:${secret}\n`));

  it.each<[string, string]>([
    ['typed twice', 'new\rnew\r'],
    ['with corrections', 'nex\x7fw\roops\x15new\r'],
    ['a character of two bytes taken back', 'newä\x7f\rnew\r'],
  ])('does not show the password: %s', async (_, typed) => {
    const terminal = new Terminal();
    const result = await run(['-s', 'FILE', 'bob'], typed, terminal);
    expect(result.code).toBe(0);
    expect(result.err + result.out).not.toMatch(/new$|nex|oops/m);
    expect(terminal.rawModes).toEqual([true, false]);
    expect(await authenticate('bob', 'new', text())).toBe(true);
  });

  it.each([
    ['Ctrl-C', 'ne\x03w\rnew\r'],
    ['Ctrl-D', '\x04'],
    ['Ctrl-C at the second question', 'new\r\x03'],
    ['hang-up', 'half'],
  ])('ends with 4: %s', async (_, typed) => {
    const terminal = new Terminal();
    expect((await run(['-s', 'FILE', 'bob'], typed, terminal)).code).toBe(4);
    expect(terminal.rawModes).toEqual([true, false]);
    expect(text()).toBe(`bob:${secret}\n`);
  });

  it('is not asked when the file cannot be changed', async () => {
    const result = await run(['-s', `${file}.gone`, 'bob'], 'new\rnew\r', new Terminal());
    expect(result.code).toBe(1);
    expect(result.err).not.toContain('New password');
    expect(existsSync(`${file}.gone`)).toBe(false);
  });
});
