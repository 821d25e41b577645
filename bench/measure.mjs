/** Starting a server, loading it, and reading what it cost. Linux only: it reads /proc. */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const ticksPerSecond = 100;
const pageBytes = 4096;

/** Two neighbouring ports that nobody listens on: some servers need one for a backend. */
export async function findFreePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** Starts a server of servers.mjs in `folder` and waits until it answers. */
export async function startServer(server, folder, port) {
  for (const [name, content] of Object.entries(server.files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  const children = [];
  // Of the round before: a server that is ended by a signal leaves its socket behind.
  for (const path of server.openSockets ?? []) rmSync(path, { force: true });
  for (const [program, ...parameters] of server.commands) {
    const child = spawn(program, parameters, { cwd: folder, stdio: 'ignore' });
    children.push(child);
    await sleep(300);
    if (children.length === 1) await openSockets(server.openSockets ?? []);
  }
  await waitUntilListening(port, server.name);
  return {
    pids: () => children.flatMap((child) => [child.pid, ...descendantsOf(child.pid)]),
    stop: async () => {
      for (const child of children.reverse()) {
        if (child.exitCode !== null) continue;
        child.kill('SIGTERM');
        const killed = sleep(4_000, undefined, { ref: false }).then(() => child.kill('SIGKILL'));
        await Promise.race([once(child, 'exit'), killed]);
      }
    },
  };
}

/** A backend's socket, for a front end that runs as somebody else. */
async function openSockets(paths) {
  for (const path of paths) {
    for (let attempt = 0; attempt < 200 && !existsSync(path); attempt += 1) await sleep(50);
    chmodSync(path, 0o666);
  }
}

async function waitUntilListening(port, name) {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await sleep(50);
  }
  throw new Error(`${name} does not listen on port ${port}`);
}

/** One round. Returns requests/s, bytes/s, latencies in ms, errors, CPU seconds per 1 000 requests and resident MB. */
export async function measureRound(running, url, { seconds, connections, headers = [], script }) {
  const before = cpuSecondsOf(running.pids());
  const lines = headers.flatMap((header) => ['-H', header]);
  const lua = script === undefined ? [] : ['-s', join(here, script)];
  const { stdout } = await promisify(execFile)('wrk', [
    ...['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', ...lines, ...lua, url],
  ]);
  const pids = running.pids();
  const result = parseWrk(stdout);
  return {
    ...result,
    cpuPerThousand: ((cpuSecondsOf(pids) - before) / Math.max(1, result.requests)) * 1000,
    residentMb: pids.reduce((sum, pid) => sum + residentBytesOf(pid), 0) / 1048576,
  };
}

/** p99 in ms at a constant rate, of requests whose time is counted from when they were due (autocannon). */
export async function measureConstantRate(url, { seconds, connections, rate }) {
  const program = join(here, 'node_modules/autocannon/autocannon.js');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [program, '-c', connections, '-R', rate, '-d', seconds, '--json', url].map(String),
    { maxBuffer: 1 << 24 },
  );
  const { latency, requests, errors, non2xx } = JSON.parse(stdout);
  return { rate: requests.average, p50: latency.p50, p99: latency.p99, errors: errors + non2xx };
}

/** Connections that have asked once and stay open. Returns what closes them. */
export async function openIdle(port, count) {
  const sockets = [];
  for (let made = 0; made < count; made += 1) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    await once(socket, 'data');
    socket.on('data', () => {});
    sockets.push(socket);
  }
  return {
    open: () => sockets.filter(({ destroyed, readableEnded }) => !destroyed && !readableEnded).length,
    close: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function parseWrk(text) {
  const number = (pattern) => Number(pattern.exec(text)?.[1] ?? 0);
  const failed = /Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0;
  const socket = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text) ?? [];
  return {
    requests: number(/(\d+) requests in/),
    rate: number(/Requests\/sec:\s+([\d.]+)/),
    p50: milliseconds(/^ +50%\s+(\S+)/m.exec(text)?.[1]),
    p99: milliseconds(/^ +99%\s+(\S+)/m.exec(text)?.[1]),
    errors: Number(failed) + socket.slice(1).reduce((sum, count) => sum + Number(count), 0),
  };
}

function milliseconds(text = '0') {
  const value = Number.parseFloat(text);
  if (text.endsWith('us')) return value / 1000;
  return text.endsWith('ms') ? value : value * 1000;
}

function descendantsOf(pid) {
  const parents = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = Number(statOf(name)?.[1]);
    if (!parents.has(parent)) parents.set(parent, []);
    parents.get(parent).push(Number(name));
  }
  const below = (parent) => (parents.get(parent) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(pid);
}

function cpuSecondsOf(pids) {
  let ticks = 0;
  for (const pid of pids) {
    const stat = statOf(pid);
    if (stat) ticks += Number(stat[11]) + Number(stat[12]);
  }
  return ticks / ticksPerSecond;
}

/** Fields of /proc/PID/stat behind the name: state, parent, …; undefined when the process is gone. */
function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function residentBytesOf(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * pageBytes;
  } catch {
    return 0;
  }
}
