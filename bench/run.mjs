/** `npm run bench`: see README.md. */

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cases, constantRateCase } from './cases.mjs';
import { measureFacts } from './facts.mjs';
import { findFreePort, measureConstantRate, measureRound, openIdle, startServer } from './measure.mjs';
import { formatCase, formatConstantRate, formatFacts, formatMachine, summarise } from './report.mjs';
import { missingFor, servers } from './servers.mjs';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    case: { type: 'string', multiple: true, default: [] },
  },
});
const rounds = values.quick ? 1 : 3;
const seconds = values.quick ? 2 : 5;
/** Everybody's: long enough for the compilers of those that have one. */
const warmUpSeconds = 2;
const credentials = `Authorization: Basic ${Buffer.from('bench:bench').toString('base64')}`;

try {
  execFileSync('wrk', ['-v'], { stdio: 'ignore' });
} catch (error) {
  // wrk -v exits with 1, but it is there.
  if (error.code === 'ENOENT') {
    console.error('The load generator wrk is missing. On Debian: bash bench/peers.sh');
    process.exit(1);
  }
}

const isWanted = (name) => values.case.length === 0 || values.case.includes(name);
const sections = [];
const show = (section) => {
  console.log(section);
  sections.push(section);
};
show(formatMachine());
for (const one of cases.filter(({ name }) => isWanted(name))) {
  const missing = missingFor(one);
  if (missing === undefined) show(formatCase(one, await runCase(one)));
  else show(`### ${one.title}\n\nNot run: ${missing} are missing.\n`);
}
if (isWanted(constantRateCase.name)) show(await runConstantRate());
if (isWanted('facts')) show(formatFacts(await measureFacts({ rounds, seconds })));
if (values.write || (values.case.length === 0 && !values.quick)) {
  const command = `npm run bench${values.quick ? ' -- --quick' : ''}`;
  writeFileSync(
    fileURLToPath(new URL('./results.md', import.meta.url)),
    `# Results of the last full run\n\n\`${command}\`: ${rounds} round${rounds > 1 ? 's' : ''} of ${seconds} s each.\n\n${sections.join('\n')}`,
  );
}

/** Every server of the case by its name in servers.mjs → medians. Servers take turns, round after round. */
async function runCase(one) {
  const root = mkdtempSync(join(tmpdir(), 'modhost-bench-'));
  chmodSync(root, 0o755);
  const contestants = new Map();
  for (const key of ['modhost', ...Object.keys(one.against)]) {
    const contestant = await prepare(key, one, join(root, key));
    if (contestant !== undefined) contestants.set(key, contestant);
  }
  const headers = [...(one.password ? [credentials] : []), ...(one.closes ? ['Connection: close'] : [])];
  const { script } = one;
  for (let round = 0; round < rounds; round += 1) {
    for (const contestant of contestants.values()) {
      const { server, folder, port } = contestant;
      const running = await startServer(server, folder, port);
      const url = `http://127.0.0.1:${port}${one.path ?? '/'}`;
      try {
        const idle = one.idle && !server.isSparedIdle ? await openIdle(port, one.idle) : undefined;
        await measureRound(running, url, { seconds: warmUpSeconds, connections: 32, headers, script });
        contestant.rounds.push(
          await measureRound(running, url, { seconds, connections: 32, headers, script }),
        );
        if (idle !== undefined && idle.open() < one.idle)
          console.log(`of ${one.idle} idle connections, ${idle.open()} are still open`);
        idle?.close();
      } finally {
        await running.stop();
      }
    }
  }
  rmSync(root, { recursive: true, force: true });
  return new Map(
    [...contestants].map(([key, { server, rounds: own }]) => [key, { name: server.name, ...summarise(own) }]),
  );
}

/** One server with its folder and port; undefined: not installed. */
async function prepare(key, one, folder) {
  const port = await findFreePort();
  const server = servers[key]({ ...one, folder, port });
  if (server === undefined) {
    console.log(`${key}: not installed (bash bench/peers.sh)`);
    return undefined;
  }
  mkdirSync(join(folder, 'logs'), { recursive: true });
  return { server, folder, port, rounds: [] };
}

/** Apache's highest rate first; then each server at half of it. */
async function runConstantRate() {
  const { title } = constantRateCase;
  const root = mkdtempSync(join(tmpdir(), 'modhost-bench-'));
  chmodSync(root, 0o755);
  const apache = await prepare('apacheWsgi', constantRateCase, join(root, 'apacheWsgi'));
  const modhost = await prepare('modhost', constantRateCase, join(root, 'modhost'));
  const missing = apache === undefined ? 'Apache' : missingFor({ needs: 'packages' });
  if (missing !== undefined) return `### ${title}\n\nNot run: ${missing} missing.\n`;
  const withServer = async ({ server, folder, port }, measure) => {
    const running = await startServer(server, folder, port);
    const url = `http://127.0.0.1:${port}/`;
    try {
      await measureRound(running, url, { seconds: warmUpSeconds, connections: 32 });
      return await measure(url, running);
    } finally {
      await running.stop();
    }
  };
  const highest = await withServer(apache, (url, running) =>
    measureRound(running, url, { seconds, connections: 32 }),
  );
  const rate = Math.round(highest.rate / 2);
  for (let round = 0; round < rounds; round += 1) {
    for (const contestant of [modhost, apache])
      contestant.rounds.push(
        await withServer(contestant, (url) => measureConstantRate(url, { seconds, connections: 32, rate })),
      );
  }
  rmSync(root, { recursive: true, force: true });
  return formatConstantRate(title, rate, [modhost, apache]);
}
