import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { findFreePort, makeFolder, removeFolder } from '../peers/server.js';

/** Says which script it is; `/child` leaves a program behind, `/held` answers when a file named `go` is there. */
const python = (word: string) => `
import os, subprocess, time
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"${word}"
    if environ["PATH_INFO"] == "/child":
        yield b" %d" % subprocess.Popen(["sleep", "1000"]).pid
    while environ["PATH_INFO"] == "/held" and not os.path.exists(__file__ + ".go"):
        time.sleep(0.02)
`;
const javascript = `
import { spawn } from 'node:child_process';
export default (req, res) => {
  if (req.url === '/child') res.end('js ' + spawn('sleep', ['1000'], { stdio: 'inherit' }).pid);
  else res.end('js');
};
`;

let folder: string;
let port: number;
let server: ChildProcess;
let output: string;
let leftBehind: number | undefined;

beforeEach(async () => {
  folder = makeFolder();
  port = await findFreePort();
  output = '';
  leftBehind = undefined;
  mkdirSync(join(folder, 'logs'));
  writeFileSync(join(folder, 'one.py'), python('one'));
  writeFileSync(join(folder, 'two.py'), python('two'));
  writeFileSync(join(folder, 'one.mjs'), javascript);
});

afterEach(async () => {
  if (leftBehind !== undefined) process.kill(leftBehind, 'SIGKILL');
  if (server.exitCode === null && server.signalCode === null) {
    server.kill('SIGKILL');
    await once(server, 'exit');
  }
  removeFolder(folder);
});

function start(script: string, options = ''): void {
  writeSite(script, options);
  const main = join(projectRoot, 'dist/main.js');
  server = spawn(process.execPath, [main, '-X', '-d', folder, '-f', join(folder, 'site.conf')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const pipe of [server.stdout, server.stderr]) {
    pipe?.on('data', (piece) => {
      output += piece;
    });
  }
}

function writeSite(script: string, options: string): void {
  writeFileSync(
    join(folder, 'site.conf'),
    `Listen 127.0.0.1:${port}
ServerName localhost
LogLevel info
WSGIDaemonProcess app shutdown-timeout=2 ${options}
WSGIScriptAlias / ${folder}/${script} process-group=app application-group=%{GLOBAL}
<Directory />
Require all granted
</Directory>
`,
  );
}

const ask = async (path = '/') => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
const said = (text: string) => expect.poll(() => output, { timeout: 30_000 }).toContain(text);
const sockets = () =>
  existsSync(join(folder, 'run'))
    ? readdirSync(join(folder, 'run')).filter((name) => /sock$/.test(name))
    : [];

async function exitOf(process: ChildProcess): Promise<number | null> {
  if (process.exitCode === null) await once(process, 'exit');
  return process.exitCode;
}

describe('the server', { timeout: 60_000 }, () => {
  it('told to stop while it starts ends in order', async () => {
    start('one.py');
    await expect.poll(sockets, { interval: 2, timeout: 10_000 }).not.toEqual([]);
    server.kill('SIGTERM');
    expect(await exitOf(server)).toBe(0);
    expect(sockets()).toEqual([]);
  });

  it.each(['one.py', 'one.mjs'])('stops although %s left a program behind', async (script) => {
    start(script);
    await said('modhost serves');
    leftBehind = Number((await ask('/child')).split(' ')[1]);
    server.kill('SIGTERM');
    expect(await exitOf(server)).toBe(0);
    expect(() => process.kill(leftBehind as number, 0)).not.toThrow();
  });

  it('serves the new site file while a request of the old one is still open', async () => {
    start('one.py');
    await said('modhost serves');
    const held = ask('/held');
    await said('is ready');
    writeSite('two.py', 'threads=3');
    server.kill('SIGUSR1');
    await expect.poll(() => ask(), { timeout: 30_000 }).toBe('two');
    writeFileSync(join(folder, 'one.py.go'), '');
    expect(await held).toBe('one');
    server.kill('SIGTERM');
    expect(await exitOf(server)).toBe(0);
  });

  it('cuts what a changed group has not finished graceful-timeout after a reload', async () => {
    start('one.py', 'graceful-timeout=1');
    await said('modhost serves');
    const held = ask('/held').catch(() => 'cut');
    await said('is ready');
    writeSite('two.py', 'graceful-timeout=1 threads=3');
    server.kill('SIGUSR1');
    expect(await held).toBe('cut');
    await said('(did not finish its requests within graceful-timeout)');
    expect(await ask()).toBe('two');
    server.kill('SIGTERM');
    expect(await exitOf(server)).toBe(0);
  });

  it('stops in the middle of a reload', async () => {
    start('one.py');
    await said('modhost serves');
    server.kill('SIGHUP');
    await said('restart requested');
    server.kill('SIGTERM');
    expect(await exitOf(server)).toBe(0);
    expect(sockets()).toEqual([]);
  });

  it('cleans up after a server that was killed', async () => {
    start('one.py');
    await said('modhost serves');
    const before = sockets().filter((name) => name !== 'modhost.sock');
    server.kill('SIGKILL');
    await once(server, 'exit');
    await expect.poll(() => ask().catch(() => 'gone'), { timeout: 30_000 }).toBe('gone');
    output = '';
    start('one.py');
    await said('modhost serves');
    // The new server has a control socket of the same name.
    expect(sockets().filter((name) => before.includes(name))).toEqual([]);
    server.kill('SIGTERM');
    expect(await exitOf(server)).toBe(0);
    expect(sockets()).toEqual([]);
  });
});
