import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { findFreePort, makeFolder, removeFolder } from '../peers/server.js';
import { isAlive } from '../survival/site.js';

interface Result {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const script = (text: string) => `
import os, time
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"${text}"
    if environ["PATH_INFO"] == "/slow":
        time.sleep(1)
    yield b" %d" % os.getpid()
`;

// Each command is a process of its own, and takes seconds on a busy machine.
describe('a server in the background', { timeout: 60_000 }, () => {
  let folder: string;
  let port: number;

  beforeEach(async () => {
    folder = makeFolder();
    port = await findFreePort();
    mkdirSync(join(folder, 'logs'));
    mkdirSync(join(folder, 'conf'));
    writeFileSync(join(folder, 'one.py'), script('one'));
    writeFileSync(join(folder, 'two.py'), script('two'));
    writeSite('one.py');
  });

  afterEach(async () => {
    mkdirSync(join(folder, 'logs'), { recursive: true });
    writeSite('one.py');
    await modhost('stop');
    await expect.poll(() => existsSync(join(folder, 'run/modhost.pid'))).toBe(false);
    await expect.poll(() => isServed(port), { timeout: 5_000 }).toBe(false);
    removeFolder(folder);
  });

  function writeSite(
    file: string,
    more = '',
    accessLog = 'CustomLog logs/access_log common',
    threads = 4,
  ): void {
    writeFileSync(
      join(folder, 'conf/site.conf'),
      `Listen 127.0.0.1:${port}
ServerName localhost
WSGIDaemonProcess app threads=${threads} graceful-timeout=5
WSGIScriptAlias / ${folder}/${file} process-group=app application-group=%{GLOBAL}
<Directory />
Require all granted
</Directory>
${accessLog}
${more}`,
    );
  }

  function modhost(...args: string[]): Promise<Result> {
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [join(projectRoot, 'dist/main.js'), '-d', folder, ...args],
        (error, stdout, stderr) =>
          resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr }),
      );
    });
  }

  const ask = async (path = '/') => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  const pid = () => Number(readFileSync(join(folder, 'run/modhost.pid'), 'utf8'));
  const errorLog = () => readFileSync(join(folder, 'logs/error_log'), 'utf8');

  it('starts, says so when asked again, and stops', async () => {
    expect(await modhost('-k', 'start')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(await ask()).toMatch(/^one \d+$/);
    const first = pid();
    expect(await modhost('start')).toEqual({
      exitCode: 0,
      stdout: `modhost (pid ${first}) already running\n`,
      stderr: '',
    });
    expect((await modhost('-k', 'stop')).exitCode).toBe(0);
    await expect.poll(() => isServed(port), { timeout: 10_000 }).toBe(false);
    await expect.poll(() => isAlive(first), { timeout: 10_000 }).toBe(false);
    expect(await modhost('-k', 'stop')).toMatchObject({
      exitCode: 0,
      stdout: 'modhost (no pid file) not running\n',
    });
  });

  it('starts without a folder for logs that nobody writes', async () => {
    rmSync(join(folder, 'logs'), { recursive: true });
    writeSite('one.py', `ErrorLog ${folder}/elsewhere.log\n`, '');
    expect(await modhost('start')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await ask()).toMatch(/^one \d+$/);
    expect(existsSync(join(folder, 'logs'))).toBe(false);
  });

  it('swaps in a new site file without losing the request under way', async () => {
    await modhost('start');
    const slow = ask('/slow');
    await expect.poll(() => existsSync(join(folder, 'logs/access_log'))).toBe(true);
    const before = pid();
    writeSite('two.py');
    expect((await modhost('graceful')).exitCode).toBe(0);
    await expect.poll(() => ask(), { timeout: 10_000 }).toMatch(/^two/);
    expect(await slow).toMatch(/^one \d+$/);
    expect(pid()).toBe(before);
  });

  it('loses no request while it is reloaded again and again', async () => {
    await modhost('start');
    let isOver = false;
    const answers: string[] = [];
    const clients = [0, 1, 2, 3].map(async () => {
      while (!isOver) answers.push(await ask());
    });
    for (const file of ['two.py', 'one.py', 'two.py']) {
      writeSite(file);
      await modhost('graceful');
      const word = file.slice(0, 3);
      await expect.poll(() => answers.at(-1), { timeout: 10_000 }).toMatch(new RegExp(`^${word}`));
    }
    isOver = true;
    await Promise.all(clients);
    expect(answers.filter((answer) => !/^(one|two) \d+$/.test(answer))).toEqual([]);
  }, 60_000);

  it('refuses to reload a site file with mistakes, and goes on with the old one', async () => {
    await modhost('start');
    writeSite('two.py', 'NoSuchDirective on\n');
    const result = await modhost('graceful');
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('NoSuchDirective');
    expect(await ask()).toMatch(/^one/);
    // A bare signal does not check first: the server itself must.
    process.kill(pid(), 'SIGUSR1');
    await expect.poll(errorLog, { timeout: 15_000 }).toContain('the configuration before it stays in force');
    await expect.poll(errorLog).toContain('NoSuchDirective');
    expect(await ask()).toMatch(/^one/);
  });

  it('goes on with the old site file when new processes of a group cannot load what the old ones serve', async () => {
    await modhost('start');
    const before = await ask();
    writeFileSync(join(folder, 'one.py'), 'import no_such_module');
    writeSite('one.py', '', '', 5);
    process.kill(pid(), 'SIGUSR1');
    await expect
      .poll(errorLog, { timeout: 15_000 })
      .toMatch(/could not load \S+one\.py[\s\S]*the configuration before it stays/);
    await expect.poll(errorLog).toContain("No module named 'no_such_module'");
    expect(await ask()).toBe(before);
    writeFileSync(join(folder, 'one.py'), script('repaired'));
    process.kill(pid(), 'SIGUSR1');
    await expect
      .poll(errorLog, { timeout: 15_000 })
      .toMatch(/stays in force[\s\S]*resuming normal operations/);
    expect(await ask()).toMatch(/^repaired/);
  });

  it('refuses an address that is taken at start, and keeps the old ones at a reload', async () => {
    await modhost('start');
    const other = await findFreePort();
    const taken = await modhost(
      '-c',
      `Listen 127.0.0.1:${port}`,
      '-C',
      `PidFile ${folder}/other.pid`,
      'start',
    );
    expect(taken.exitCode).toBe(1);
    writeSite('two.py', `Listen 127.0.0.1:${other}\n`);
    await modhost('graceful');
    await expect.poll(() => isServed(other), { timeout: 10_000 }).toBe(true);
    // Until every new front end listens, the old ones go on.
    await expect.poll(() => ask(), { timeout: 10_000 }).toMatch(/^two/);
    writeSite('two.py');
    await modhost('graceful');
    await expect.poll(() => isServed(other), { timeout: 10_000 }).toBe(false);
    expect(await ask()).toMatch(/^two/);
  });

  it('restarts with new processes', async () => {
    await modhost('start');
    const before = await ask();
    await modhost('restart');
    await expect
      .poll(async () => (await ask().catch(() => before)) !== before, { timeout: 10_000 })
      .toBe(true);
    expect(await ask()).toMatch(/^one/);
  });

  it('answers what is under way before a graceful stop', async () => {
    await modhost('start');
    const slow = fetch(`http://127.0.0.1:${port}/slow`);
    const answer = await slow;
    await modhost('graceful-stop');
    expect(await answer.text()).toMatch(/^one \d+$/);
    await expect.poll(() => isServed(port), { timeout: 10_000 }).toBe(false);
  });

  it('reloads a script that has changed', async () => {
    await modhost('start');
    expect(await ask()).toMatch(/^one/);
    writeFileSync(join(folder, 'one.py'), script('changed'));
    await expect.poll(() => ask(), { timeout: 10_000 }).toMatch(/^changed/);
  });

  it('serves what it has while a changed script cannot be loaded, and says why', async () => {
    await modhost('start');
    expect(await ask()).toMatch(/^one/);
    writeFileSync(join(folder, 'one.py'), 'this is no Python');
    expect(await ask()).toMatch(/^one/);
    await expect
      .poll(errorLog, { timeout: 10_000 })
      .toMatch(/could not load \S+one\.py: the old process goes on serving/);
    await expect.poll(errorLog).toMatch(/SyntaxError: invalid syntax/);
    expect(await ask()).toMatch(/^one/);
    writeFileSync(join(folder, 'one.py'), script('repaired'));
    await expect.poll(() => ask(), { timeout: 10_000 }).toMatch(/^repaired/);
  });

  it('graceful returns when the new site file serves, or says what the application said', async () => {
    await modhost('start');
    writeSite('one.py', '', '', 5);
    writeFileSync(join(folder, 'one.py'), script('new'));
    expect(await modhost('graceful')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await ask()).toMatch(/^new/);
    writeFileSync(join(folder, 'one.py'), 'raise RuntimeError("no database")');
    writeSite('one.py', '', '', 6);
    const { exitCode, stderr } = await modhost('graceful');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('RuntimeError: no database');
    expect(stderr).toContain('the configuration before it stays in force');
    expect(await ask()).toMatch(/^new/);
  });

  it('graceful keeps what serves when a script is broken whose place and name only requests show', async () => {
    const site = (threads: number) =>
      writeFileSync(
        join(folder, 'conf/site.conf'),
        `Listen 127.0.0.1:${port}
ServerName localhost
WSGIDaemonProcess app threads=${threads} graceful-timeout=5
WSGIScriptAlias /plain ${folder}/one.py process-group=app
WSGIScriptAliasMatch ^/pattern ${folder}/two.py process-group=app
<Directory />
Require all granted
</Directory>
`,
      );
    const askAt = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    site(4);
    await modhost('start');
    for (const [path, file, threads] of [
      ['/plain', 'one.py', 5],
      ['/pattern', 'two.py', 6],
    ] as const) {
      const before = await askAt(path);
      const good = readFileSync(join(folder, file), 'utf8');
      writeFileSync(join(folder, file), 'raise RuntimeError("no database")');
      site(threads);
      const { exitCode, stderr } = await modhost('graceful');
      expect(stderr).toContain('RuntimeError: no database');
      expect(exitCode).toBe(1);
      expect(await askAt(path)).toBe(before);
      writeFileSync(join(folder, file), good);
    }
  });

  it('graceful keeps what serves when a broken script moves to a group of its own', async () => {
    const site = (group: string, options = '') =>
      writeFileSync(
        join(folder, 'conf/site.conf'),
        `Listen 127.0.0.1:${port}
ServerName localhost
WSGIDaemonProcess ${group} threads=4 graceful-timeout=5 ${options}
WSGIScriptAlias / ${folder}/one.py process-group=${group} application-group=${group}
<Directory />
Require all granted
</Directory>
`,
      );
    site('before');
    await modhost('start');
    const before = await ask();
    writeFileSync(join(folder, 'one.py'), 'raise RuntimeError("no database")');
    for (const options of ['', 'min-processes=0']) {
      site('moved', options);
      const { exitCode, stderr } = await modhost('graceful');
      expect(stderr).toContain('RuntimeError: no database');
      expect(stderr).toContain('the configuration before it stays in force');
      expect(exitCode).toBe(1);
      expect(await ask()).toBe(before);
    }
    writeFileSync(join(folder, 'one.py'), script('repaired'));
    expect(await modhost('graceful')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await ask()).toMatch(/^repaired/);
  });

  it('graceful keeps what serves when a broken script moves to %{GLOBAL}, whether it runs or not', async () => {
    const site = (group: string) =>
      writeFileSync(
        join(folder, 'conf/site.conf'),
        `Listen 127.0.0.1:${port}
ServerName localhost
WSGIDaemonProcess before threads=4 graceful-timeout=5
WSGIScriptAlias /two ${folder}/two.py process-group=%{GLOBAL}
WSGIScriptAlias / ${folder}/one.py process-group=${group}
<Directory />
Require all granted
</Directory>
`,
      );
    const groups = async (): Promise<readonly { readonly name: string }[]> =>
      JSON.parse((await modhost('status', '--json')).stdout).groups;
    writeFileSync(join(folder, 'two.py'), script('two'));
    site('before');
    await modhost('start');
    for (const runs of [false, true]) {
      if (runs) expect(await (await fetch(`http://127.0.0.1:${port}/two`)).text()).toMatch(/^two/);
      const before = await ask();
      const groupsBefore = (await groups()).length;
      writeFileSync(join(folder, 'one.py'), 'raise RuntimeError("no database")');
      site('%{GLOBAL}');
      const { exitCode, stderr } = await modhost('graceful');
      expect(stderr).toContain('RuntimeError: no database');
      expect(stderr).toContain('the configuration before it stays in force');
      expect(exitCode).toBe(1);
      expect(await ask()).toBe(before);
      expect(await groups()).toHaveLength(groupsBefore);
    }
    writeFileSync(join(folder, 'one.py'), script('repaired'));
    expect(await modhost('graceful')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await ask()).toMatch(/^repaired/);
  });

  it('graceful keeps what serves when a broken script moves to a group that is there already', async () => {
    const site = (group: string, options = '') =>
      writeFileSync(
        join(folder, 'conf/site.conf'),
        `Listen 127.0.0.1:${port}
ServerName localhost
WSGIDaemonProcess before threads=4 graceful-timeout=5
WSGIDaemonProcess there threads=4 processes=2 graceful-timeout=5 ${options}
WSGIScriptAlias /two ${folder}/two.py process-group=there
WSGIScriptAlias / ${folder}/one.py process-group=${group}
<Directory />
Require all granted
</Directory>
`,
      );
    const pidsThere = async (): Promise<number[]> => {
      const { groups } = JSON.parse((await modhost('status', '--json')).stdout);
      const there = groups.find(({ name }: { readonly name: string }) => name === 'there');
      return there.processes.map(({ pid }: { readonly pid: number }) => pid);
    };
    for (const options of ['', 'min-processes=0']) {
      writeFileSync(join(folder, 'one.py'), script('one'));
      writeFileSync(join(folder, 'two.py'), script('two'));
      site('before', options);
      await modhost('start');
      const before = await ask();
      const pids = await pidsThere();
      expect(pids).toHaveLength(options === '' ? 2 : 0);
      writeFileSync(join(folder, 'one.py'), 'raise RuntimeError("no database")');
      site('there', options);
      const { exitCode, stderr } = await modhost('graceful');
      expect(stderr).toContain('RuntimeError: no database');
      expect(stderr).toContain(`could not load ${folder}/one.py`);
      expect(stderr).toContain('the configuration before it stays in force');
      expect(exitCode).toBe(1);
      expect(await ask()).toBe(before);
      expect(await pidsThere()).toEqual(pids);
      writeFileSync(join(folder, 'one.py'), script('repaired'));
      expect(await modhost('graceful')).toMatchObject({ exitCode: 0, stderr: '' });
      expect(await ask()).toMatch(/^repaired/);
      if (options === '') expect(await pidsThere()).toEqual(pids);
      await modhost('stop');
    }
  });

  it('reload GROUP of a group that sleeps starts it once, and says what it cannot load', async () => {
    const site = `Listen 127.0.0.1:${port}
ServerName localhost
WSGIDaemonProcess lazy min-processes=0
WSGIScriptAlias / ${folder}/one.py process-group=lazy application-group=%{GLOBAL}
<Directory />
Require all granted
</Directory>
`;
    const lazy = async () =>
      JSON.parse((await modhost('status', '--json')).stdout).groups.find(
        ({ name }: { readonly name: string }) => name === 'lazy',
      );
    writeFileSync(join(folder, 'conf/site.conf'), site);
    await modhost('start');
    expect(await modhost('reload', 'lazy')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await lazy()).toMatchObject({ starts: 1, endings: [] });
    await modhost('restart');
    writeFileSync(join(folder, 'one.py'), 'import no_such_module');
    await expect.poll(async () => (await lazy()).starts, { timeout: 20_000 }).toBe(0);
    const failed = await modhost('reload', 'lazy');
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toContain("No module named 'no_such_module'");
    expect(failed.stderr).toMatch(/modhost: daemon process lazy\/python could not load \S+one\.py\n$/);
  });

  it('reload GROUP puts new processes in place, or says why they cannot serve', async () => {
    expect(await modhost('reload', 'app')).toMatchObject({ exitCode: 1 });
    await modhost('start');
    const before = await ask();
    expect(await modhost('reload', 'app')).toMatchObject({ exitCode: 0, stderr: '' });
    const after = await ask();
    expect(after).not.toBe(before);
    writeFileSync(join(folder, 'one.py'), 'import no_such_module');
    const failed = await modhost('reload', 'app');
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toContain("No module named 'no_such_module'");
    expect(failed.stderr).toMatch(/modhost: daemon process app\/python could not load \S+one\.py\n$/);
    expect(await ask()).toBe(after);
    const unknown = await modhost('reload', 'nobody');
    expect(unknown).toMatchObject({
      exitCode: 1,
      stderr: 'modhost: there is no process group nobody: processes run for app\n',
    });
  });

  it('plan tells what graceful would do', async () => {
    await modhost('start');
    writeSite(
      'one.py',
      `WSGIDaemonProcess more processes=2\nWSGIScriptAlias /two ${folder}/two.py process-group=more\n`,
      '',
      5,
    );
    const { exitCode, stdout } = await modhost('plan');
    expect(exitCode).toBe(0);
    expect(stdout.split('\n')).toEqual([
      `listener 127.0.0.1:${port}: left alone`,
      'process group app/python: replaced (threads 4 -> 5)',
      'process group more/python: started',
      'front ends: replaced',
      '',
    ]);
    writeSite('one.py');
    expect((await modhost('plan')).stdout).toContain('process group app/python: left alone');
  });

  it('status shows processes and what became of those before them', async () => {
    expect(await modhost('status')).toMatchObject({
      exitCode: 1,
      stderr: 'modhost: no server of this site file runs\n',
    });
    await modhost('start');
    expect(statSync(join(folder, 'run/modhost.sock')).mode & 0o777).toBe(0o600);
    const [, killed = ''] = (await ask()).split(' ');
    process.kill(Number(killed), 'SIGKILL');
    // Not an error page of a front end that had handed the request to the process as it died.
    const second = await vi.waitUntil(async () => {
      const [, pid] = /^one (\d+)$/.exec(await ask()) ?? [];
      return pid === killed ? undefined : pid;
    });
    const { stdout } = await modhost('status');
    expect(stdout).toMatch(/^ +PID +STATE +BUSY +REQUESTS +MEMORY +AGE$/m);
    expect(stdout).toMatch(new RegExp(`^app/python +${second} +ready +0/4 +\\d+ +\\d+ MiB +\\d+ s$`, 'm'));
    expect(stdout).toMatch(new RegExp(`ago, pid ${killed}: was ended by signal SIGKILL`));
    const { groups, supervisor } = JSON.parse((await modhost('status', '--json')).stdout);
    expect(supervisor.pid).toBe(pid());
    expect(groups).toMatchObject([
      { name: 'app', runtime: 'python', size: 1, threads: 4, starts: 2, processes: [{ state: 'ready' }] },
    ]);
  });

  it('writes access-log lines', async () => {
    await modhost('start');
    await ask('/path?query');
    await expect
      .poll(() => readFileSync(join(folder, 'logs/access_log'), 'latin1'))
      .toMatch(/^127\.0\.0\.1 - - \[[^\]]+\] "GET \/path\?query HTTP\/1\.1" 200 \d+\n$/m);
  });
});

async function isServed(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    () => false,
  );
}
