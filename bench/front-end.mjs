/**
 * CPU time per request of the front end's own part: from the request record to the bytes for the daemon process, and from its answer to the
 * reply. No HTTP: `cost.mjs` measures all of it. See README.md.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    case: { type: 'string', multiple: true, default: ['python', 'node'] },
    /** A build to measure: its dist folder. */
    dist: { type: 'string', default: fileURLToPath(new URL('../dist', import.meta.url)) },
    rounds: { type: 'string', default: '5' },
    requests: { type: 'string', default: '30000' },
    connections: { type: 'string', default: '32' },
  },
});

/** Site files, by the name of the case; `more`: virtual hosts, mounts and groups that nobody asks for. */
const sites = {
  python: () => hello('app.py'),
  node: () => hello('app.mjs'),
  'python-browser': () => hello('app.py'),
  'python-log': () => hello('app.py', ['CustomLog access.log combined']),
  'python-many': () => hello('app.py', many(300)),
  bare: () => hello('app.py'),
};

/** What wrk sends, and what a browser does. */
const short = ['Host', '127.0.0.1:8000'];
const long = [
  ...['Host', '127.0.0.1:8000', 'Connection', 'keep-alive', 'Cache-Control', 'max-age=0'],
  ...['sec-ch-ua', '"Chromium";v="130", "Not?A_Brand";v="99"', 'sec-ch-ua-mobile', '?0'],
  ...['sec-ch-ua-platform', '"Linux"', 'Upgrade-Insecure-Requests', '1'],
  ...[
    'User-Agent',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0',
  ],
  ...['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
  ...[
    'Sec-Fetch-Site',
    'none',
    'Sec-Fetch-Mode',
    'navigate',
    'Sec-Fetch-User',
    '?1',
    'Sec-Fetch-Dest',
    'document',
  ],
  ...[
    'Accept-Encoding',
    'gzip, deflate, br, zstd',
    'Accept-Language',
    'de,en;q=0.9',
    'Cookie',
    'sessionid=0123456789',
  ],
];

const root = mkdtempSync(join(tmpdir(), 'modhost-front-end-'));
const load = (path) => import(pathToFileURL(join(resolve(values.dist), path)).href);
async function measureCase(name) {
  const folder = join(root, name);
  mkdirSync(folder);
  const { script, lines } = sites[name]();
  writeFileSync(join(folder, script), '');
  writeFileSync(join(folder, 'site.conf'), lines.join('\n').replaceAll('FOLDER', folder));
  const daemon = fork(fileURLToPath(new URL('front-end-daemon.mjs', import.meta.url)), [
    join(folder, 'daemon'),
  ]);
  await once(daemon, 'message');
  try {
    const client = await createClient(folder, name);
    await client.run(Number(values.requests) / 2);
    let least = Number.POSITIVE_INFINITY;
    for (let round = 0; round < Number(values.rounds); round += 1) {
      const before = cpuMicroseconds();
      await client.run(Number(values.requests));
      least = Math.min(least, (cpuMicroseconds() - before) / Number(values.requests));
    }
    console.log(`${name}: ${least.toFixed(2)} µs per request`);
    client.close();
  } finally {
    daemon.disconnect();
  }
}

/** As many requests at once as there are connections; the next one of each as soon as it is answered. */
async function createClient(folder, name) {
  const { site, pools } = await createSite(folder, name);
  const { serveRequest } = await load('server/index.js');
  const headers = name.endsWith('-browser') ? long : short;
  const connections = Array.from({ length: Number(values.connections) }, (_, at) => ({
    clientAddress: '127.0.0.1',
    clientPort: 40_000 + at,
    localAddress: '127.0.0.1',
    localPort: 8000,
  }));
  return {
    close: () => {
      for (const pool of pools.values()) pool.close();
    },
    run: (count) =>
      new Promise((done, failed) => {
        let begun = 0;
        let ended = 0;
        let free = [...connections];
        const next = () => {
          const ready = free;
          free = [];
          for (const connection of ready) {
            if (begun === count) return;
            begun += 1;
            const record = new Record(
              connection,
              [...headers],
              new Reply((reply) => {
                if (reply.status !== 200) failed(new Error(`answered ${reply.status}`));
                ended += 1;
                if (ended === count) done();
                if (free.length === 0) setImmediate(next);
                free.push(connection);
              }),
            );
            if (name === 'bare') setImmediate(() => record.reply.end());
            else void serveRequest(record, site);
          }
        };
        next();
      }),
  };
}

/** Everything as front-end.ts puts it together, but with one known daemon process. */
async function createSite(folder) {
  const [
    { loadConfig },
    { createRouter, buildProcessGroupTable },
    { createAuthorizer, createProviders, createSchemes },
  ] = await Promise.all([load('config/index.js'), load('routing/index.js'), load('auth/index.js')]);
  const [{ createLogWriter }, { createSiteLogs, serverSoftware }, { forward, ProcessPool }] =
    await Promise.all([load('log/index.js'), load('server/index.js'), load('proxy/index.js')]);
  const loaded = loadConfig({
    file: join(folder, 'site.conf'),
    serverRoot: folder,
    environment: {},
  });
  if (loaded.config === undefined) throw new Error(JSON.stringify(loaded));
  // As it comes from the supervisor.
  const config = structuredClone(loaded.config);
  const pools = new Map();
  const ports = {};
  const providers = createProviders(ports);
  const writer = createLogWriter(openSync(join(folder, 'access.log'), 'a'));
  const limits = { ...config.processGroups.find(({ name }) => name === 'bench'), socketTimeoutMs: 60_000 };
  for (const runtime of ['python', 'node']) {
    const pool = new ProcessPool({ limits, requestProcesses: () => {}, log: () => {} });
    pool.announce([
      {
        ...{ group: 'bench', runtime, pid: 1, socketPath: join(folder, 'daemon') },
        ...{ token: 'x', threads: null, draining: false },
      },
    ]);
    pools.set(`bench/${runtime}`, pool);
  }
  const site = {
    config,
    router: createRouter(config, undefined, { parse: () => ({}), warn: () => {} }),
    processGroups: buildProcessGroupTable(config),
    authorizer: createAuthorizer(ports, createSchemes({ ports, providers })),
    serveFile: () => {},
    logs: createSiteLogs(config, () => writer),
    software: serverSoftware(config.global.serverTokens),
    gateway: {},
    forward: (group, runtime, request) => forward(pools.get(`${group}/${runtime}`), request),
  };
  return { site, pools };
}

function hello(script, more = []) {
  return {
    script,
    lines: [
      ...[
        'Listen 127.0.0.1:8000',
        'ServerName 127.0.0.1',
        'LogLevel crit',
        'WSGIDaemonProcess bench threads=15',
      ],
      `WSGIScriptAlias / FOLDER/${script} process-group=bench application-group=%{GLOBAL}`,
      ...['<Directory />', 'Require all granted', '</Directory>', 'MaxKeepAliveRequests 0'],
      'LogFormat "%h %l %u %t \\"%r\\" %>s %b \\"%{Referer}i\\" \\"%{User-Agent}i\\"" combined',
      ...more,
      '',
    ],
  };
}

function many(count) {
  const lines = [];
  for (let at = 0; at < count; at += 1) {
    lines.push(`WSGIDaemonProcess group${at} threads=2`, `WSGIScriptAlias /mount${at} FOLDER/app.py`);
    lines.push('<VirtualHost 127.0.0.1:8000>', `ServerName host${at}.example.com`, '</VirtualHost>');
    lines.push(`<Location /place${at}>`, 'Require all granted', '</Location>');
  }
  return [...lines, '<VirtualHost 127.0.0.1:8000>', 'ServerName 127.0.0.1', '</VirtualHost>'];
}

const noBody = {
  isPresent: false,
  length: undefined,
  isChunked: false,
  isComplete: true,
  bytesReceived: 0,
  setLimit: () => {},
  setTimeout: () => {},
  setReadLimit: () => {},
  pause: () => {},
  resume: () => {},
};

class Record {
  constructor(connection, headers, reply) {
    this.connection = connection;
    this.method = 'GET';
    this.target = '/';
    this.httpVersion = '1.1';
    this.headers = headers;
    this.startedAt = Date.now();
    this.keepAliveIndex = 1;
    this.expectation = 'none';
    this.upgrade = undefined;
    this.body = noBody;
    this.reply = reply;
  }
}

/** Takes the answer and throws it away. */
class Reply {
  constructor(answered) {
    this.answered = answered;
    this.isStarted = false;
    this.status = 200;
    this.sentHeaders = [];
    this.bodyBytes = 0;
    this.firstByteAt = undefined;
    this.willClose = false;
    this.watchers = undefined;
  }
  start(status, _reason, headers) {
    this.isStarted = true;
    this.status = status;
    this.sentHeaders = headers;
    this.firstByteAt = Date.now();
  }
  write(piece) {
    this.bodyBytes += piece.length;
    return true;
  }
  writeText(text) {
    return this.write(text);
  }
  end() {
    if (this.watchers !== undefined) for (const watcher of this.watchers) watcher('complete');
    this.answered(this);
  }
  cut() {
    throw new Error('cut');
  }
  onClosed(watcher) {
    if (this.watchers === undefined) this.watchers = [];
    this.watchers.push(watcher);
  }
  onDrain() {}
  closeConnection() {}
  setTimeout() {}
}

/** On a processor so far, all threads together. */
function cpuMicroseconds() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

try {
  for (const name of values.case) await measureCase(name);
} finally {
  rmSync(root, { recursive: true, force: true });
}
