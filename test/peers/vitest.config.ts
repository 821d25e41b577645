import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The tests against real frameworks, servers and a browser: run by `test/peers/run`, which installs them first. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/peers/*.peer.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 15_000 } },
    maxWorkers: 2,
    retry: Number(process.env.MODHOST_TEST_RETRIES ?? 0),
  },
});
