import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countFailures, startLoad } from '../survival/load.js';
import { SurvivalSite } from '../survival/site.js';

/** A file system of 256 KiB takes root, and a system that lets root mount one. */
const canMount = process.getuid?.() === 0 && tryToMount();

describe.skipIf(!canMount)('a disk that is full of logs (takes root and mount)', { timeout: 60_000 }, () => {
  const site = new SurvivalSite();
  const logs = join(site.folder, 'small');

  beforeAll(async () => {
    mkdirSync(logs);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'modhost-test', logs]);
    writeFileSync(
      join(site.folder, 'app.py'),
      `import sys
def application(environ, start_response):
    print('said by the application', 'x' * 400, file=sys.stderr)
    start_response('200 OK', [('Content-Length', '4')])
    return [b'good']
`,
    );
    await site.start(`WSGIDaemonProcess app
WSGIScriptAlias /app ${site.folder}/app.py process-group=app application-group=%{GLOBAL}
ErrorLog ${logs}/error_log
CustomLog ${logs}/access_log common`);
  });
  afterAll(async () => {
    await site.stop();
    execFileSync('umount', [logs]);
    await site.remove();
  });

  it('keeps nobody from being served, and is written to again as soon as there is room', async () => {
    const load = startLoad({ port: site.port, connections: 8, paths: ['/app'], pauseMs: 0 });
    const written = () => statSync(join(logs, 'error_log')).size + statSync(join(logs, 'access_log')).size;
    await expect.poll(written, { timeout: 30_000 }).toBeGreaterThan(240 * 1024);
    // Much more than the disk holds.
    await load.answeredMore(2_000);
    expect(written()).toBeLessThanOrEqual(256 * 1024);
    expect((await site.command('status')).exitCode).toBe(0);
    expect((await site.command('graceful')).exitCode).toBe(0);
    await load.answeredMore(100);
    // An operator makes room, as a program does that rotates logs by copying them.
    for (const name of ['error_log', 'access_log']) execFileSync('truncate', ['-s', '0', join(logs, name)]);
    await load.answeredMore(50);
    await load.stop();
    expect(countFailures(load.failures)).toEqual({});

    for (const name of ['error_log', 'access_log']) execFileSync('truncate', ['-s', '0', join(logs, name)]);
    expect(await site.ask('/app?after=the-flood')).toBe('good');
    await expect
      .poll(() => readFileSync(join(logs, 'access_log'), 'latin1'), { timeout: 15_000 })
      .toMatch(/^127\.0\.0\.1 - - \[[^\]]+\] "GET \/app\?after=the-flood HTTP\/1\.1" 200 4$/m);
    await expect
      .poll(() => readFileSync(join(logs, 'error_log'), 'latin1'), { timeout: 15_000 })
      .toContain('said by the application');
  });
});

function tryToMount(): boolean {
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
