import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCredentialCache } from '../../src/auth/credential-cache.js';
import { type CredentialStore, createMemoryStore } from '../../src/auth/credential-store.js';
import {
  type AuthPorts,
  type AuthRequest,
  createAuthorizer,
  createProviders,
  createSchemes,
} from '../../src/auth/index.js';
import type { DirectorySettings } from '../../src/config/model.js';
import { request, script, summarise, unaskedPorts, validUser } from './requests.js';

const folder = mkdtempSync(join(tmpdir(), 'modhost-cache-'));
const file = join(folder, 'auth.py');
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => writeFileSync(file, '# a script'));

const settings: DirectorySettings = {
  require: validUser,
  authType: 'Basic',
  authName: 'x',
  authBasicProviders: ['socache', 'wsgi'],
  authUserScript: { ...script, file },
  authnCacheProvideFor: ['wsgi'],
};

/** What is kept, to look at. */
class SpiedStore implements CredentialStore {
  readonly kept = new Map<string, string>();
  readonly #memory = createMemoryStore();
  get = (key: string) => this.#memory.get(key);
  set(key: string, value: string, keepMs: number) {
    this.kept.set(key, value);
    return this.#memory.set(key, value, keepMs);
  }
}

function setUp(store: CredentialStore = new SpiedStore(), secret = new Uint8Array(32)) {
  const asked: string[] = [];
  const ports: AuthPorts = {
    ...unaskedPorts,
    checkPassword: async (_script, _environ, user, password) => {
      asked.push(`${user}:${password}`);
      // Longer than forty others need to look at the script file, however busy the machine.
      await sleep(100);
      if (user === 'nobody') return null;
      if (user === 'broken') throw new Error('away');
      return password === 'secret' ? `real ${user}` : false;
    },
  };
  const providers = createProviders(ports, undefined, createCredentialCache(store, secret));
  const { decide } = createAuthorizer(ports, createSchemes({ ports, providers }));
  const ask = async (
    credentials: string,
    more: Partial<DirectorySettings> = {},
    made: Partial<AuthRequest> = {},
  ) => summarise(await decide({ ...request({ credentials }), ...made }, { ...settings, ...more }));
  return { ask, asked, store };
}

describe('a right password', () => {
  it('is asked for once, and the name that the script gave stays', async () => {
    const { ask, asked } = setUp();
    for (let round = 0; round < 3; round += 1) expect(await ask('bob:secret')).toBe('granted real bob');
    expect(asked).toEqual(['bob:secret']);
  });

  it('is asked for once by many at the same time', async () => {
    const { ask, asked } = setUp();
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask('bob:secret')));
    expect(new Set(answers)).toEqual(new Set(['granted real bob']));
    expect(asked).toEqual(['bob:secret']);
  });

  it.each<[string, Partial<DirectorySettings>]>([
    ['is not kept where nothing says so', { authnCacheProvideFor: [] }],
    ['is not looked for without socache', { authBasicProviders: ['wsgi'] }],
    ['is not kept for other providers', { authnCacheProvideFor: ['file'] }],
    ['is not kept for no time', { authnCacheTimeoutMs: 0 }],
  ])('%s', async (_, more) => {
    const { ask, asked } = setUp();
    for (let round = 0; round < 2; round += 1) expect(await ask('bob:secret', more)).toBe('granted real bob');
    expect(asked).toHaveLength(2);
  });

  it('is kept as long as AuthnCacheTimeout says', async () => {
    const { ask, asked } = setUp();
    await ask('bob:secret', { authnCacheTimeoutMs: 30 });
    await sleep(40);
    await ask('bob:secret', { authnCacheTimeoutMs: 30 });
    expect(asked).toHaveLength(2);
  });

  it('is asked for anew when the script has changed', async () => {
    const { ask, asked } = setUp();
    await ask('bob:secret');
    writeFileSync(file, '# another script');
    await ask('bob:secret');
    rmSync(file);
    await ask('bob:secret');
    await ask('bob:secret');
    expect(asked).toHaveLength(4);
  });

  it('does not count for a script that was another one while it was asked', async () => {
    const { ask, asked } = setUp();
    const answer = ask('bob:secret');
    await vi.waitUntil(() => asked.length === 1);
    writeFileSync(file, '# another script');
    await answer;
    writeFileSync(file, '# a script');
    await ask('bob:secret');
    expect(asked).toHaveLength(2);
  });

  it('counts in one folder, unless AuthnCacheContext says more', async () => {
    const at = (path: string): Partial<AuthRequest> => ({
      environ: () => ['SERVER_NAME', 'a', 'SERVER_PORT', '80', 'REQUEST_URI', '/sent', 'PATH_INFO', path],
    });
    for (const [context, questions] of [
      [undefined, 2],
      ['server', 1],
      ['mine', 1],
    ] as const) {
      const { ask, asked } = setUp();
      const more = context === undefined ? {} : { authnCacheContext: context };
      for (const path of ['/one/a', '/one/b', '/two/a']) await ask('bob:secret', more, at(path));
      expect(asked).toHaveLength(questions);
    }
  });

  it.each(['/one/..', '/one/%2e%2e', '/one/..%2fsecret', '/one/x'])(
    'counts in the folder that is asked for, however that is written: %s',
    async (sent) => {
      const at = (target: string, path: string): Partial<AuthRequest> => ({
        environ: () => ['SERVER_NAME', 'a', 'SERVER_PORT', '80', 'REQUEST_URI', target, 'PATH_INFO', path],
      });
      const { ask, asked } = setUp();
      await ask('bob:secret', {}, at('/one/a', '/one/a'));
      // The last one is an internal redirect.
      await ask('bob:secret', {}, at(sent, '/secret'));
      expect(asked).toHaveLength(2);
    },
  );

  it('of an alias is kept where AuthnCacheProvideFor names the alias, and for this one only', async () => {
    const { ask, asked } = setUp();
    const other = join(folder, 'other.py');
    writeFileSync(other, '');
    const authnAliases = new Map([
      ['mine', { provider: 'wsgi', settings: {} }],
      ['other', { provider: 'wsgi', settings: { authUserScript: { ...script, file: other } } }],
    ]);
    const more = { authnAliases, authnCacheProvideFor: ['other'] };
    await ask('bob:secret', { ...more, authBasicProviders: ['socache', 'other'] });
    await ask('bob:secret', { ...more, authBasicProviders: ['socache', 'other'] });
    expect(asked).toHaveLength(1);
    await ask('bob:secret', { ...more, authBasicProviders: ['socache', 'mine'] });
    await ask('bob:secret', { ...more, authBasicProviders: ['socache', 'mine', 'other'] });
    expect(asked).toHaveLength(2);
  });
});

