import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { findFreePort, makeFolder, type RunningServer, removeFolder, startModhost } from '../peers/server.js';

let folder: string;
let port: number;
let server: RunningServer | undefined;

beforeEach(async () => {
  folder = makeFolder();
  port = await findFreePort();
  // Tells its number, then copies lines until one says that it should die.
  writeFileSync(
    join(folder, 'collect.py'),
    `import os, sys
with open(sys.argv[1], "a", buffering=1) as log:
    log.write("pid %d\\n" % os.getpid())
    for line in iter(sys.stdin.readline, ""):
        log.write(line)
        if "/die" in line:
            os._exit(3)
    log.write("end\\n")
`,
  );
});

afterEach(async () => {
  await server?.stop();
  server = undefined;
  removeFolder(folder);
});

async function start(lines: string): Promise<RunningServer> {
  const file = join(folder, 'site.conf');
  writeFileSync(
    file,
    `Listen 127.0.0.1:${port}\nServerName x\nServerLimit 2\nDocumentRoot ${folder}\nPidFile ${folder}/pid\n${lines}\n`,
  );
  server = await startModhost(['-X', '-d', folder, '-f', file], port);
  return server;
}

function read(name: string): string {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

async function waitFor(name: string, text: string | RegExp): Promise<string> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const found = read(name);
    if (typeof text === 'string' ? found.includes(text) : text.test(found)) return found;
    if (Date.now() > deadline) throw new Error(`not in ${name}: ${text}\n${found}\n${server?.log()}`);
    await sleep(20);
  }
}

describe('logs that are piped to programs', () => {
  it('go to a program, started without a shell, which ends with the server', async () => {
    const { origin, stop } = await start(
      `CustomLog "|python3 ${folder}/collect.py '${folder}/access $HOME'" "%U %>s"`,
    );
    await fetch(`${origin}/one`);
    await waitFor('access $HOME', /\/one 404\n/);
    await stop();
    await waitFor('access $HOME', 'end\n');
  });

  it('go to one program, however many servers write to it', async () => {
    const { origin } = await start(`
      CustomLog "|python3 ${folder}/collect.py ${folder}/access" "main %U"
      <VirtualHost *:*>
        CustomLog "|python3 ${folder}/collect.py ${folder}/access" "host %U"
      </VirtualHost>`);
    await fetch(`${origin}/one`);
    const log = await waitFor('access', 'host /one\n');
    expect(log.match(/^pid /gm)).toHaveLength(1);
  });

  it('lose nothing when the program dies: the next one goes on', async () => {
    const { origin, log } = await start(`CustomLog "|python3 ${folder}/collect.py ${folder}/access" %U`);
    await waitFor('access', /^pid \d+\n/);
    await fetch(`${origin}/die`);
    await fetch(`${origin}/after`);
    const lines = await waitFor('access', '/after\n');
    expect(lines.match(/^pid /gm)).toHaveLength(2);
    await expect.poll(log).toContain('exited with code 3; it is started again');
  });

  it('go to a command of the shell, and messages too', async () => {
    const { origin } = await start(`
      ErrorLog "|$cat | sed -u s/modhost/MODHOST/ >> ${folder}/errors"
      CustomLog "|$cat >> ${folder}/access" %U`);
    await fetch(`${origin}/one`);
    await waitFor('access', '/one\n');
    await waitFor('errors', 'MODHOST configured');
  });

  it('get a new program at graceful, and the old one ends', async () => {
    const { origin, process: supervisor } = await start(
      `CustomLog "|python3 ${folder}/collect.py ${folder}/access" %U`,
    );
    await fetch(`${origin}/one`);
    await waitFor('access', '/one\n');
    await server?.logged('resuming normal operations');
    supervisor.kill('SIGUSR1');
    await waitFor('access', /end\n/);
    await fetch(`${origin}/two`);
    const log = await waitFor('access', '/two\n');
    expect(log.match(/^pid /gm)).toHaveLength(2);
  });

  it('need a program that is there', async () => {
    const child: ChildProcess = spawn(
      process.execPath,
      [join(projectRoot, 'dist/main.js'), '-t', '-C', 'Listen 1', '-C', 'ErrorLog |/nowhere/rotatelogs'],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let said = '';
    child.stderr?.on('data', (piece) => {
      said += piece;
    });
    const [code] = await once(child, 'close');
    expect(code).toBe(1);
    expect(said).toContain('there is no program /nowhere/rotatelogs that could be started');
  });
});
