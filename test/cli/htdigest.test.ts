import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digest } from '../../src/auth/index.js';
import { runHtdigest } from '../../src/cli/index.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modhost-htdigest-'));
  file = join(folder, 'htdigest');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs the command; `FILE` is the password file, `input` what comes from standard input. */
async function run(words: readonly string[], input = '') {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end(input);
  const argv = words.map((word) => (word === 'FILE' ? file : word));
  const code = await runHtdigest(argv, { stdin, stdout, stderr }, digest);
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
}

const text = () => readFileSync(file, 'utf8');
const md5 = (value: string) => createHash('md5').update(value).digest('hex');
const sha256 = (value: string) => createHash('sha256').update(value).digest('hex');

describe('htdigest', () => {
  it('creates a file, adds, changes and deletes', async () => {
    expect(await run(['-c', 'FILE', 'area', 'alice'], 'one\none\n')).toMatchObject({ code: 0 });
    expect(text()).toBe(`alice:area:${md5('alice:area:one')}\n`);
    await run(['FILE', 'a "b"', 'é'], 'ü\nü\n');
    await run(['-i', 'FILE', 'other', 'alice'], 'two\n');
    const changed = await run(['-i', 'FILE', 'area', 'alice'], 'three');
    expect(changed.err).toContain('Changing password for user alice in realm area');
    expect(text().split('\n')).toEqual([
      `alice:area:${md5('alice:area:three')}`,
      `é:a "b":${md5('é:a "b":ü')}`,
      `alice:other:${md5('alice:other:two')}`,
      '',
    ]);
    expect(await run(['-D', 'FILE', 'area', 'alice'])).toMatchObject({ code: 0 });
    expect(text()).not.toContain('alice:area');
    expect(text()).toContain('alice:other');
    expect(await run(['-D', 'FILE', 'area', 'alice'])).toMatchObject({ code: 1 });
  });

  it('makes SHA-256 with -2', async () => {
    await run(['-c2i', 'FILE', 'area', 'alice'], 'one');
    expect(text()).toBe(`alice:area:${sha256('alice:area:one')}\n`);
    expect((await run(['-v2i', 'FILE', 'area', 'alice'], 'one')).code).toBe(0);
    expect((await run(['-vi', 'FILE', 'area', 'alice'], 'one')).code).toBe(1);
  });

  it('verifies', async () => {
    writeFileSync(file, `alice:area:${md5('alice:area:one')}\n`);
    expect(await run(['-v', 'FILE', 'area', 'alice'], 'one\n')).toMatchObject({
      code: 0,
      err: expect.stringContaining('Password for user alice in realm area correct.'),
    });
    expect((await run(['-v', 'FILE', 'area', 'alice'], 'two\n')).code).toBe(1);
    expect((await run(['-v', 'FILE', 'other', 'alice'], 'one\n')).code).toBe(1);
    expect((await run(['-v', 'FILE', 'area', 'bob'], 'one\n')).code).toBe(1);
  });

  it('leaves everything else, and the mode, as it was', async () => {
    writeFileSync(file, '# comment\n\n bob:area:x:more \nalice:area:1\nalice:area:2\n');
    chmodSync(file, 0o640);
    await run(['-i', 'FILE', 'area', 'alice'], 'one');
    expect(text()).toBe(`# comment\n\n bob:area:x:more \nalice:area:${md5('alice:area:one')}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });

  it.each<[string, string[], string, string]>([
    ['nothing', [], '', 'expected 3 arguments, got 0'],
    ['too much', ['FILE', 'a', 'b', 'c'], '', 'expected 3 arguments, got 4'],
    ['an unknown option', ['-z', 'FILE', 'a', 'b'], '', 'illegal option -- z'],
    ['-c with -D', ['-cD', 'FILE', 'a', 'b'], '', 'only one of -c -D -v'],
    ['passwords that differ', ['-c', 'FILE', 'a', 'b'], 'x\ny\n', "They don't match, sorry."],
    ['no password', ['-c', 'FILE', 'a', 'b'], '', 'interrupted'],
    ['a file that is not there', ['FILE', 'a', 'b'], 'x\nx\n', "use '-c' to create it"],
    ['a colon in the name', ['-c', 'FILE', 'a', 'b:c'], 'x\nx\n', "username contains illegal character ':'"],
    ['a colon in the realm', ['-c', 'FILE', 'a:b', 'c'], 'x\nx\n', "realm contains illegal character ':'"],
    [
      'a line break in the realm',
      ['-c', 'FILE', 'a\nb', 'c'],
      'x\nx\n',
      'realm contains a control character',
    ],
    ['a name like a comment', ['-c', 'FILE', 'a', '#b'], 'x\nx\n', "starts with illegal character '#'"],
    ['a long name', ['-c', 'FILE', 'a', 'b'.repeat(256)], 'x\nx\n', 'username too long'],
  ])('refuses %s', async (_, words, input, message) => {
    const { code, err } = await run(words, input);
    expect(code).toBe(1);
    expect(err).toContain(message);
  });

  it('does not touch a file of htpasswd', async () => {
    writeFileSync(file, 'alice:{SHA}x\n');
    const { code, err } = await run(['-i', 'FILE', 'area', 'alice'], 'one');
    expect(code).toBe(1);
    expect(err).toContain('does not appear to be a valid htdigest file');
    expect(text()).toBe('alice:{SHA}x\n');
  });

  it('says how it is used', async () => {
    expect(await run(['-h'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('modhost htdigest [-c]'),
    });
  });
});
