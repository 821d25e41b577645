import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { describeFileFault, followFiles } from '../../src/auth/followed-files.js';
import { createAuthorizer } from '../../src/auth/index.js';
import { request, summarise, unaskedPorts, validUser } from './requests.js';

const folder = mkdtempSync(join(tmpdir(), 'modhost-followed-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What a follower of the file answers now: its text, or the fault. */
async function readNow(follower: { read(path: string): Promise<string> }, path: string): Promise<string> {
  try {
    return await follower.read(path);
  } catch (error) {
    return `fault ${describeFileFault(error)}`;
  }
}

describe('a followed file', () => {
  const path = join(folder, 'followed');

  it('shows every change at once', async () => {
    const follower = followFiles((text) => text);
    expect(await readNow(follower, path)).toBe('fault ENOENT');
    for (const text of ['one', 'two', 'three', '']) {
      writeFileSync(path, text);
      expect(await readNow(follower, path)).toBe(text);
    }
    writeFileSync(`${path}.new`, 'new');
    renameSync(`${path}.new`, path);
    expect(await readNow(follower, path)).toBe('new');
    rmSync(path);
    expect(await readNow(follower, path)).toBe('fault ENOENT');
    writeFileSync(path, 'back');
    expect(await readNow(follower, path)).toBe('back');
  });

  it('shows a change of the same size and with the old modification time', async () => {
    const follower = followFiles((text) => text);
    writeFileSync(path, 'aaa');
    const { atime, mtime } = statSync(path);
    expect(await readNow(follower, path)).toBe('aaa');
    writeFileSync(path, 'bbb');
    utimesSync(path, atime, mtime);
    expect(await readNow(follower, path)).toBe('bbb');
  });

  it('is parsed once while it does not change', async () => {
    writeFileSync(path, 'same');
    const parse = vi.fn((text: string) => text);
    const follower = followFiles(parse);
    const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 10_000);
    try {
      for (let round = 0; round < 3; round += 1) expect(await follower.read(path)).toBe('same');
      await Promise.all([follower.read(path), follower.read(path)]);
    } finally {
      clock.mockRestore();
    }
    expect(parse).toHaveBeenCalledTimes(1);
    writeFileSync(path, 'other');
    expect(await follower.read(path)).toBe('other');
  });

  it('is read as bytes', async () => {
    writeFileSync(path, Buffer.from([0x66, 0xe4, 0xc3, 0xa4]));
    expect(await followFiles((text) => text).read(path)).toBe('f\xe4\xc3\xa4');
  });

  it('is a regular file', async () => {
    const follower = followFiles((text) => text);
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    symlinkSync('loop', join(folder, 'loop'));
    expect(await readNow(follower, pipe)).toBe('fault not a regular file');
    expect(await readNow(follower, folder)).toBe('fault not a regular file');
    expect(await readNow(follower, join(folder, 'loop'))).toBe('fault ELOOP');
  });
});

it('tells a fault of the file from a bug', () => {
  expect(describeFileFault(new TypeError('bug'))).toBeUndefined();
  expect(describeFileFault('text')).toBeUndefined();
});

describe('a changed password file', () => {
  it('counts from the next request on', async () => {
    const authUserFile = join(folder, 'htpasswd');
    const settings = { require: validUser, authType: 'Basic', authName: 'x', authUserFile };
    const { decide } = createAuthorizer(unaskedPorts);
    const ask = async () => summarise(await decide(request({ credentials: 'bob:secret' }), settings));
    const right = 'bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n';

    expect(await ask()).toBe('500');
    writeFileSync(authUserFile, right);
    expect(await ask()).toBe('granted bob');
    writeFileSync(authUserFile, 'bob:{SHA}AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n');
    expect(await ask()).toBe('401');
    writeFileSync(authUserFile, right);
    expect(await ask()).toBe('granted bob');
    writeFileSync(authUserFile, '# bob is gone\n');
    expect(await ask()).toBe('401');
    rmSync(authUserFile);
    expect(await ask()).toBe('500');
  });
});
