import type { Reporter, TestCase } from 'vitest/node';

/** Names the tests that failed and passed when they were run again (MODHOST_TEST_RETRIES), so that nobody overlooks them. */
export default class RepeatedTests implements Reporter {
  readonly #lines: string[] = [];

  onTestCaseResult(test: TestCase): void {
    if (test.diagnostic()?.flaky) this.#lines.push(`${test.module.relativeModuleId} > ${test.fullName}`);
  }

  onTestRunEnd(): void {
    for (const line of this.#lines) console.log(`Passed only when run again: ${line}`);
  }
}
