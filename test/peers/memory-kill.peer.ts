import { chmodSync, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeFolder, type RunningServer, removeFolder, startServer } from './server.js';

/** Where version 2 of control groups is mounted, if it is. */
const root = '/sys/fs/cgroup';
/** Enough for modhost and a small application. */
const limitBytes = 600 * 2 ** 20;

/** Whether a control group of our own could limit memory: within a container, the root usually hands it to nobody. */
function canLimitMemory(): boolean {
  try {
    const controllers = readFileSync(join(root, 'cgroup.subtree_control'), 'utf8').trim().split(' ');
    return process.getuid?.() === 0 && controllers.includes('memory');
  } catch {
    return false;
  }
}

const application = `def application(environ, start_response):
    if environ['PATH_INFO'] == '/grow':
        # Written to, so that the memory is really taken.
        environ['modhost.test'] = b'x' * ${2 * limitBytes}
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'well']
`;

describe.skipIf(!canLimitMemory())(
  'the kernel kills a daemon process for want of memory (as root, with the memory controller of cgroup v2)',
  () => {
    const group = join(root, `modhost-test-${process.pid}`);
    let folder: string;
    let server: RunningServer;

    beforeAll(async () => {
      folder = makeFolder();
      mkdirSync(group);
      writeFileSync(join(group, 'memory.max'), String(limitBytes));
      const swap = join(group, 'memory.swap.max');
      if (existsSync(swap)) writeFileSync(swap, '0');
      writeFileSync(join(folder, 'app.py'), application);
      const program = join(folder, 'node-in-group');
      writeFileSync(
        program,
        `#!/bin/sh\necho $$ > '${group}/cgroup.procs' && exec '${process.execPath}' "$@"\n`,
      );
      chmodSync(program, 0o755);
      server = await startServer(
        'modhost',
        `ServerLimit 1
WSGIDaemonProcess greedy
WSGIScriptAlias / ${folder}/app.py process-group=greedy application-group=%{GLOBAL}
<Directory />
Require all granted
</Directory>
`,
        folder,
        program,
      );
    });
    afterAll(async () => {
      await server?.stop();
      // A group that still has processes cannot be removed, and those of ours end with the server.
      await vi.waitFor(() => rmdirSync(group), { timeout: 10_000 });
      removeFolder(folder);
    });

    const ask = async (path: string) => (await fetch(server.origin + path)).status;

    it('is told by its cause, and the next request is served', async () => {
      expect(await ask('/')).toBe(200);
      expect(await ask('/grow')).toBe(502);
      await server.logged(
        'daemon process greedy/python was ended by signal SIGKILL (the system had no memory left)',
      );
      expect(await ask('/')).toBe(200);
    });
  },
);
