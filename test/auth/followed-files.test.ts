import { execFileSync } from 'node:child_process';
import {
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
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

  it('is not read when it is larger than anybody needs', async () => {
    const follower = followFiles((text) => text);
    const large = join(folder, 'large');
    writeFileSync(large, '');
    truncateSync(large, 2 ** 26 + 1);
    expect(await readNow(follower, large)).toBe('fault larger than 64 MB');
    writeFileSync(large, 'small');
    expect(await readNow(follower, large)).toBe('small');
  });
});

describe('of many followed files', () => {
  const clock = vi.spyOn(Date, 'now');
  beforeAll(() => {
    clock.mockReturnValue(Date.now() + 10_000);
  });
  afterAll(() => {
    clock.mockRestore();
  });

  /** How often the first file is parsed when `others` are read between two looks at it. */
  async function countParsed(others: readonly string[]): Promise<number> {
    const first = join(folder, 'first');
    writeFileSync(first, 'first');
    const parse = vi.fn((text: string) => text.length);
    const follower = followFiles(parse);
    expect(await follower.read(first)).toBe(5);
    for (const path of others) await follower.read(path);
    expect(await follower.read(first)).toBe(5);
    return parse.mock.calls.length - others.length;
  }

  function writeMany(count: number, bytes: number): readonly string[] {
    return Array.from({ length: count }, (_, number) => {
      const path = join(folder, `many-${bytes}-${number}`);
      writeFileSync(path, '');
      truncateSync(path, bytes);
      return path;
    });
  }

  it('a thousand are kept, and then the one that was read first is read again', async () => {
    const many = writeMany(1000, 1);
    expect(await countParsed(many.slice(1))).toBe(1);
    expect(await countParsed(many)).toBe(2);
  });

  it('64 MB are kept', async () => {
    const many = writeMany(4, 2 ** 24 - 2);
    expect(await countParsed(many)).toBe(1);
    expect(await countParsed([...many, ...writeMany(1, 2 ** 16)])).toBe(2);
  });

  it('one that changes is counted once', async () => {
    const parse = vi.fn((text: string) => text.length);
    const follower = followFiles(parse);
    const [path = '', other = ''] = writeMany(2, 2 ** 25);
    await follower.read(other);
    for (let bytes = 2 ** 25; bytes > 2 ** 25 - 5; bytes -= 1) {
      truncateSync(path, bytes);
      expect(await follower.read(path)).toBe(bytes);
    }
    await follower.read(other);
    expect(parse).toHaveBeenCalledTimes(6);
  });
});

it('a password file that is too large lets nobody in, with the reason, also where grants are remembered', async () => {
  const authUserFile = join(folder, 'too-large');
  writeFileSync(authUserFile, 'bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n');
  truncateSync(authUserFile, 2 ** 26 + 1);
  const { decide } = createAuthorizer(unaskedPorts);
  for (const authnCacheProvideFor of [[], ['file']]) {
    const settings = { require: validUser, authType: 'Basic', authName: 'x', authUserFile };
    const made = { ...settings, authBasicProviders: ['file', 'socache'], authnCacheProvideFor };
    expect(await decide(request({ credentials: 'bob:secret' }), made)).toMatchObject({
      status: 500,
      reason: { text: expect.stringMatching(/AH01620: .*too-large: larger than 64 MB/) },
    });
  }
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
