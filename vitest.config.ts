import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/peers/**'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // Waiting for what comes costs nothing when it comes; one second is not much on a busy machine.
    expect: { poll: { timeout: 15_000 } },
    // Feature tests start real server processes: keep to what two cores carry.
    maxWorkers: 2,
    reporters: ['default', './test/repeated-tests.ts'],
    // `.ci/run` sets it.
    retry: Number(process.env.MODHOST_TEST_RETRIES ?? 0),
  },
});
