import { chmodSync, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeFolder, type RunningServer, removeFolder, startServer } from './server.js';

/** Enough for modhost and a small application. */
const limitBytes = 600 * 2 ** 20;

/** Where groups that limit memory can be made, and the files that set the limits, of which the last may be missing. */
interface Controller {
  readonly root: string;
  readonly limits: readonly string[];
}

/** Version 2 of control groups, where it has the memory controller, else version 1. Within a container it is often handed to nobody. */
function findController(): Controller | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const version2 = '/sys/fs/cgroup';
  const version1 = '/sys/fs/cgroup/memory';
  const listed = join(version2, 'cgroup.subtree_control');
  if (existsSync(listed) && readFileSync(listed, 'utf8').trim().split(' ').includes('memory'))
    return { root: version2, limits: ['memory.max', 'memory.swap.max'] };
  if (existsSync(join(version1, 'memory.limit_in_bytes')))
    return { root: version1, limits: ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'] };
  return undefined;
}

const controller = findController();

const application = `def application(environ, start_response):
    if environ['PATH_INFO'] == '/grow':
        # Written to, so that the memory is really taken.
        environ['modhost.test'] = b'x' * ${2 * limitBytes}
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'well']
`;

describe.skipIf(controller === undefined)(
  'the kernel kills a daemon process for want of memory (as root, with the memory controller of control groups)',
  () => {
    const { root, limits } = controller ?? { root: '', limits: [] };
    const group = join(root, `modhost-test-${process.pid}`);
    let folder: string;
    let server: RunningServer;

    beforeAll(async () => {
      folder = makeFolder();
      mkdirSync(group);
      // Version 2 counts swap apart, version 1 together with the rest: at most as much again, and by then it is over.
      for (const file of limits)
        if (existsSync(join(group, file))) writeFileSync(join(group, file), String(limitBytes));
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
