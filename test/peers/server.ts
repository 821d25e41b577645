import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { apache, projectRoot } from './installed.js';

/** Every WSGI behaviour is asked of both: what the real server disagrees with is a mistake in the test. */
export type Host = 'modhost' | 'Apache';
export const hosts: readonly Host[] = apache === undefined ? ['modhost'] : ['Apache', 'modhost'];

export interface RunningServer {
  readonly port: number;
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly origin: string;
  readonly process: ChildProcess;
  /** Everything that was said on standard output and error, and in the error log. */
  log(): string;
  /** Waits until that text is in the log. */
  logged(text: string): Promise<void>;
  stop(): Promise<void>;
}

/** A folder below the system's for temporary files that other accounts can read; the caller removes it. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'modhost-peers-'));
  chmodSync(folder, 0o755);
  return folder;
}

/**
 * Starts a host on a site file's text, which must not name Listen, and waits until it accepts connections.
 * ServerRoot is below `folder`. `node` is the program that runs modhost.
 */
export async function startServer(
  host: Host,
  siteFile: string,
  folder: string,
  node = process.execPath,
): Promise<RunningServer> {
  const port = await findFreePort();
  const root = join(folder, host.toLowerCase());
  mkdirSync(join(root, 'logs'), { recursive: true });
  const file = join(root, 'site.conf');
  writeFileSync(file, `Listen 127.0.0.1:${port}\nServerName 127.0.0.1\n${siteFile}`);
  const [program, args] =
    host === 'Apache' ? apacheCommand(root, file) : [node, modhostArguments(root, file)];
  return await watchStart(
    spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: plainEnvironment() }),
    port,
    [join(root, 'logs/error_log')],
  );
}

/** Starts modhost with these arguments; it must end up listening on the port. */
export async function startModhost(args: readonly string[], port: number): Promise<RunningServer> {
  const child = spawn(process.execPath, [join(projectRoot, 'dist/main.js'), ...args], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: plainEnvironment(),
  });
  return await watchStart(child, port, []);
}

/** A TCP port of the loopback address that nobody listens on. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Without what the test runner sets: Express, for one, does not log errors where NODE_ENV is `test`. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const ours = /^(NODE_ENV|VITEST.*|TEST)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

function modhostArguments(root: string, file: string): string[] {
  return [join(projectRoot, 'dist/main.js'), '-X', '-f', file, '-d', root];
}

function apacheCommand(root: string, file: string): [string, string[]] {
  if (apache === undefined) throw new Error('Apache is not installed');
  const { program, modules } = apache;
  const names = [
    ...['auth_digest', 'authn_anon'],
    ...['mpm_event', 'authn_core', 'authn_file', 'authz_core', 'authz_host', 'authz_user', 'authz_groupfile'],
    ...['auth_basic', 'access_compat', 'alias', 'mime', 'dir', 'autoindex', 'env', 'setenvif', 'wsgi'],
    ...['allowmethods', 'cgid', 'macro', 'proxy', 'proxy_http', 'proxy_fcgi', 'proxy_scgi'],
    ...['headers', 'expires', 'remoteip', 'rewrite', 'reqtimeout'],
    ...['slotmem_shm', 'proxy_balancer', 'proxy_hcheck'],
    ...['lbmethod_byrequests', 'lbmethod_bybusyness', 'lbmethod_bytraffic'],
  ];
  const lines = [
    ...names.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`),
    `ServerRoot "${root}"`,
    'PidFile logs/pid',
    'ErrorLog logs/error_log',
    'DefaultRuntimeDir logs',
    'WSGISocketPrefix logs/wsgi',
    'ScriptSock logs/cgi',
    'TypesConfig /etc/mime.types',
    ...(process.getuid?.() === 0 ? ['User nobody', 'Group nogroup'] : []),
    `Include "${file}"`,
  ];
  const config = join(root, 'httpd.conf');
  writeFileSync(config, `${lines.join('\n')}\n`);
  return [program, ['-f', config, '-DFOREGROUND']];
}

async function watchStart(
  child: ChildProcess,
  port: number,
  logFiles: readonly string[],
): Promise<RunningServer> {
  let output = '';
  child.stdout?.on('data', (piece) => {
    output += piece;
  });
  child.stderr?.on('data', (piece) => {
    output += piece;
  });
  const ended = once(child, 'exit');
  const log = () =>
    output + logFiles.map((name) => (existsSync(name) ? readFileSync(name, 'utf8') : '')).join('');
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
  };
  await waitUntilListening(child, port, log);
  const logged = async (text: string) => await waitForText(log, text);
  return { port, origin: `http://127.0.0.1:${port}`, process: child, log, logged, stop };
}

/** Log lines come on another way than the answers they belong to, and may come later. */
async function waitForText(log: () => string, text: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!log().includes(text)) {
    if (Date.now() > deadline) throw new Error(`Not in the log: ${text}\n${log()}`);
    await sleep(20);
  }
}

async function waitUntilListening(child: ChildProcess, port: number, log: () => string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`The server does not listen.\n${log()}`);
    }
    await sleep(50);
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
