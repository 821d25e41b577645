import { execFileSync } from 'node:child_process';
import {
  existsSync,
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
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseDigestFile } from '../../src/auth/digest-file.js';
import { describeFileFault, followFiles } from '../../src/auth/followed-files.js';
import { parseGroupFile } from '../../src/auth/group-file.js';
import { createAuthorizer } from '../../src/auth/index.js';
import { type ParseSteps, parseInSlices } from '../../src/auth/parse-in-slices.js';
import { readPasswordLines } from '../../src/htpasswd-auth/index.js';
import { request, summarise, unaskedPorts, validUser } from './requests.js';

const folder = mkdtempSync(join(tmpdir(), 'modhost-followed-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** One entry in one step. */
function* asWhole(text: string): ParseSteps<string> {
  yield 1;
  return text;
}

function* lengthOf(text: string): ParseSteps<number> {
  yield 1;
  return text.length;
}

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
    const follower = followFiles(asWhole);
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
    const follower = followFiles(asWhole);
    writeFileSync(path, 'aaa');
    const { atime, mtime } = statSync(path);
    expect(await readNow(follower, path)).toBe('aaa');
    writeFileSync(path, 'bbb');
    utimesSync(path, atime, mtime);
    expect(await readNow(follower, path)).toBe('bbb');
  });

  it('is parsed once while it does not change', async () => {
    writeFileSync(path, 'same');
    const parse = vi.fn(asWhole);
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

  it('is what it is once it has been read, not what it was when that began', async () => {
    writeFileSync(path, 'of before');
    const follower = followFiles(function* (text: string): ParseSteps<string> {
      yield 1;
      if (text === 'of before') writeFileSync(path, 'of now');
      return text;
    });
    expect(await follower.read(path)).toBe('of now');
  });

  it('is parsed once, however often it is touched meanwhile', async () => {
    writeFileSync(path, 'the same');
    let parsed = 0;
    const follower = followFiles(function* (text: string): ParseSteps<string> {
      yield 1;
      parsed += 1;
      utimesSync(path, parsed, parsed);
      return text;
    });
    expect(await follower.read(path)).toBe('the same');
    expect(parsed).toBe(1);
  });

  it('that goes on changing is read nevertheless, and is not at rest', async () => {
    let version = 0;
    const write = () => {
      version += 1;
      writeFileSync(path, `version ${version}\n`);
    };
    write();
    let isWritten = true;
    const follower = followFiles(function* (text: string): ParseSteps<string> {
      yield 1;
      if (isWritten) write();
      return text;
    });
    expect(await follower.read(path)).toMatch(/^version \d+\n$/);
    const rested = follower.readAtRest(path);
    isWritten = false;
    expect(await rested).toBe(`version ${version}\n`);
  });

  it('is read as bytes', async () => {
    writeFileSync(path, Buffer.from([0x66, 0xe4, 0xc3, 0xa4]));
    expect(await followFiles(asWhole).read(path)).toBe('f\xe4\xc3\xa4');
  });

  it('is a regular file', async () => {
    const follower = followFiles(asWhole);
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    symlinkSync('loop', join(folder, 'loop'));
    expect(await readNow(follower, pipe)).toBe('fault not a regular file');
    expect(await readNow(follower, folder)).toBe('fault not a regular file');
    expect(await readNow(follower, join(folder, 'loop'))).toBe('fault ELOOP');
  });

  it('is not read when it is larger than anybody needs', async () => {
    const follower = followFiles(asWhole);
    const large = join(folder, 'large');
    writeFileSync(large, '');
    truncateSync(large, 2 ** 24 + 1);
    expect(await readNow(follower, large)).toBe('fault larger than 16 MB');
    writeFileSync(large, 'small');
    expect(await readNow(follower, large)).toBe('small');
  });
});

