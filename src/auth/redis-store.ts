import type { CredentialStore } from './credential-store.js';

/** Where a Redis or Valkey server listens. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** A login waits no longer for an answer, and is verified instead. */
const patienceMs = 250;

/** Trouble is logged again after this. */
const logAgainMs = 60_000;

/**
 * Kept by a Redis or Valkey server, for all who share it. While it cannot be reached nothing is remembered, and `report` is told now and
 * then. The connection keeps no process alive.
 */
export function createRedisStore(address: RedisAddress, report: (text: string) => void): CredentialStore {
  let reportedMs = Number.NEGATIVE_INFINITY;

  function complain(error: Error): void {
    if (performance.now() - reportedMs < logAgainMs) return;
    reportedMs = performance.now();
    report(
      `AuthnCacheSOCache ${address.host}:${address.port}: ${error.message || 'it cannot be reached'}; logins are verified anew`,
    );
  }

  async function ask<Answer>(command: (client: Client) => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await inTime(client.then(command));
    } catch (error) {
      complain(error as Error);
      return undefined;
    }
  }

  const client = connect(address, complain);
  return {
    get: async (key) => (await ask((server) => server.get(nameOf(key)))) ?? undefined,
    set: async (key, value, keepMs) => {
      const expiration = { type: 'PX', value: Math.max(1, Math.round(keepMs)) } as const;
      await ask((server) => server.set(nameOf(key), value, { expiration }));
    },
  };
}

type Client = Awaited<ReturnType<typeof connect>>;

async function connect({ host, port }: RedisAddress, complain: (error: Error) => void) {
  // Loaded only where it is wanted.
  const { createClient } = await import('@redis/client');
  const client = createClient({
    socket: { host, port, connectTimeout: 2000, reconnectStrategy: (tries) => Math.min(tries * 200, 5000) },
    // What cannot be asked now is not asked later, and nothing piles up.
    disableOfflineQueue: true,
    commandsQueueMaxLength: 1000,
  });
  client.on('error', complain);
  // The site is served before and without its cache.
  client.connect().then(() => client.unref(), complain);
  return client;
}

function nameOf(key: string): string {
  return `modhost:authn:${key}`;
}

async function inTime<Answer>(answer: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs} ms`)), patienceMs);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
