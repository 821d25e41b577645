import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { followFiles } from '../../src/auth/followed-files.js';
import { createAuthorizer, createRealmHashSources, findRealmHash } from '../../src/auth/index.js';
import type { ParseSteps } from '../../src/auth/parse-in-slices.js';
import { every, group, not, reasonOf, request, summarise, unaskedPorts, validUser } from './requests.js';

const folder = mkdtempSync(join(tmpdir(), 'modhost-changes-'));
afterAll(() => rmSync(folder, { recursive: true }));

const secret = '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=';

function protect(authUserFile: string) {
  const settings = { require: validUser, authType: 'Basic', authName: 'x', authUserFile };
  const { decide } = createAuthorizer(unaskedPorts);
  return async (credentials: string) => decide(request({ credentials }), settings);
}

/** Writes in place as editors, scp and shells do: the file is emptied, and its lines follow one by one. */
const slowWriter = `
const { openSync, writeSync, closeSync } = require('node:fs');
const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
const [path, rounds, pauseMs] = process.argv.slice(1);
for (let round = 0; round < rounds; round += 1) {
  const file = openSync(path, 'w');
  pause(Number(pauseMs));
  for (const piece of ['amy:${secret}\\nbo', 'b:{SHA}5en6G6MezRroT3XK', 'qkdPOmY/BfQ=', '\\n', 'carl:${secret}\\n']) {
    writeSync(file, piece);
    pause(Number(pauseMs));
  }
  closeSync(file);
  pause(150);
}`;

describe('a password file that is rewritten in place', () => {
  it.each([
    [5, 12],
    [120, 2],
  ])(
    'with pauses of %i ms refuses nobody who is in it',
    async (pauseMs, rounds) => {
      const path = join(folder, `rewritten-${pauseMs}`);
      writeFileSync(path, `amy:${secret}\nbob:${secret}\ncarl:${secret}\n`);
      const ask = protect(path);
      const writer = spawn(process.execPath, ['-e', slowWriter, path, String(rounds), String(pauseMs)]);
      const ended = once(writer, 'exit');
      const answers: Promise<string>[] = [];
      // A hundred requests in a second.
      for (let number = 0; writer.exitCode === null; number += 1) {
        const user = ['amy', 'bob', 'carl'][number % 3];
        answers.push(Promise.resolve(ask(`${user}:secret`)).then(summarise));
        await sleep(10);
      }
      expect(await ended).toEqual([0, null]);
      const counts = new Map<string, number>();
      for (const answer of await Promise.all(answers)) counts.set(answer, (counts.get(answer) ?? 0) + 1);
      expect([...counts.keys()].sort()).toEqual(['granted amy', 'granted bob', 'granted carl']);
    },
    20_000,
  );

  it('refuses who is gone, as soon as nobody writes any more', async () => {
    const path = join(folder, 'shorter');
    writeFileSync(path, `amy:${secret}\nbob:${secret}\n`);
    const ask = protect(path);
    expect(summarise(await ask('bob:secret'))).toBe('granted bob');
    writeFileSync(path, `amy:${secret}\n`);
    const started = performance.now();
    expect(summarise(await ask('bob:secret'))).toBe('401');
    expect(performance.now() - started).toBeLessThan(3_500);
    expect(summarise(await ask('amy:secret'))).toBe('granted amy');
  });

  it('is not waited for when nobody has written to it lately', async () => {
    const path = join(folder, 'old');
    writeFileSync(path, `amy:${secret}`);
    const ask = protect(path);
    await sleep(1_100);
    const started = performance.now();
    expect(summarise(await ask('bob:secret'))).toBe('401');
    expect(performance.now() - started).toBeLessThan(200);
  });
});

describe('another file that is rewritten in place', () => {
  it('lets nobody in whose group is not in it yet', async () => {
    const path = join(folder, 'groups');
    const [users, groups] = [join(folder, 'users-of-groups'), 'banned: bob\n'];
    writeFileSync(users, `amy:${secret}\nbob:${secret}\n`);
    writeFileSync(path, groups);
    const { decide } = createAuthorizer(unaskedPorts);
    const settings = {
      ...{ authType: 'Basic', authName: 'x', authUserFile: users, authGroupFile: path },
      require: every(validUser, not(group('banned'))),
    };
    const ask = async (credentials: string) => summarise(await decide(request({ credentials }), settings));
    expect(await ask('bob:secret')).toBe('401');
    writeFileSync(path, '');
    const asked = [ask('bob:secret'), ask('amy:secret')];
    await sleep(100);
    writeFileSync(path, groups);
    expect(await Promise.all(asked)).toEqual(['401', 'granted amy']);
  });

  it('refuses nobody whose digest is not in it yet', async () => {
    const path = join(folder, 'digests');
    const users = `bob:area:${'a'.repeat(32)}\n`;
    const sources = createRealmHashSources(unaskedPorts);
    writeFileSync(path, users);
    const place = { client: '192.0.2.1', user: 'bob', isKnown: false };
    const login = { request: request(), settings: { authUserFile: path }, user: 'bob', realm: 'area', place };
    expect(await findRealmHash(['file'], sources, login)).toMatchObject({ kind: 'known' });
    writeFileSync(path, '');
    const asked = findRealmHash(['file'], sources, login);
    await sleep(100);
    writeFileSync(path, users);
    expect(await asked).toMatchObject({ kind: 'known' });
  });
});

describe('a password file that is no longer there', () => {
  it('is a fault that the log explains', async () => {
    const path = join(folder, 'vanishing');
    writeFileSync(path, `amy:${secret}\n`);
    const ask = protect(path);
    expect(summarise(await ask('amy:secret'))).toBe('granted amy');
    rmSync(path);
    const gone = await ask('amy:secret');
    expect(summarise(gone)).toBe('500');
    expect(reasonOf(gone)).toContain(`AH01620: Could not open password file: ${path}: ENOENT`);
    mkdirSync(path);
    const folderInstead = await ask('amy:secret');
    expect(summarise(folderInstead)).toBe('500');
    expect(reasonOf(folderInstead)).toContain('not a regular file');
  });
});

describe('a password file with 100 000 users', () => {
  it('is read within a second, and every user is found at once', async () => {
    const path = join(folder, 'many');
    const line = (number: number) => `user${number}:$2y$10$${'a'.repeat(53)}\n`;
    writeFileSync(path, Array.from({ length: 100_000 }, (_, n) => line(n)).join(''));
    writeFileSync(path, `last:${secret}\n`, { flag: 'a' });
    const ask = protect(path);
    const before = process.cpuUsage();
    expect(summarise(await ask('last:secret'))).toBe('granted last');
    const { user, system } = process.cpuUsage(before);
    // Time of the processor: other processes may be busy.
    expect((user + system) / 1000).toBeLessThan(1000);
    const started = performance.now();
    for (let round = 0; round < 100; round += 1) await ask('last:secret');
    expect((performance.now() - started) / 100).toBeLessThan(100);
  });

  it('is parsed once, though it has just been changed', async () => {
    const path = join(folder, 'fresh');
    writeFileSync(path, 'one\n');
    let parsed = 0;
    const follower = followFiles(function* (text): ParseSteps<{ readonly text: string }> {
      parsed += 1;
      yield 1;
      return { text };
    });
    const first = await follower.read(path);
    for (let round = 0; round < 5; round += 1) expect(await follower.read(path)).toBe(first);
    expect(parsed).toBe(1);
    writeFileSync(path, 'two\n');
    expect(await follower.read(path)).toEqual({ text: 'two\n' });
    expect(parsed).toBe(2);
  });
});
