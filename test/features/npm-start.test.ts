import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { findFreePort, makeFolder, removeFolder } from '../peers/server.js';
import { isAlive } from '../survival/site.js';

let folder: string;

beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => removeFolder(folder));

// npm hands a signal to its child alone: a shell in between would end, and leave the server behind.
it.each(['SIGTERM', 'SIGINT'] as const)(
  '%s to npm start ends the server',
  { timeout: 60_000 },
  async (signal) => {
    for (const name of ['conf', 'logs']) mkdirSync(join(folder, name));
    const port = await findFreePort();
    writeFileSync(
      join(folder, 'conf/site.conf'),
      `Listen 127.0.0.1:${port}\nServerName localhost\nPidFile ${folder}/pid\n`,
    );
    // Not what comes before it: the build takes away what other tests run.
    const npm = spawn('npm', ['start', '--ignore-scripts', '--', '-d', folder], {
      cwd: projectRoot,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let server = 0;
    try {
      let text = '';
      for await (const piece of npm.stdout) {
        text += piece;
        if (text.includes('modhost serves')) break;
      }
      server = Number(readFileSync(join(folder, 'pid'), 'utf8'));
      const ended = once(npm, 'exit');
      npm.kill(signal);
      await ended;
      expect(isAlive(server)).toBe(false);
      expect(existsSync(join(folder, 'pid'))).toBe(false);
    } finally {
      npm.kill('SIGKILL');
      if (server > 0 && isAlive(server)) process.kill(server, 'SIGTERM');
    }
  },
);
