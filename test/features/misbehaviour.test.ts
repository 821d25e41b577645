import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countFailures, startLoad } from '../survival/load.js';
import { isAlive, SurvivalSite } from '../survival/site.js';

let site: SurvivalSite;

beforeEach(() => {
  site = new SurvivalSite();
});
afterEach(() => site.remove());

/** Each script gets a group of its own name, and a mount; `options` are the group's. */
function mounts(scripts: Readonly<Record<string, string>>): string {
  return Object.entries(scripts)
    .map(([file, options]) => {
      const name = file.replace('.', '-');
      return `WSGIDaemonProcess ${name} ${options}
WSGIScriptAlias /${name} ${site.folder}/${file} process-group=${name} application-group=%{GLOBAL}`;
    })
    .join('\n');
}

const write = (name: string, text: string) => writeFileSync(join(site.folder, name), text);

const good = `def application(environ, start_response):
    start_response('200 OK', [('Content-Length', '4')])
    return [b'good']
`;
const goodScript = `export default (req, res) => res.end('good');
`;

describe('a daemon process', () => {
  it('that does not let itself be ended is killed, and the server ends in time', async () => {
    write('app.py', `import atexit, time\natexit.register(time.sleep, 1000)\n${good}`);
    write('app.mjs', `process.on('SIGTERM', () => { for (;;); });\n${goodScript}`);
    const options = 'shutdown-timeout=1';
    await site.start(mounts({ 'app.py': options, 'app.mjs': options }));
    expect([await site.ask('/app-py'), await site.ask('/app-mjs')]).toEqual(['good', 'good']);
    const processes = site.children();
    const begun = Date.now();
    expect(await site.stop()).toBe(0);
    expect(Date.now() - begun).toBeLessThan(10_000);
    expect(processes.filter(isAlive)).toEqual([]);
  });

  it('that dies at import is tried again with pauses, is explained, and disturbs nobody', async () => {
    write('dies.py', `import os\nos._exit(3)\n`);
    write('dies.mjs', `process.exit(4);\n`);
    write('app.py', good);
    const lines = mounts({ 'dies.py': '', 'dies.mjs': '', 'app.py': '' });
    await site.start(
      `${lines}\n${['py', 'mjs']
        .map(
          (end) =>
            `WSGIImportScript ${site.folder}/dies.${end} process-group=dies-${end} application-group=%{GLOBAL}`,
        )
        .join('\n')}`,
    );
    await site.said('daemon process dies-py/python exited with code 3');
    await site.said('daemon process dies-py/python ended 3 times soon after its start; next try in 500 ms');
    await site.said('daemon process dies-mjs/node ended 3 times soon after its start; next try in 500 ms');
    expect(await site.ask('/app-py')).toBe('good');
    const { stdout } = await site.command('status');
    expect(stdout).toContain('dies-py/python cannot serve: it exited with code 3');
    expect(stdout).toMatch(/ago, pid \d+: exited with code 4/);
  });

  it('that is never ready is ended after startup-timeout and said to be so', async () => {
    write('waits.py', 'import time\ntime.sleep(1000)\n');
    write('app.py', good);
    await site.start(
      `${mounts({ 'waits.py': 'startup-timeout=1', 'app.py': '' })}
WSGIImportScript ${site.folder}/waits.py process-group=waits-py application-group=%{GLOBAL}`,
    );
    await site.said('(was not ready within startup-timeout)');
    expect(await site.ask('/app-py')).toBe('good');
    expect((await site.command('status')).stdout).toContain('was not ready within startup-timeout');
  });

  it('that leaks memory is replaced without a failed request', { timeout: 60_000 }, async () => {
    write('app.py', `kept = []\n${good.replace(':\n', ":\n    kept.append(b'x' * 300000)\n")}`);
    write(
      'app.mjs',
      `const kept = [];\nexport default (req, res) => { kept.push(Buffer.alloc(300_000, 1)); res.end('good'); };\n`,
    );
    await site.start(mounts({ 'app.py': 'memory-recycle=120M', 'app.mjs': 'memory-recycle=200M' }));
    const load = startLoad({ port: site.port, connections: 8, paths: ['/app-py', '/app-mjs'], pauseMs: 20 });
    for (const name of ['app-py/python', 'app-mjs/node'])
      await site.said(`replacing daemon process ${name}: its memory of`);
    const since = site.output.length;
    await site.said('exited with code 0', since);
    await load.answeredMore(50);
    await load.stop();
    expect(countFailures(load.failures)).toEqual({});
  });

  it('that floods its error output blocks nobody, though nobody reads the log', {
    timeout: 90_000,
  }, async () => {
    const flood = `import os, threading
def flood():
    for _ in range(12800):
        os.write(2, (b'flood ' * 20 + b'\\n') * 512)
threading.Thread(target=flood, daemon=True).start()
`;
    write('flood.py', flood + good);
    await site.start(mounts({ 'flood.py': '' }));
    site.process.stderr?.pause();
    const before = site.holdings().memory;
    for (let turn = 0; turn < 40; turn += 1) expect(await site.ask('/flood-py')).toBe('good');
    expect((await site.command('status')).exitCode).toBe(0);
    expect((await site.command('graceful')).exitCode).toBe(0);
    // Of nearly 800 MB from each of two processes. How much garbage may lie about differs between versions of Node.
    expect(site.holdings().memory - before).toBeLessThan(400 * 2 ** 20);
    site.process.stderr?.resume();
    await site.said('lines were dropped here');
    expect(await site.ask('/flood-py')).toBe('good');
    expect(await site.stop()).toBe(0);
  });

  it('ends with the server although its children hold its descriptors, whose port is free then', async () => {
    const child = `import subprocess\nchild = subprocess.Popen(['sleep', '1000'], close_fds=False)\n`;
    write(
      'app.py',
      child + good.replace("b'good'", "b'%4d' % child.pid").replace("'4'", "str(len(b'%4d' % child.pid))"),
    );
    await site.start(mounts({ 'app.py': 'shutdown-timeout=1' }));
    const left = Number(await site.ask('/app-py'));
    try {
      expect(await site.stop()).toBe(0);
      expect(isAlive(left)).toBe(true);
      await site.startAgain(mounts({ 'app.py': 'shutdown-timeout=1' }));
      process.kill(Number(await site.ask('/app-py')), 'SIGKILL');
    } finally {
      process.kill(left, 'SIGKILL');
    }
  });
});

