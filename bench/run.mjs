/** `npm run bench`: see README.md. */

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cases } from './cases.mjs';
import { findFreePort, measureRound, startServer } from './measure.mjs';
import { formatCase, formatMachine, summarise } from './report.mjs';
import { servers } from './servers.mjs';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    case: { type: 'string', multiple: true, default: [] },
  },
});
const rounds = values.quick ? 1 : 3;
const seconds = values.quick ? 2 : 5;
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

const wanted = cases.filter(({ name }) => values.case.length === 0 || values.case.includes(name));
const sections = [formatMachine()];
console.log(sections[0]);
for (const one of wanted) {
  const section = formatCase(one, await runCase(one));
  console.log(section);
  sections.push(section);
}
if (values.case.length === 0 && !values.quick) {
  writeFileSync(
    fileURLToPath(new URL('./results.md', import.meta.url)),
    `# Results of the last full run\n\n${sections.join('\n')}`,
  );
}

/** Every server of the case by its name in servers.mjs → medians. Servers take turns, round after round. */
async function runCase(one) {
  const root = mkdtempSync(join(tmpdir(), 'modhost-bench-'));
  chmodSync(root, 0o755);
  const contestants = new Map();
  for (const key of ['modhost', ...Object.keys(one.against)]) {
    const folder = join(root, key);
    const port = await findFreePort();
    const server = servers[key]({ ...one, folder, port });
    if (server === undefined) {
      console.log(`${key}: not installed (bash bench/peers.sh)`);
      continue;
    }
    mkdirSync(join(folder, 'files'), { recursive: true });
    mkdirSync(join(folder, 'logs'));
    writeFileSync(join(folder, 'files/10k.bin'), Buffer.alloc(10_240, 'x'));
    writeFileSync(join(folder, 'files/1m.bin'), Buffer.alloc(1_048_576, 'x'));
    contestants.set(key, { server, folder, port, rounds: [] });
  }
  const headers = [...(one.password ? [credentials] : []), ...(one.closes ? ['Connection: close'] : [])];
  for (let round = 0; round < rounds; round += 1) {
    for (const contestant of contestants.values()) {
      const { server, folder, port } = contestant;
      const running = await startServer(server, folder, port);
      const url = `http://127.0.0.1:${port}${one.path ?? '/'}`;
      try {
        await measureRound(running, url, { seconds: 1, connections: 8, headers });
        contestant.rounds.push(await measureRound(running, url, { seconds, connections: 32, headers }));
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
