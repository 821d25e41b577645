import type { AuthnCacheStore } from '../config/model.js';
import { type CredentialCache, createCredentialCache } from './credential-cache.js';
import { createMemoryStore } from './credential-store.js';
import { createRedisStore } from './redis-store.js';

/** The cache as AuthnCacheSOCache has it. `report` is told in a sentence while the store cannot be reached. */
export function createSiteCache(
  store: AuthnCacheStore | undefined,
  secret: Uint8Array,
  report: (text: string) => void,
): CredentialCache {
  if (store?.kind === 'redis') return createCredentialCache(createRedisStore(store, report), secret);
  return createCredentialCache(createMemoryStore(), secret);
}