describe('the server', () => {
  it('goes on serving when no log can be written', async () => {
    write('app.py', `import sys\nprint('said at import', file=sys.stderr)\n${good}`);
    await site.start(`${mounts({ 'app.py': '' })}
ErrorLog /dev/full
CustomLog /dev/full common`);
    const load = startLoad({
      port: site.port,
      connections: 4,
      paths: ['/app-py', '/nowhere-at-all'],
      pauseMs: 5,
    });
    await load.answeredMore(100);
    await load.stop();
    expect(Object.keys(countFailures(load.failures))).toEqual(['status 404 /nowhere-at-all']);
    expect(await site.stop()).toBe(0);
  });

  it('with few descriptors closes connections that are too many, says so, and recovers', {
    timeout: 60_000,
  }, async () => {
    write('app.py', good);
    write('file.txt', 'file');
    await site.start(`${mounts({ 'app.py': '' })}\nAlias /file ${site.folder}/file.txt`, [
      'bash',
      '-c',
      'ulimit -n 256; exec "$@"',
      'sh',
    ]);
    const sockets = Array.from({ length: 400 }, () =>
      connect(site.port, '127.0.0.1')
        .on('error', () => {})
        .resume(),
    );
    await site.said('all that 256 open files (ulimit -n) allow');
    // Who is in is served, files too.
    const allowed = Math.floor((256 - 96) / 3) * site.frontEnds.length;
    const stillOpen = () => sockets.filter(({ destroyed }) => !destroyed);
    await expect.poll(() => stillOpen().length).toBeLessThanOrEqual(allowed);
    const open = stillOpen();
    expect(open.length).toBeGreaterThan(50);
    const answers = open.map(async (socket) => {
      socket.write('GET /file HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
      const [piece] = await once(socket, 'data');
      return String(piece).slice(9, 12);
    });
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['200']));
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => site.ask('/app-py').catch(String)).toBe('good');
    await expect.poll(() => site.ask('/file').catch(String)).toBe('file');
  });
});
