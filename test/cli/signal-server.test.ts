import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findRunningServer, signalServer } from '../../src/cli/index.js';

let folder: string;
let pidFile: string;
let children: ChildProcess[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modhost-pid-'));
  pidFile = join(folder, 'pid');
  children = [];
});
afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
});

const program = `
for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGWINCH']) process.on(signal, () => console.log(signal));
setInterval(() => {}, 1e6);
console.log('ready');
`;

/** A package of that name, its program running; `argument` is how the command line names the program. */
async function startProgram(packageName: string, argument = 'dist/main.js') {
  mkdirSync(join(folder, 'dist'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: packageName, type: 'commonjs' }));
  writeFileSync(join(folder, 'dist/main.js'), program);
  rmSync(join(folder, 'modhost'), { force: true });
  symlinkSync('dist/main.js', join(folder, 'modhost'));
  const child = spawn(process.execPath, [argument, '-X'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout, 'data');
  writeFileSync(pidFile, `${child.pid}\n`);
  return child;
}

describe('a running server', () => {
  it.each([
    ['stop', 'SIGTERM'],
    ['restart', 'SIGHUP'],
    ['graceful', 'SIGUSR1'],
    ['graceful-stop', 'SIGWINCH'],
  ] as const)('%s sends %s', async (action, signal) => {
    const child = await startProgram('modhost');
    const received = once(child.stdout, 'data');
    expect(signalServer(pidFile, action)).toEqual({ kind: 'done', exitCode: 0 });
    expect(String((await received)[0]).trim()).toBe(signal);
  });

  it.each(['dist/main.js', './modhost'])('is known by its command line: %s', async (argument) => {
    const child = await startProgram('modhost', argument);
    expect(signalServer(pidFile, 'start')).toEqual({
      kind: 'done',
      exitCode: 0,
      message: `modhost (pid ${child.pid}) already running`,
    });
  });

  it('is still known after an upgrade moved its program away', async () => {
    const child = await startProgram('modhost');
    unlinkSync(join(folder, 'dist/main.js'));
    expect(findRunningServer(pidFile)).toEqual({ kind: 'running', pid: child.pid });
  });

  it('that has ended is not running any more', async () => {
    const child = await startProgram('modhost');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(signalServer(pidFile, 'stop')).toEqual({
      kind: 'done',
      exitCode: 0,
      message: `modhost (pid ${child.pid}?) not running`,
    });
    expect(signalServer(pidFile, 'start')).toEqual({ kind: 'start' });
  });
});

describe('no running server', () => {
  it('without a pid file', () => {
    const message = 'modhost (no pid file) not running';
    expect(signalServer(pidFile, 'stop')).toEqual({ kind: 'done', exitCode: 0, message });
    expect(signalServer(pidFile, 'graceful-stop')).toEqual({ kind: 'done', exitCode: 0, message });
    expect(signalServer(join(pidFile, 'below'), 'stop')).toEqual({ kind: 'done', exitCode: 0, message });
    for (const action of ['restart', 'graceful'] as const)
      expect(signalServer(pidFile, action)).toEqual({
        kind: 'start',
        message: 'modhost not running, trying to start',
      });
    expect(signalServer(pidFile, 'start')).toEqual({ kind: 'start' });
  });

  it.each(['main.js of another package', 'another program'])('when the id is that of %s', async (which) => {
    const child = await startProgram(which === 'another program' ? 'modhost' : 'somebody-elses-application');
    if (which === 'another program') {
      const other = spawn('sleep', ['1000'], { cwd: folder });
      children.push(other);
      await once(other, 'spawn');
      writeFileSync(pidFile, String(other.pid));
    }
    let signalled = false;
    child.stdout?.on('data', () => {
      signalled = true;
    });
    expect(signalServer(pidFile, 'stop')).toMatchObject({
      exitCode: 0,
      message: expect.stringMatching(/\?\) not running$/),
    });
    expect(children.every(({ exitCode, signalCode }) => exitCode === null && signalCode === null)).toBe(true);
    expect(signalled).toBe(false);
  });

  it('when the id is our own, as after a restart of a container', () => {
    writeFileSync(pidFile, String(process.pid));
    expect(signalServer(pidFile, 'start')).toEqual({ kind: 'start' });
  });

  it.each(['', '0', '-1', '-0', '1 2', 'abc', '1e3', '99999999999', '0x10'])(
    'refuses a pid file that holds %j',
    (text) => {
      writeFileSync(pidFile, text);
      for (const action of ['start', 'stop', 'restart', 'graceful', 'graceful-stop'] as const)
        expect(signalServer(pidFile, action)).toEqual({
          kind: 'done',
          exitCode: 1,
          message: expect.stringContaining('holds no process id'),
        });
    },
  );

  it('refuses a pid file that cannot be read', () => {
    mkdirSync(pidFile);
    expect(signalServer(pidFile, 'stop')).toMatchObject({
      exitCode: 1,
      message: expect.stringContaining('EISDIR'),
    });
  });
});
