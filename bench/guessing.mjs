/**
 * What guessing of passwords costs everybody else: node bench/guessing.mjs [--main dist/main.js] [--seconds 10] [--off]
 * `--off`: with AuthThrottle off, so that only the bounds of the verification remain. Those who are not guessing ask from a thread of their
 * own, so that they are not held up by what guesses.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { findFreePort, startServer } from './measure.mjs';

/** `bench`, bcrypt of cost 10. */
const bcryptEntry = '$2y$10$WYfmqkkUiItofCGqotYI..GS54uo.Dq5yQoLrRj7/CS762IxFhhZ2';

/** Answers, times in milliseconds. */
export async function measureGuessing({ main, seconds = 10, off = false, perSecond = 10_000 }) {
  const folder = mkdtempSync(join(tmpdir(), 'modhost-guessing-'));
  const port = await findFreePort();
  const server = await startServer(makeServer(main, folder, port, off), folder, port);
  try {
    const quiet = await visitQuietly(port);
    const burst = await sendBurst(port);
    const flood = await sendFlood(port, seconds, perSecond);
    return { quiet, burst, flood };
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeServer(main, folder, port, off) {
  const site = [
    `Listen 127.0.0.1:${port}`,
    'ServerName 127.0.0.1',
    `DocumentRoot ${folder}/files`,
    `PidFile ${folder}/modhost.pid`,
    `ErrorLog ${folder}/error_log`,
    '<Directory />',
    'Require all granted',
    '</Directory>',
    '<Location /private>',
    'AuthType Basic',
    'AuthName bench',
    `AuthUserFile ${folder}/users`,
    'Require valid-user',
    ...(off ? ['AuthThrottle off'] : []),
    '</Location>',
  ];
  const users = ['alice', 'bob', 'carol', 'dave'].map((user) => `${user}:${bcryptEntry}\n`).join('');
  mkdirSync(join(folder, 'files'));
  writeFileSync(join(folder, 'files/page.txt'), 'a page');
  writeFileSync(join(folder, 'users'), users);
  return {
    name: 'modhost',
    files: { 'modhost.conf': `${site.join('\n')}\n` },
    commands: [[process.execPath, main, '-X', '-d', folder, '-f', 'modhost.conf']],
  };
}

/** Somebody who asks for a file of another location every 5 ms; `end` tells how that went. */
function sendVisitor(port) {
  const thread = new Worker(new URL(import.meta.url), { workerData: { port } });
  const answer = new Promise((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
  });
  return {
    end: () => {
      thread.postMessage('end');
      return answer;
    },
  };
}

/** Runs in the visitor's thread. */
async function visit(port) {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const times = [];
  const statuses = new Map();
  let isOver = false;
  parentPort.once('message', () => {
    isOver = true;
  });
  while (!isOver) {
    const { status, ms } = await ask(port, { agent, path: '/page.txt', localAddress: '127.0.0.1' });
    times.push(ms);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    await sleep(5);
  }
  agent.destroy();
  parentPort.postMessage({ ...quantiles(times), statuses: Object.fromEntries(statuses) });
}

async function visitQuietly(port) {
  const visitor = sendVisitor(port);
  await sleep(3_000);
  return visitor.end();
}

/** 1500 wrong passwords for alice at once from one address; meanwhile visitors, and right ones of three kinds. */
async function sendBurst(port) {
  const agent = new Agent({ keepAlive: false });
  const from = { agent, path: '/private/', localAddress: '127.0.0.1' };
  const known = { agent, path: '/private/', localAddress: '127.0.0.3', auth: 'carol:bench' };
  await ask(port, known);
  const visitor = sendVisitor(port);
  const started = performance.now();
  const wrong = Array.from({ length: 1500 }, (_, n) => ask(port, { ...from, auth: `alice:wrong${n}` }));
  await sleep(200);
  const right = {
    cached: ask(port, known),
    otherAddress: ask(port, { ...from, localAddress: '127.0.0.4', auth: 'dave:bench' }),
    sameAddress: ask(port, { ...from, auth: 'bob:bench' }),
  };
  const logins = {};
  for (const [name, answer] of Object.entries(right)) logins[name] = await answer;
  const answers = await Promise.all(wrong);
  return { ms: performance.now() - started, wrong: count(answers), logins, visitors: await visitor.end() };
}

/** Different wrong passwords for a thousand users from 8 addresses, over 2048 connections that stay open. */
async function sendFlood(port, seconds, perSecond) {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const statuses = new Map();
  const visitor = sendVisitor(port);
  const end = performance.now() + seconds * 1000;
  const started = performance.now();
  let sent = 0;
  let open = 0;
  while (performance.now() < end) {
    const due = ((performance.now() - started) * perSecond) / 1000;
    for (; sent < due && open < 4096; sent += 1) {
      open += 1;
      const localAddress = `127.0.1.${1 + (sent % 8)}`;
      void ask(port, { agent, path: '/private/', localAddress, auth: `user${sent % 1000}:no${sent}` }).then(
        ({ status }) => {
          open -= 1;
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        },
      );
    }
    await sleep(1);
  }
  const visitors = await visitor.end();
  const result = { sent, wrong: Object.fromEntries(statuses), visitors };
  agent.destroy();
  return result;
}

function ask(port, options) {
  const started = performance.now();
  return new Promise((resolve) => {
    const sent = request({ host: '127.0.0.1', port, ...options }, (response) => {
      response.resume();
      response.on('close', () => settle(response.statusCode));
    });
    const settle = (status) => resolve({ status, ms: Math.round((performance.now() - started) * 10) / 10 });
    sent.on('error', (error) => settle(error.code ?? error.message));
    sent.end();
  });
}

function count(answers) {
  const counts = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

function quantiles(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: sorted.at(-1) };
}

if (!isMainThread) await visit(workerData.port);
else if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const value = (name) => process.argv[process.argv.indexOf(name) + 1];
  const has = (name) => process.argv.includes(name);
  const main = has('--main')
    ? resolve(value('--main'))
    : fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const seconds = has('--seconds') ? Number(value('--seconds')) : 10;
  console.log(JSON.stringify(await measureGuessing({ main, seconds, off: has('--off') }), null, 1));
}
