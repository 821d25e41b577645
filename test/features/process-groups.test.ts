import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';

const python = {
  application: `import os
def application(environ, start_response):
    healthy = not os.path.exists(__file__ + '.sick')
    start_response('200 OK' if healthy else '500 Oops', [('Content-Type', 'text/plain')])
    return [b'%d %s' % (os.getpid(), environ.get('HTTP_USER_AGENT', '').encode()[:7])]
`,
  imported: (file: string) => `open(${JSON.stringify(file)}, 'a').write('imported\\n')\n`,
  service: (file: string) => `import atexit, os, threading, time
assert threading.current_thread() is threading.main_thread()
def note(text):
    with open(${JSON.stringify(file)}, 'a') as log:
        log.write('%s %d\\n' % (text, os.getpid()))
note('start')
try:
    while not os.path.exists(${JSON.stringify(`${file}.end`)}):
        time.sleep(0.05)
    os.unlink(${JSON.stringify(`${file}.end`)})
    note('end')
except SystemExit:
    note('term')
    raise
`,
};

const javascript = {
  application: `import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
export default (req, res) => {
  if (existsSync(fileURLToPath(import.meta.url) + '.sick')) res.statusCode = 500;
  res.end(process.pid + ' ' + (req.headers['user-agent'] ?? '').slice(0, 7));
};
`,
  imported: (file: string) => `import { appendFileSync } from 'node:fs';
appendFileSync(${JSON.stringify(file)}, 'imported\\n');
`,
  service: (file: string) => `import { appendFileSync, existsSync, unlinkSync } from 'node:fs';
const note = (text) => appendFileSync(${JSON.stringify(file)}, text + ' ' + process.pid + '\\n');
note('start');
const timer = setInterval(() => {
  if (!existsSync(${JSON.stringify(`${file}.end`)})) return;
  unlinkSync(${JSON.stringify(`${file}.end`)});
  note('end');
  clearInterval(timer);
}, 50);
process.on('SIGTERM', () => {
  note('term');
  process.exit(0);
});
`,
};

describe.each([
  { runtime: 'Python', extension: 'py', texts: python },
  { runtime: 'JavaScript', extension: 'mjs', texts: javascript },
])('process groups of their own kind in $runtime', ({ extension, texts }) => {
  let folder: string;
  let server: RunningServer;
  const at = (name: string) => join(folder, name);

  beforeAll(async () => {
    folder = makeFolder();
    mkdirSync(at('run'));
    for (const name of ['lazy', 'well', 'named'])
      writeFileSync(at(`${name}.${extension}`), texts.application);
    writeFileSync(at(`imported.${extension}`), texts.imported(at('imported.log')));
    writeFileSync(at(`service.${extension}`), texts.service(at('service.log')));
    const mount = (name: string) =>
      `WSGIScriptAlias /${name} ${at(`${name}.${extension}`)} process-group=${name} application-group=%{GLOBAL}`;
    server = await startServer(
      'modhost',
      `LogLevel info
WSGIDaemonProcess lazy min-processes=0 inactivity-timeout=1
${mount('lazy')}
WSGIDaemonProcess well health-path=/well/health
${mount('well')}
WSGIDaemonProcess named display-name=%{GROUP}
${mount('named')}
WSGIImportScript ${at(`imported.${extension}`)} process-group=named application-group=%{GLOBAL}
WSGIDaemonProcess service threads=0 health-path=/nowhere
WSGIImportScript ${at(`service.${extension}`)} process-group=service application-group=%{GLOBAL}
WSGIScriptAlias /service ${at(`named.${extension}`)} process-group=service application-group=%{GLOBAL}
`,
      folder,
    );
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const ask = async (path: string) => {
    const response = await fetch(server.origin + path);
    return { status: response.status, text: await response.text() };
  };
  const pidAt = async (path: string) => Number((await ask(path)).text.split(' ')[0]);
  const linesOf = (name: string) =>
    existsSync(at(name)) ? readFileSync(at(name), 'utf8').trim().split('\n') : [];
  const isAlive = (pid: number) => existsSync(`/proc/${pid}`);

  it('min-processes=0: starts with the first request, ends when nobody comes, and starts again', async () => {
    const first = await pidAt('/lazy');
    expect(first).toBeGreaterThan(0);
    await server.logged('daemon processes of lazy/');
    await expect.poll(() => isAlive(first), { timeout: 15_000 }).toBe(false);
    const second = await pidAt('/lazy');
    expect(second).toBeGreaterThan(0);
    expect(second).not.toBe(first);
  });

  it('health-path: a process that answers with an error does not take over', async () => {
    const script = at(`well.${extension}`);
    const old = await pidAt('/well');
    writeFileSync(`${script}.sick`, '');
    utimesSync(script, 1, 1);
    await fetch(`${server.origin}/well`);
    await server.logged('health-path /well/health was answered with 500');
    await server.logged('the old process goes on serving');
    expect(await pidAt('/well')).toBe(old);
  });

  it('display-name=%{GROUP} shows in ps, and WSGIImportScript is loaded before any request', async () => {
    expect(linesOf('imported.log')).toEqual(['imported']);
    const pid = await pidAt('/named');
    const shown = execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    expect(shown).toBe('(wsgi:named)');
  });

  it('threads=0: a service runs alone, is started again when it ends, and serves no requests', async () => {
    await expect.poll(() => linesOf('service.log').length, { timeout: 10_000 }).toBe(1);
    const refused = await ask('/service');
    expect(refused.status).toBe(500);
    await server.logged('serves no requests (threads=0)');
    writeFileSync(at('service.log.end'), '');
    await expect
      .poll(() => linesOf('service.log').map((line) => line.split(' ')[0]), { timeout: 10_000 })
      .toEqual(['start', 'end', 'start']);
    const pids = linesOf('service.log').map((line) => line.split(' ')[1]);
    expect(pids[0]).toBe(pids[1]);
    expect(pids[2]).not.toBe(pids[0]);
  });

  it('threads=0: modhost reload ends the old one before it starts the new one', async () => {
    const before = linesOf('service.log').length;
    const root = join(folder, 'modhost');
    execFileSync(process.execPath, [
      join(projectRoot, 'dist/main.js'),
      ...['-d', root, '-f', join(root, 'site.conf'), 'reload', 'service'],
    ]);
    await expect
      .poll(
        () =>
          linesOf('service.log')
            .slice(before)
            .map((line) => line.split(' ')[0]),
        { timeout: 10_000 },
      )
      .toEqual(['term', 'start']);
  });
});
