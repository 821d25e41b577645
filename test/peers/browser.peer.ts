import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromium, projectRoot } from './installed.js';
import { findFreePort, makeFolder, type RunningServer, removeFolder, startModhost } from './server.js';

describe.skipIf(chromium === undefined)('A real browser on the sample site', () => {
  let folder: string;
  let server: RunningServer;

  beforeAll(async () => {
    folder = makeFolder();
    const port = await findFreePort();
    server = await startModhost(
      ['-X', '-C', `Define PORT ${port}`, '-c', `PidFile ${folder}/modhost.pid`],
      port,
    );
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  it('shows the index page with a link to each mount', async () => {
    const page = await render(server.origin, folder);
    expect(page).toContain('<h1>It works</h1>');
    for (const address of ['/py', '/static/', '/private', '/members', '/py/members', '/py/staff'])
      expect(page).toContain(`<a href="${address}">${address}</a>`);
  });

  it('shows the page of the Python application', async () => {
    const page = await render(`${server.origin}/py`, folder);
    expect(page).toContain('<h1>Hello from Python</h1>');
    expect(page).toMatch(/<th>SCRIPT_NAME<\/th><td>\/py<\/td>/);
  });
});

/** The document as the browser has it after loading. */
async function render(url: string, folder: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    chromium ?? '',
    [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
      ...['--disable-component-update', '--disable-sync', `--user-data-dir=${join(folder, 'profile')}`],
      ...['--dump-dom', url],
    ],
    { cwd: projectRoot, timeout: 45_000 },
  );
  return stdout;
}
