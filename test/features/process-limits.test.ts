import { chmodSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';

const python = `import os, resource, time
def application(environ, start_response):
    way = environ['PATH_INFO']
    if way == '/hang':
        time.sleep(30)
    if way == '/deadlock':
        # Holds the interpreter: no other thread of the process runs.
        import ctypes
        ctypes.PyDLL(None).sleep(60)
    if way == '/burn':
        while True: pass
    text = '%d %s %s %s %s' % (os.getpid(), os.environ.get('COLOUR'), os.environ.get('SHAPE'),
        resource.getrlimit(resource.RLIMIT_DATA)[0], os.getpriority(os.PRIO_PROCESS, 0))
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [text.encode()]
`;

const javascript = `export default (req, res) => {
  if (req.url === '/hang') return;
  if (req.url === '/deadlock') for (;;);
  res.end([process.pid, process.env.COLOUR, process.env.SHAPE, process.execArgv.join()].join(' '));
};
`;

describe.each([
  { runtime: 'Python', file: 'app.py', text: python },
  { runtime: 'JavaScript', file: 'app.mjs', text: javascript },
])('the options of a process group in $runtime', ({ runtime, file, text }) => {
  let folder: string;
  let server: RunningServer;
  const user = userInfo().username;

  beforeAll(async () => {
    folder = makeFolder();
    for (const sub of ['app', 'open']) {
      writeFileSync(join(folder, `${sub}-${file}`), text);
    }
    writeFileSync(join(folder, 'variables'), '# of the application\n\nSHAPE="round"\nexport COLOUR=blue\n');
    chmodSync(join(folder, `open-${file}`), 0o666);
    const groups = [
      ['requests', 'maximum-requests=5'],
      ['age', 'restart-interval=1'],
      ['slow', 'request-timeout=1 threads=2'],
      ['dead', 'deadlock-timeout=1 processes=1 threads=2'],
      [
        'set',
        `env=COLOUR=red env-file=${folder}/variables env=COLOUR=green memory-limit=2G cpu-priority=5 node-options=--no-warnings`,
      ],
      ['owned', `script-user=${user}`],
      ['burn', 'cpu-time-limit=1 threads=2 shutdown-timeout=1 graceful-timeout=1'],
    ] as const;
    const mounts = groups.map(
      ([name, options]) => `WSGIDaemonProcess ${name} ${options}
WSGIScriptAlias /${name} ${folder}/app-${file} process-group=${name} application-group=%{GLOBAL}`,
    );
    server = await startServer(
      'modhost',
      `LogLevel info
${mounts.join('\n')}
WSGIScriptAlias /open ${folder}/open-${file} process-group=owned application-group=%{GLOBAL}
<Directory />
Require all granted
</Directory>`,
      folder,
    );
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const ask = (path: string) => fetch(server.origin + path);
  const pidAt = async (path: string) => Number((await (await ask(path)).text()).split(' ')[0]);
  const errorLog = () => server.log();

  it('maximum-requests replaces a process without losing a request', async () => {
    const pids = new Set<number>();
    await expect
      .poll(
        async () => {
          const answers = await Promise.all([1, 2, 3].map(() => ask('/requests')));
          for (const answer of answers) {
            expect(answer.status).toBe(200);
            pids.add(Number((await answer.text()).split(' ')[0]));
          }
          return pids.size;
        },
        { timeout: 20_000, interval: 20 },
      )
      .toBeGreaterThan(2);
    await expect.poll(errorLog).toContain('requests (maximum-requests)');
  });

  it('restart-interval replaces a process by its age', async () => {
    const first = await pidAt('/age');
    await expect.poll(() => pidAt('/age'), { timeout: 20_000 }).not.toBe(first);
    await expect.poll(errorLog).toContain('it has run for 1 s (restart-interval)');
  });

  it('request-timeout answers 504 and says why; others are served', async () => {
    const hanging = ask('/slow/hang');
    expect((await ask('/slow')).status).toBe(200);
    expect((await hanging).status).toBe(504);
    await expect.poll(errorLog).toMatch(/answered 504: .*request-timeout/);
    expect((await ask('/slow')).status).toBe(200);
  });

  it('deadlock-timeout ends a process whose interpreter is stuck, and another one serves', async () => {
    const first = await pidAt('/dead');
    expect((await ask('/dead/deadlock')).status).toBe(502);
    expect(await pidAt('/dead')).not.toBe(first);
    await expect
      .poll(errorLog)
      .toContain(
        `its ${runtime === 'Python' ? 'interpreter' : 'event loop'} did not answer for 1 s: deadlock-timeout`,
      );
  });

  it('env, env-file and limits reach the process, the last one of a name counts', async () => {
    const [, colour, shape, ...rest] = (await (await ask('/set')).text()).split(' ');
    expect([colour, shape]).toEqual(['green', 'round']);
    expect(rest).toEqual(runtime === 'Python' ? ['2147483648', '5'] : ['--no-warnings']);
  });

  it('script-user refuses a script that others may write', async () => {
    chmodSync(folder, 0o755);
    expect((await ask('/owned')).status).toBe(200);
    expect((await ask('/open')).status).toBe(403);
    await expect.poll(errorLog).toMatch(/open-app\.\w+ may be written by everybody \(script-user=/);
  });

  it.runIf(runtime === 'Python')('cpu-time-limit replaces a process that computes too much', async () => {
    const burning = ask('/burn/burn').catch(() => undefined);
    await expect.poll(errorLog, { timeout: 20_000 }).toContain('(cpu-time-limit)');
    await burning;
    expect((await ask('/burn')).status).toBe(200);
  });
});
