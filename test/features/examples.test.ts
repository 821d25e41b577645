import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { findFreePort, makeFolder, type RunningServer, removeFolder, startModhost } from '../peers/server.js';

/** The folder of an example, copied, since sites leave logs and databases beside their files. */
async function startExample(name: string, folder: string): Promise<RunningServer> {
  const port = await findFreePort();
  return await startModhost(
    ['-X', '-d', join(folder, name), '-f', 'site.conf', '-C', `Define PORT ${port}`],
    port,
  );
}

let folder: string;
beforeAll(() => {
  folder = makeFolder();
  cpSync(join(projectRoot, 'examples'), folder, { recursive: true });
});
afterAll(() => removeFolder(folder));

function askerOf(server: () => RunningServer) {
  return async (path: string, credentials?: string) => {
    const authorization = `Basic ${Buffer.from(credentials ?? '').toString('base64')}`;
    const headers: Record<string, string> = credentials === undefined ? {} : { authorization };
    const response = await fetch(server().origin + path, { headers });
    return `${response.status} ${response.status === 200 ? (await response.text()).trim() : ''}`.trim();
  };
}

describe('examples/scrypt-users', () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startExample('scrypt-users', folder);
  });
  afterAll(() => server?.stop());
  const ask = askerOf(() => server);

  it.each([
    ['/', undefined, '401'],
    ['/', 'alice:wonderland', '200 Hello alice.'],
    ['/', 'björn:änderung', '200 Hello björn.'],
    ['/', 'alice:wrong', '401'],
    ['/', 'alice:', '401'],
    ['/', 'nobody:wonderland', '401'],
    ['/login', undefined, '200 Nobody has logged in.'],
  ])('%s as %s: %s', async (path, credentials, answer) => {
    expect(await ask(path, credentials)).toBe(answer);
  });
});

// Node 20 has no SQLite of its own.
describe.skipIf(process.getBuiltinModule('node:sqlite') === undefined)('examples/sqlite-users', () => {
  let server: RunningServer;
  beforeAll(async () => {
    const addUser = (password: string, ...words: string[]) => {
      const program = join(folder, 'sqlite-users/add-user.mjs');
      const { status, stderr } = spawnSync(process.execPath, [program, ...words], { input: password });
      expect(status, String(stderr)).toBe(0);
    };
    addUser('wonderland\n', 'alice', 'staff');
    addUser('änderung', 'björn');
    server = await startExample('sqlite-users', folder);
  });
  afterAll(() => server?.stop());
  const ask = askerOf(() => server);

  it.each([
    ['/index.html', undefined, '401'],
    ['/index.html', 'alice:wonderland', '200 <p>For members.</p>'],
    ['/index.html', 'björn:änderung', '200 <p>For members.</p>'],
    ['/index.html', 'alice:wrong', '401'],
    ['/index.html', "alice' --:wonderland", '401'],
    ['/staff.html', 'alice:wonderland', '200 <p>For staff.</p>'],
    ['/staff.html', 'björn:änderung', '401'],
  ])('%s as %s: %s', async (path, credentials, answer) => {
    expect(await ask(path, credentials)).toBe(answer);
  });
});