it('a wrong password, an unknown user and a fault are asked for each time', async () => {
  const { ask, asked, store } = setUp();
  await ask('bob:secret');
  for (let round = 0; round < 2; round += 1) {
    expect(await ask('bob:wrong')).toBe('401');
    expect(await ask('nobody:secret')).toBe('401');
    expect(await ask('broken:secret')).toBe('500');
  }
  expect(asked).toHaveLength(7);
  expect((store as SpiedStore).kept.size).toBe(1);
});

describe('what is kept', () => {
  it('shows neither password nor user, and nothing that another secret finds', async () => {
    const { ask, store } = setUp();
    await ask('bob:secret');
    const text = JSON.stringify([...(store as SpiedStore).kept]);
    expect(text).not.toMatch(/secret|bob/);
    const stranger = setUp(store, new Uint8Array(32).fill(1));
    await stranger.ask('bob:secret');
    expect(stranger.asked).toHaveLength(1);
    const friend = setUp(store);
    await friend.ask('bob:secret');
    expect(friend.asked).toHaveLength(0);
  });

  it('lets nobody in who can write to the store', async () => {
    const spied = new SpiedStore();
    const { ask, asked } = setUp(spied);
    await ask('bob:secret');
    const [[key, value] = ['', '']] = spied.kept;
    const [, until, signature] = value.split(' ');
    const root = Buffer.from('root').toString('base64url');
    for (const forged of [
      `${root} ${until} ${signature}`,
      value.replace(until as string, String(Number(until) + 1000)),
      `${root} ${until}`,
      '',
      'x'.repeat(1_000_000),
    ]) {
      await spied.set(key, forged, 60_000);
      expect(await ask('bob:secret')).toBe('granted real bob');
    }
    expect(asked).toHaveLength(6);
  });

  it('is bounded', async () => {
    const store = createMemoryStore();
    for (let number = 0; number < 10_001; number += 1) await store.set(`${number}`, 'x', 60_000);
    expect(await store.get('0')).toBeUndefined();
    expect(await store.get('1')).toBe('x');
  });

  it('is the same on another machine that has the same script, and gone when its text differs', async () => {
    const store = new SpiedStore();
    const here = setUp(store);
    await here.ask('alice:secret');
    // Another machine: another file, written at another time, under the same path.
    rmSync(file);
    writeFileSync(file, '# a script');
    const there = setUp(store);
    await there.ask('alice:secret');
    expect(there.asked).toEqual([]);
    writeFileSync(file, '# another script');
    await there.ask('alice:secret');
    expect(there.asked).toEqual(['alice:secret']);
  });
});
