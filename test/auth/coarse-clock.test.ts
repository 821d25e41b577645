import type { BigIntStats } from 'node:fs';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { createCredentialCache } from '../../src/auth/credential-cache.js';
import { createMemoryStore } from '../../src/auth/credential-store.js';
import { createAuthorizer, createProviders, createSchemes } from '../../src/auth/index.js';
import type { DirectorySettings } from '../../src/config/model.js';
import { request, summarise, unaskedPorts, validUser } from './requests.js';

/** A file system whose clock ticks once in a second. */
vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs/promises')>();
  const coarsen = (stats: BigIntStats): BigIntStats => {
    const ns = (time: bigint) => ({ value: time - (time % 1_000_000_000n) });
    const ms = (time: bigint) => ({ value: time - (time % 1_000n) });
    return Object.create(stats, {
      ...{ mtimeNs: ns(stats.mtimeNs), ctimeNs: ns(stats.ctimeNs) },
      ...{ mtimeMs: ms(stats.mtimeMs), ctimeMs: ms(stats.ctimeMs) },
    }) as BigIntStats;
  };
  return {
    ...real,
    stat: async (path: string) => coarsen(await real.stat(path, { bigint: true })),
    open: async (path: string, flags: string): Promise<FileHandle> => {
      const file = await real.open(path, flags);
      const stat = file.stat.bind(file);
      return Object.assign(file, { stat: async () => coarsen(await stat({ bigint: true })) });
    },
  };
});

const folder = mkdtempSync(join(tmpdir(), 'modhost-coarse-clock-'));
afterAll(() => rmSync(folder, { recursive: true }));

const right = 'bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n';
const withdrawn = 'bob:{SHA}AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n';

it.each([
  ['read', {}],
  ['remembered', { authBasicProviders: ['socache', 'file'], authnCacheProvideFor: ['file'] }],
])('a password that was withdrawn in the second in which it was %s counts no more', async (how, more) => {
  const authUserFile = join(folder, how);
  const settings: DirectorySettings = {
    ...{ require: validUser, authType: 'Basic', authName: 'x', authUserFile },
    ...more,
  };
  const cache = createCredentialCache(createMemoryStore(), new Uint8Array(32));
  const providers = createProviders(unaskedPorts, undefined, cache);
  const { decide } = createAuthorizer(unaskedPorts, createSchemes({ ports: unaskedPorts, providers }));
  const ask = async () => summarise(await decide(request({ credentials: 'bob:secret' }), settings));

  writeFileSync(authUserFile, right);
  expect(await ask()).toBe('granted bob');
  writeFileSync(authUserFile, withdrawn);
  expect(await ask()).toBe('401');
});
