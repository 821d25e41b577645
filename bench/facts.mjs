/** What is measured of modhost alone: memory, starts, and whether more of everything costs more per request. */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findFreePort, measureRound, startServer } from './measure.mjs';
import { median } from './report.mjs';
import { servers } from './servers.mjs';

const project = fileURLToPath(new URL('..', import.meta.url));
const main = join(project, 'dist/main.js');
const apps = join(project, 'bench/apps');
const megabyte = 1 << 20;

/** Rows for the report: what, measured, goal. */
export async function measureFacts({ rounds, seconds }) {
  return [
    ...(await measureMemory()),
    ...(await measureStarts(rounds)),
    ...(await measureGrowth({ rounds, seconds })),
    ...(await measureScaling({ rounds, seconds })),
    ...(await measureBalance({ rounds, seconds })),
  ];
}

async function measureMemory() {
  const { supervisor, frontEnds, groups } = await withSite(
    (folder) => `ServerLimit 1
WSGIDaemonProcess bench threads=15 python-home=${pythonHome()}
WSGIScriptAlias / ${apps}/hello.py process-group=bench application-group=%{GLOBAL}
WSGIImportScript ${apps}/hello.py process-group=bench application-group=%{GLOBAL}
DocumentRoot ${folder}`,
    async (site) => {
      await ask(site.port, '/');
      await sleep(3_000);
      return site.status();
    },
  );
  const own = [supervisor, ...frontEnds].map(({ memory }) => memory);
  const daemon = groups[0].processes[0].memory;
  return [
    {
      what: 'resident memory of the idle site: supervisor + 1 front end',
      measured: `${own.map((bytes) => Math.round(bytes / megabyte)).join(' + ')} MB`,
      goal: '< 110 MB',
    },
    {
      what: 'Python daemon process beyond a bare interpreter with the same application',
      measured: `${((daemon - measureBarePython()) / megabyte).toFixed(1)} MB`,
      goal: '< 8 MB',
    },
  ];
}

const pythonHome = () => {
  const home = join(project, 'bench/venv');
  try {
    readFileSync(join(home, 'pyvenv.cfg'));
    return home;
  } catch {
    return '/usr';
  }
};

/** Resident bytes. */
function measureBarePython() {
  const read = `import runpy
runpy.run_path("${apps}/hello.py")
print([line for line in open("/proc/self/status") if line.startswith("VmRSS")][0].split()[1])`;
  return Number(execFileSync(join(pythonHome(), 'bin/python3'), ['-c', read], { encoding: 'utf8' })) * 1024;
}

async function measureStarts(rounds) {
  const rows = [];
  for (const [path, title] of [
    ['/', 'JavaScript'],
    ['/py', 'Python'],
  ]) {
    const times = [];
    for (let round = 0; round < Math.max(rounds, 3); round += 1) {
      const folder = mkdtempSync(join(tmpdir(), 'modhost-bench-'));
      const port = await findFreePort();
      const begun = performance.now();
      const child = spawn(
        process.execPath,
        [main, '-X', '-C', `Define PORT ${port}`, '-c', `PidFile ${folder}/pid`],
        { cwd: project, stdio: 'ignore' },
      );
      while ((await ask(port, path)) !== 200) await sleep(5);
      times.push(performance.now() - begun);
      await end(child);
      rmSync(folder, { recursive: true });
    }
    rows.push({
      what: `start of conf/site.conf to the first answer of its ${title} application`,
      measured: `${(median(times) / 1000).toFixed(2)} s`,
      goal: '< 0.6 s',
    });
  }
  return rows;
}

/**
 * Ten times as many groups, mounts and hosts: the same work per request. Both sizes run all the time and take short turns, one first and then the
 * other, so that whatever else the machine does comes upon both alike.
 */
async function measureGrowth({ rounds, seconds }) {
  const ratios = [];
  await withSite(
    () => manyHosts(10),
    (small) =>
      withSite(
        () => manyHosts(100),
        async (large) => {
          await measureHosts(10, small, 4);
          await measureHosts(100, large, 4);
          for (let turn = 0; turn < rounds * seconds; turn += 1) {
            const before = await measureHosts(10, small, 1);
            const first = await measureHosts(100, large, 1);
            const second = await measureHosts(100, large, 1);
            const after = await measureHosts(10, small, 1);
            ratios.push((first + second) / (before + after));
          }
        },
      ),
  );
  return [
    {
      what: '100 process groups, mounts and virtual hosts against 10: requests/s',
      measured: `${median(ratios).toFixed(2)} ×`,
      goal: '0.95 × to 1.05 ×',
    },
  ];
}

/** Requests/s. */
async function measureHosts(count, site, seconds) {
  const { errors, rate } = await measureRound(site, `http://127.0.0.1:${site.port}/mount${count - 1}/`, {
    seconds,
    connections: 32,
    headers: [`Host: host${count - 1}.example`],
  });
  if (errors > 0) throw new Error(`${errors} requests failed with ${count} groups`);
  return rate;
}

