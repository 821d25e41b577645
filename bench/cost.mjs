/**
 * CPU time per request of each process of modhost, by what its threads were really on a processor: what a machine that does other things
 * as well leaves fairly alone, unlike requests per second. See README.md.
 */

import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cases } from './cases.mjs';
import { findFreePort, measureRound, startServer } from './measure.mjs';
import { servers } from './servers.mjs';

const { values } = parseArgs({
  options: {
    case: { type: 'string', multiple: true, default: ['python-1x15', 'node'] },
    /** Builds to compare, each a dist/main.js; they take turns. */
    main: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
  },
});
const mains =
  values.main.length > 0 ? values.main : [fileURLToPath(new URL('../dist/main.js', import.meta.url))];
const builds = mains.map((main) => resolve(main));
const root = mkdtempSync(join(tmpdir(), 'modhost-cost-'));
chmodSync(root, 0o755);
try {
  for (const name of values.case) await measureCase(cases.find((one) => one.name === name));
} finally {
  rmSync(root, { recursive: true, force: true });
}

/** The least of all rounds counts: what disturbs only adds. */
async function measureCase(one) {
  const least = builds.map(() => new Map());
  const running = [];
  try {
    await startBuilds(one, running);
    for (const server of running) await load(server, 3);
    for (let round = 0; round < Number(values.rounds); round += 1) {
      for (const [index, server] of running.entries()) {
        const costs = await measureCost(server);
        for (const [name, cost] of costs)
          least[index].set(name, Math.min(cost, least[index].get(name) ?? cost));
      }
    }
  } finally {
    for (const server of running) await server.stop();
  }
  for (const [index, costs] of least.entries()) {
    const shown = [...costs].map(([name, cost]) => `${name} ${cost.toFixed(1)}`).join(', ');
    console.log(`${one.name}: ${shown} µs per request${builds.length > 1 ? ` (${builds[index]})` : ''}`);
  }
}

/** Fills `running`, so that what runs is ended also when the next one does not start. */
async function startBuilds(one, running) {
  for (const [index, main] of builds.entries()) {
    const folder = join(root, `${one.name}-${index}`);
    mkdirSync(join(folder, 'logs'), { recursive: true });
    const port = await findFreePort();
    const server = servers.modhost({ ...one, folder, port, main });
    running.push({
      port,
      path: one.path ?? '/',
      script: one.script,
      ...(await startServer(server, folder, port)),
    });
  }
}

/** Role of a process → µs of CPU per request. */
async function measureCost(server) {
  const pids = server.pids();
  const before = new Map(pids.map((pid) => [pid, cpuMicroseconds(pid)]));
  const { requests, errors } = await load(server, Number(values.seconds));
  if (errors > 0) throw new Error(`${errors} requests failed`);
  const costs = new Map();
  for (const pid of pids) {
    const role = roleOf(pid);
    if (role === undefined) continue;
    const cost = (cpuMicroseconds(pid) - before.get(pid)) / requests;
    costs.set(role, (costs.get(role) ?? 0) + cost);
  }
  return costs;
}

function load({ port, path, script }, seconds) {
  return measureRound({ pids: () => [] }, `http://127.0.0.1:${port}${path}`, {
    seconds,
    connections: 32,
    headers: [],
    script,
  });
}

/** undefined: a process that has nothing to do with requests. */
function roleOf(pid) {
  const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  if (command.includes('front end') || command.includes('front-end')) return 'front end';
  return command.includes('daemon') ? 'daemon' : undefined;
}

/** On a processor so far, all threads together. */
function cpuMicroseconds(pid) {
  let nanoseconds = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // A thread that has just ended.
    }
  }
  return nanoseconds / 1000;
}
