// node count-tests.mjs FOLDER LOST NAME...: adds up vitest's reports FOLDER/NAME.json, prints the closing line and
// exits with 1 if anything failed. LOST is the number of runs that could not be made, which count as skipped.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, lost, ...names] = process.argv.slice(2);
const totals = { passed: 0, failed: 0, skipped: Number(lost) };

for (const name of names) {
  const counts = countRun(name);
  console.log(`${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  for (const key of Object.keys(totals)) totals[key] += counts[key];
}
console.log(`Site file and request, on Apache and on modhost: ${countCompared('peers')} compared`);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed === 0 ? 0 : 1;

/** Requests that both servers were sent with the same site file, and that came out as the case says. */
function countCompared(name) {
  const report = join(folder, `${name}.json`);
  if (!existsSync(report)) return 0;
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  return testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(
      ({ ancestorTitles, status }) =>
        status === 'passed' && ancestorTitles.includes('Apache and modhost agree'),
    ).length;
}

function countRun(name) {
  const exitCode = readFileSync(join(folder, `${name}.exit`), 'utf8').trim();
  const report = join(folder, `${name}.json`);
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  // A file that cannot be loaded, or an error outside any test, fails the run without a failed test.
  const failed = exitCode === '0' ? numFailedTests : Math.max(numFailedTests, 1);
  return { passed: numPassedTests, failed, skipped: numPendingTests + numTodoTests };
}