/** Only the last group ever gets a request: the others have no process. */
function manyHosts(count) {
  return Array.from(
    { length: count },
    (_, index) => `WSGIDaemonProcess group${index} min-processes=0
<VirtualHost *>
ServerName host${index}.example
${Array.from({ length: count }, (_, mount) => `WSGIScriptAlias /mount${mount} ${apps}/hello.mjs process-group=group${index} application-group=%{GLOBAL}`).join('\n')}
</VirtualHost>`,
  ).join('\n');
}

/** What one front end serves and what two serve: a file, which they need nobody else for, and an application. */
async function measureScaling({ rounds, seconds }) {
  const sites = {
    'a file of 1 kB': (folder) => {
      writeFileSync(join(folder, 'file.txt'), 'x'.repeat(1024));
      return `DocumentRoot ${folder}`;
    },
    'a JavaScript hello': () => `WSGIDaemonProcess bench
WSGIScriptAlias /file.txt ${apps}/hello.mjs process-group=bench application-group=%{GLOBAL}`,
  };
  const rows = [];
  for (const [what, describeSite] of Object.entries(sites)) {
    const rates = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      for (const [at, own] of rates.entries()) {
        await withSite(
          (folder) => `ServerLimit ${at + 1}\n${describeSite(folder)}`,
          async (site) => {
            const url = `http://127.0.0.1:${site.port}/file.txt`;
            await measureRound(site, url, { seconds: 2, connections: 32 });
            own.push((await measureRound(site, url, { seconds, connections: 32 })).rate);
          },
        );
      }
    }
    const [one, two] = rates.map((own) => Math.round(median(own)).toLocaleString('en'));
    rows.push({ what: `${what}: one front end, two`, measured: `${one}/s, ${two}/s`, goal: '' });
  }
  return rows;
}

/** How evenly requests come upon front ends and upon processes of a group: medians of short rounds, each with connections of its own. */
async function measureBalance({ rounds, seconds }) {
  const rows = [];
  for (const connections of [32, 1000]) {
    await withSite(
      () => `ServerLimit 2
WSGIDaemonProcess bench processes=2 threads=4 python-home=${pythonHome()}
WSGIScriptAlias / ${apps}/hello.py process-group=bench application-group=%{GLOBAL}`,
      async (site) => {
        const url = `http://127.0.0.1:${site.port}/`;
        await measureRound(site, url, { seconds, connections });
        const shares = { frontEnds: [], processes: [] };
        let before = await readFinished(site);
        for (let round = 0; round < rounds + 4; round += 1) {
          await measureRound(site, url, { seconds: 2, connections });
          const after = await readFinished(site);
          for (const [kind, own] of Object.entries(shares))
            own.push(shareOfBusier(before[kind], after[kind]));
          before = after;
        }
        const show = (own) => `${median(own).toFixed(0)} %`;
        rows.push(
          {
            what: `the busier of two front ends, ${connections} connections: of all requests`,
            measured: show(shares.frontEnds),
            goal: '≤ 55 %',
          },
          {
            what: `the busier of two processes of a group, ${connections} connections: of all requests`,
            measured: show(shares.processes),
            goal: '≤ 55 %',
          },
        );
      },
    );
  }
  return rows;
}

/** Requests that each has answered, when nothing is under way any more. */
async function readFinished(site) {
  await sleep(1_000);
  const { frontEnds, groups } = site.status();
  return {
    frontEnds: frontEnds.map(({ counts }) => counts.finished),
    processes: groups[0].processes.map(({ finished }) => finished),
  };
}

/** In percent. */
function shareOfBusier(before, after) {
  const counts = after.map((count, at) => count - before[at]);
  return (Math.max(...counts) / counts.reduce((sum, count) => sum + count, 0)) * 100;
}

/** Runs a site as long as `use` takes. */
async function withSite(makeText, use) {
  const folder = mkdtempSync(join(tmpdir(), 'modhost-bench-'));
  mkdirSync(join(folder, 'logs'));
  const port = await findFreePort();
  const text = `Listen 127.0.0.1:${port}
ServerName 127.0.0.1
LogLevel crit
MaxKeepAliveRequests 0
<Directory />
Require all granted
</Directory>
${makeText(folder)}
`;
  const server = { ...servers.modhost({ folder, port }), files: { 'modhost.conf': text } };
  const running = await startServer(server, folder, port);
  try {
    return await use({
      port,
      pids: running.pids,
      status: () =>
        JSON.parse(
          execFileSync(process.execPath, [main, '-d', folder, '-f', 'modhost.conf', 'status', '--json'], {
            encoding: 'utf8',
          }),
        ),
    });
  } finally {
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The status of the answer; 0: none. */
function ask(port, path) {
  return new Promise((resolve) => {
    get({ port, path, agent: false, host: '127.0.0.1' }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', () => resolve(0));
  });
}

async function end(child) {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
