import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { askControl } from '../../src/control/index.js';
import type { SiteStatus } from '../../src/processes/index.js';
import { projectRoot } from '../peers/installed.js';
import { findFreePort, makeFolder, removeFolder } from '../peers/server.js';

/** What a command of modhost did. */
export interface CommandOutcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a process holds, read from proc(5). */
export interface Holdings {
  readonly descriptors: number;
  readonly sockets: number;
  /** Resident bytes. */
  readonly memory: number;
  readonly children: number;
}

/** A site in a folder of its own, and the server that serves it. Nothing of it is left after `remove`. */
export class SurvivalSite {
  readonly folder = makeFolder();
  port = 0;
  #server: ChildProcess | undefined;
  #output = '';
  readonly #seen = new Set<number>();

  /** `lines` of the site file, besides Listen. `prefix` stands in front of the command: `bash -c 'ulimit …; exec "$@"' sh`. */
  async start(lines: string, prefix: readonly string[] = []): Promise<void> {
    this.port = await findFreePort();
    mkdirSync(join(this.folder, 'logs'), { recursive: true });
    await this.startAgain(lines, prefix);
  }

  /** On the port of before. */
  async startAgain(lines: string, prefix: readonly string[] = []): Promise<void> {
    this.writeSite(lines);
    this.#output = '';
    const [program = '', ...rest] = [...prefix, process.execPath, this.#main, '-X', ...this.#arguments];
    const server = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#server = server;
    for (const pipe of [server.stdout, server.stderr]) {
      pipe?.on('data', (piece) => {
        this.#output += piece;
      });
    }
    await this.said('modhost serves');
    this.#noteProcesses();
  }

  writeSite(lines: string): void {
    writeFileSync(
      join(this.folder, 'site.conf'),
      `Listen 127.0.0.1:${this.port}
ServerName localhost
LogLevel info
<Directory />
Require all granted
</Directory>
${lines}
`,
    );
  }

  get process(): ChildProcess {
    if (this.#server === undefined) throw new Error('the server was not started');
    return this.#server;
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** What was said on standard output and error. */
  get output(): string {
    return this.#output;
  }

  /** Waits until that text was said, from the character `since` on. */
  async said(text: string, since = 0, patienceMs = 60_000): Promise<void> {
    const deadline = Date.now() + patienceMs;
    while (!this.#output.includes(text, since)) {
      if (Date.now() > deadline) throw new Error(`Not said: ${text}\n${this.#output.slice(-3000)}`);
      if (this.process.exitCode !== null)
        throw new Error(`The server has ended.\n${this.#output.slice(-3000)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async ask(path = '/'): Promise<string> {
    return await (await fetch(`http://127.0.0.1:${this.port}${path}`)).text();
  }

  /** What `modhost status` is told, without the time that a command takes. */
  async status(): Promise<SiteStatus> {
    const outcome = await askControl(join(this.folder, 'run/modhost.sock'), { command: 'status' }, () => {});
    if ('problem' in outcome || outcome.status === undefined)
      throw new Error(`no status: ${JSON.stringify(outcome)}`);
    return outcome.status;
  }

  /** `modhost WORDS` on this site. */
  command(...words: readonly string[]): Promise<CommandOutcome> {
    return new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        [this.#main, ...words, ...this.#arguments],
        { maxBuffer: 2 ** 26 },
        (_, stdout, stderr) => resolve({ exitCode: child.exitCode, stdout, stderr }),
      );
    });
  }

  /** Of one sort: the words that their command line must hold. */
  children(word = ''): readonly number[] {
    return childrenOf(this.pid).filter((pid) => commandLineOf(pid).includes(word));
  }

  get frontEnds(): readonly number[] {
    return this.children('front-end').concat(this.children('modhost: front end'));
  }

  get daemons(): readonly number[] {
    return this.children('/daemon/');
  }

  holdings(): Holdings {
    const names = readdirSync(`/proc/${this.pid}/fd`).map((fd) => linkOf(`/proc/${this.pid}/fd/${fd}`));
    const status = readFileSync(`/proc/${this.pid}/status`, 'latin1');
    return {
      descriptors: names.length,
      sockets: names.filter((name) => name.startsWith('socket:')).length,
      memory: Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? 0) * 1024,
      children: childrenOf(this.pid).length,
    };
  }

  /** Sockets of daemon processes and of the control channel that lie in the folder. */
  get sockets(): readonly string[] {
    return readdirSync(join(this.folder, 'run')).filter((name) => name.endsWith('.sock'));
  }

  /** TERM; resolves with the exit code. */
  async stop(): Promise<number | null> {
    this.#noteProcesses();
    const server = this.process;
    if (server.exitCode === null && server.signalCode === null) {
      server.kill('SIGTERM');
      await once(server, 'exit');
    }
    return server.exitCode;
  }

  async remove(): Promise<void> {
    if (this.#server !== undefined) {
      this.#noteProcesses();
      const { exitCode, signalCode } = this.#server;
      if (exitCode === null && signalCode === null) {
        this.#server.kill('SIGKILL');
        await once(this.#server, 'exit');
      }
    }
    // Whatever a failed test left behind.
    for (const pid of this.#seen) if (commandLineOf(pid).includes(projectRoot)) process.kill(pid, 'SIGKILL');
    removeFolder(this.folder);
  }

  #noteProcesses(): void {
    for (const pid of childrenOf(this.pid)) this.#seen.add(pid);
  }

  get #main(): string {
    return join(projectRoot, 'dist/main.js');
  }

  get #arguments(): readonly string[] {
    return ['-d', this.folder, '-f', join(this.folder, 'site.conf')];
  }
}

export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