describe('of many followed files', () => {
  // Whatever was written a moment ago was written long ago.
  beforeAll(() => {
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 60_000);
  });
  afterAll(() => {
    vi.restoreAllMocks();
  });

  /** How often the first file is parsed when `others` are read between two looks at it. */
  async function countParsed(others: readonly string[]): Promise<number> {
    const first = join(folder, 'first');
    writeFileSync(first, 'first');
    const parse = vi.fn(lengthOf);
    const follower = followFiles(parse);
    expect(await follower.read(first)).toBe(5);
    for (const path of others) await follower.read(path);
    expect(await follower.read(first)).toBe(5);
    return parse.mock.calls.length - others.length;
  }

  /** For whom nothing is kept yet. */
  async function loadAnew(): Promise<typeof followFiles> {
    vi.resetModules();
    return (await import('../../src/auth/followed-files.js')).followFiles;
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

  it('128 MB are kept, and large ones make room, not small ones', async () => {
    const followFiles = await loadAnew();
    const small = join(folder, 'first');
    writeFileSync(small, 'first');
    const parse = vi.fn(lengthOf);
    const follower = followFiles(parse);
    const large = writeMany(8, 2 ** 24 - 300);
    const all = [small, ...large];
    for (const path of [...all, ...all]) await follower.read(path);
    expect(parse).toHaveBeenCalledTimes(9);
    for (const path of writeMany(2, 2 ** 24 - 400)) await follower.read(path);
    expect(parse).toHaveBeenCalledTimes(11);
    await follower.read(small);
    expect(parse).toHaveBeenCalledTimes(11);
    for (const path of large) await follower.read(path);
    expect(parse.mock.calls.length).toBeGreaterThan(12);
  });

  it('an entry takes room of its own', async () => {
    const parse = vi.fn(function* (): ParseSteps<number> {
      for (let entry = 0; entry < 400_000; entry += 1) yield 1;
      return 1;
    });
    const follower = followFiles(parse);
    const many = writeMany(4, 1);
    for (const path of [...many, ...many]) await follower.read(path);
    expect(parse).toHaveBeenCalledTimes(8);
  });

  it('those of all followers count', async () => {
    const [first = ''] = writeMany(1, 2 ** 24);
    const [parse, parseOther] = [vi.fn(lengthOf), vi.fn(lengthOf)];
    const [follower, other] = [followFiles(parse), followFiles(parseOther)];
    await follower.read(first);
    for (const path of writeMany(9, 2 ** 24 - 200)) await other.read(path);
    await follower.read(first);
    expect(parse).toHaveBeenCalledTimes(2);
    expect(parseOther).toHaveBeenCalledTimes(9);
  });

  it('one that changes is counted once', async () => {
    const followFiles = await loadAnew();
    const parse = vi.fn(lengthOf);
    const follower = followFiles(parse);
    const [path = '', other = ''] = writeMany(2, 2 ** 24);
    await follower.read(other);
    for (let bytes = 2 ** 24; bytes > 2 ** 24 - 10; bytes -= 1) {
      truncateSync(path, bytes);
      expect(await follower.read(path)).toBe(bytes);
    }
    await follower.read(other);
    expect(parse).toHaveBeenCalledTimes(11);
  });

  it('those that cannot be used are not looked into again before they change', async () => {
    const [path = ''] = writeMany(1, 3);
    const parse = vi.fn(function* (text: string): ParseSteps<string> {
      yield text === 'fit' ? 1 : 1_000_000;
      return text;
    });
    const follower = followFiles(parse);
    for (let request = 0; request < 3; request += 1)
      await expect(follower.read(path)).rejects.toThrow('more than 500000 entries');
    expect(parse).toHaveBeenCalledTimes(1);
    writeFileSync(path, 'fit');
    expect(await follower.read(path)).toBe('fit');
  });

  it('large ones are read one after the other', async () => {
    let running = 0;
    const together: number[] = [];
    const follower = followFiles(function* (text: string): ParseSteps<number> {
      running += 1;
      // Others get their turn meanwhile.
      for (const end = performance.now() + 40; performance.now() < end; ) yield 0;
      together.push(running);
      running -= 1;
      return text.length;
    });
    await Promise.all(writeMany(4, 2 ** 17).map((path) => follower.read(path)));
    expect(together).toEqual([1, 1, 1, 1]);
    await Promise.all(writeMany(4, 2 ** 10).map((path) => follower.read(path)));
    expect(Math.max(...together)).toBeGreaterThan(1);
  });
});

