import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { findFreePort, makeFolder, removeFolder } from '../peers/server.js';

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('a server in the background', { timeout: 60_000 }, () => {
  let folder: string;
  let port: number;

  beforeEach(async () => {
    folder = makeFolder();
    port = await findFreePort();
    mkdirSync(join(folder, 'conf'));
    mkdirSync(join(folder, 'files'));
    writeFileSync(join(folder, 'files/a.txt'), 'a file\n');
    writeSite('Alias /files files');
  });
  afterEach(async () => {
    await modhost('-k', 'stop');
    await until(() => !existsSync(pidFile()));
    removeFolder(folder);
  });

  const pidFile = () => join(folder, 'run/modhost.pid');
  const errorLog = () => readFileSync(join(folder, 'logs/error_log'), 'utf8');
  const writeSite = (line: string) =>
    writeFileSync(
      join(folder, 'conf/site.conf'),
      `Listen 127.0.0.1:${port}\nServerName localhost\n${line}\n<Directory files>\nRequire all granted\n</Directory>\n`,
    );
  const modhost = async (...args: string[]): Promise<Outcome> =>
    await new Promise((resolve) => {
      execFile(
        process.execPath,
        [join(projectRoot, 'dist/main.js'), '-d', folder, ...args],
        (error, stdout, stderr) => resolve({ exitCode: Number(error?.code ?? 0), stdout, stderr }),
      );
    });
  const status = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;

  it('serves as soon as `start` returns, and writes logs/error_log', async () => {
    expect(await modhost('-k', 'start')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(await status('/files/a.txt')).toBe(200);
    expect(await status('/nowhere')).toBe(404);
    expect(Number(readFileSync(pidFile(), 'utf8'))).toBeGreaterThan(1);
    await until(() => errorLog().includes('configured -- resuming normal operations'));
    const again = await modhost('start');
    expect(again.exitCode).toBe(0);
    expect(again.stdout).toContain('already running');
  });

  it('starts although process groups cannot serve, and says which, why and where the log is', async () => {
    const at = (name: string) => join(folder, name);
    writeFileSync(at('broken.py'), 'import no_such_module\n');
    writeFileSync(at('broken.mjs'), "import 'no-such-package';\n");
    writeFileSync(
      at('good.py'),
      "def application(environ, start):\n    start('200 OK', [])\n    return [b'ok']\n",
    );
    const mount = (name: string, file: string) =>
      `WSGIScriptAlias /${name} ${at(file)} process-group=${name} application-group=%{GLOBAL}\n`;
    writeSite(`Alias /files files
WSGIDaemonProcess good
WSGIDaemonProcess python
WSGIDaemonProcess node
WSGIDaemonProcess homeless home=/no/such/folder
WSGIDaemonProcess without python-home=/no/such/environment
${mount('good', 'good.py')}${mount('python', 'broken.py')}${mount('node', 'broken.mjs')}${mount('homeless', 'good.py')}${mount('without', 'good.py')}<Directory ${folder}>
Require all granted
</Directory>`);
    const { exitCode, stderr } = await modhost('-k', 'start');
    expect(exitCode).toBe(0);
    const lines = stderr.split('\n');
    const of = (name: string) =>
      lines.filter((line) => line.startsWith(`modhost: the process group ${name}/`));
    expect(of('good')).toEqual([]);
    expect(of('python')).toEqual([
      expect.stringMatching(/could not load \S+broken\.py: .*failed with ModuleNotFoundError$/),
    ]);
    expect(of('node')).toEqual([expect.stringMatching(/could not load \S+broken\.mjs: .*no-such-package/)]);
    expect(of('homeless')).toEqual([
      expect.stringMatching(/does not serve: it exited with code 78 .*home=\/no\/such\/folder/),
    ]);
    expect(of('without')).toEqual([
      expect.stringMatching(/does not serve: .*no\/such\/environment\/bin\/python3/),
    ]);
    expect(lines.at(-2)).toBe(`modhost: see ${join(folder, 'logs/error_log')}`);
    expect(await status('/good')).toBe(200);
    expect(await status('/python')).toBe(500);
  });

  it('goes on with the old site file if the new one is bad, and takes the next good one', async () => {
    await modhost('-k', 'start');
    writeSite('Aliass /files files');
    const bad = await modhost('-k', 'graceful');
    expect(bad.exitCode).toBe(1);
    expect(bad.stderr).toContain("did you mean 'Alias'");

    process.kill(Number(readFileSync(pidFile(), 'utf8')), 'SIGUSR1');
    await until(() => errorLog().includes("did you mean 'Alias'"));
    expect(await status('/files/a.txt')).toBe(200);

    writeSite('Alias /moved files');
    expect((await modhost('graceful')).exitCode).toBe(0);
    await until(async () => (await status('/moved/a.txt')) === 200);
    expect(await status('/files/a.txt')).toBe(404);
  });

  it('ends on `stop` and takes its PidFile with it', async () => {
    await modhost('-k', 'start');
    expect((await modhost('-k', 'stop')).exitCode).toBe(0);
    await until(() => !existsSync(pidFile()));
    await expect(status('/files/a.txt')).rejects.toThrow();
    const again = await modhost('-k', 'stop');
    expect(again).toMatchObject({ exitCode: 0 });
    expect(again.stdout + again.stderr).toContain('not running');
  });

  it('says on standard error why it cannot start, and leaves nothing behind', async () => {
    writeSite(`Listen 127.0.0.1:${port}x`);
    expect(await modhost('-k', 'start')).toMatchObject({ exitCode: 1 });
    writeSite('ErrorLog nowhere/error_log');
    const outcome = await modhost('-k', 'start');
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toContain('nowhere/error_log');
    expect(existsSync(pidFile())).toBe(false);
  });

  it('names the Listen line whose port is taken, on standard error and in the error log', async () => {
    const taker = createServer().listen(port, '127.0.0.1');
    await once(taker, 'listening');
    const outcome = await modhost('-k', 'start');
    taker.close();
    expect(outcome.exitCode).toBe(1);
    const reason = `${join(folder, 'conf/site.conf')}:1: Listen: could not bind to 127.0.0.1:${port}: another program`;
    expect(outcome.stderr).toContain(reason);
    await until(() => errorLog().includes(reason));
    expect(errorLog()).not.toContain('caught');
    expect(existsSync(pidFile())).toBe(false);
  });

  it('says which signal ended it', async () => {
    await modhost('-k', 'start');
    process.kill(Number(readFileSync(pidFile(), 'utf8')), 'SIGINT');
    await until(() => !existsSync(pidFile()));
    await until(() => errorLog().includes('caught SIGINT, shutting down'));
  });
});

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('nothing came of it');
    await sleep(20);
  }
}