describe('a file that would take much', () => {
  it.runIf(existsSync('/proc/self/pagemap'))(
    'is not read to its end, though the file system calls it empty',
    async () => {
      const { size } = statSync('/proc/self/pagemap');
      expect(size).toBe(0);
      expect(await readNow(followFiles(asWhole), '/proc/self/pagemap')).toBe('fault larger than 16 MB');
    },
  );

  it('takes turns with all that are parsed at the same time, and lets others go on after each', async () => {
    const parsedInTurn = new Set<number>();
    const mostParsed: number[] = [];
    const parse = async (number: number) =>
      parseInSlices(
        (function* (): ParseSteps<number> {
          for (const end = performance.now() + 40; performance.now() < end; ) {
            parsedInTurn.add(number);
            yield 0;
          }
          return number;
        })(),
        1,
      );
    let isOver = false;
    const all = Promise.all([1, 2, 3, 4, 5].map(parse)).finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await nextTurn();
      mostParsed.push(parsedInTurn.size);
      parsedInTurn.clear();
    }
    expect((await all).map((parsed) => parsed !== 'too-many' && parsed.content)).toEqual([1, 2, 3, 4, 5]);
    expect(Math.max(...mostParsed)).toBeLessThanOrEqual(2);
  });

  it('has no more than 500 000 entries', async () => {
    const path = join(folder, 'entries');
    writeFileSync(path, 'g: '.padEnd(2 * 500_000 + 3, 'a '));
    const follower = followFiles(parseGroupFile);
    expect((await follower.read(path)).get('a')).toEqual(new Set(['g']));
    writeFileSync(path, 'g: '.padEnd(2 * 500_001 + 3, 'a '));
    await expect(follower.read(path)).rejects.toThrow('more than 500000 entries');
  });

  it('lets others go on while it is parsed', async () => {
    const path = join(folder, 'members');
    writeFileSync(path, `g: ${Array.from({ length: 300_000 }, (_, number) => `u${number}`).join(' ')}\n`);
    const read = followFiles(parseGroupFile).read(path);
    let turns = 0;
    for (let isOver = false; !isOver; turns += 1)
      isOver = await Promise.race([read.then(() => true), nextTurn().then(() => false)]);
    expect(turns).toBeGreaterThan(5);
    expect((await read).size).toBe(300_000);
  });

  it.each([
    ['a password file', readPasswordLines],
    ['a group file', parseGroupFile],
    ['a digest file', parseDigestFile],
  ])('%s of blanks is parsed in time that grows with its length', async (_, parse) => {
    const path = join(folder, 'blanks');
    // A regular expression that looks for blanks at the end would take hours.
    writeFileSync(path, `a:${' '.repeat(2 ** 23)}b:c\n`);
    expect((await followFiles<ReadonlyMap<string, unknown>>(parse).read(path)).size).toBe(1);
  });
});

it('a password file that is too large lets nobody in, with the reason, also where grants are remembered', async () => {
  const authUserFile = join(folder, 'too-large');
  writeFileSync(authUserFile, 'bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n');
  truncateSync(authUserFile, 2 ** 24 + 1);
  const { decide } = createAuthorizer(unaskedPorts);
  for (const authnCacheProvideFor of [[], ['file']]) {
    const settings = { require: validUser, authType: 'Basic', authName: 'x', authUserFile };
    const made = { ...settings, authBasicProviders: ['file', 'socache'], authnCacheProvideFor };
    expect(await decide(request({ credentials: 'bob:secret' }), made)).toMatchObject({
      status: 500,
      reason: { text: expect.stringMatching(/AH01620: .*too-large: larger than 16 MB/) },
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
