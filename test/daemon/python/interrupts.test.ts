import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { app, DaemonProcess, endAll } from './daemon-process.js';

afterEach(endAll);

const script = app('limits.py');
const rounds = 6;

describe('an interrupted request', () => {
  it.each([1, 1000, 50_000])(
    'that writes %i bytes again and again does not hold up its connection',
    async (size) => {
      const limits = { threads: 3, requestTimeoutMs: 200, interruptTimeoutMs: 5000 };
      const daemon = await DaemonProcess.start(limits);
      const frontEnd = await daemon.connect();
      for (let round = 0; round < rounds; round += 1) {
        const query = String(size);
        const endless = frontEnd.request({ script, path: '/endless', query, countOnly: true });
        while (!endless.isOver) expect((await frontEnd.get(script, { path: '/quick' })).body).toBe('quick');
        expect(endless.abort?.sentence).toContain('was interrupted after the response head was sent');
      }
      expect(daemon.controlMessages.filter(({ type }) => type === 'reload')).toEqual([]);
      await daemon.drain();
    },
  );
});

describe('sending', () => {
  it.each([
    ['is complete or has not begun, whenever an interrupt comes', 'interrupts'],
    ['waits no longer when it is interrupted', 'waiting'],
    ['gives the connection up where memory lacks, and nothing else', 'memory'],
    ['tells whoever waits for it when it fails', 'through'],
    ['of what makes a request run comes before it runs, or it does not', 'ahead'],
    ['to the supervisor that a script is loaded is done where the script is loaded', 'loading'],
    ['is protected in whatever a worker thread may call', 'methods'],
  ])('%s', (_, name) => {
    const [program, packageFolder] = ['./write_path.py', '../../../src/daemon/python'].map((path) =>
      fileURLToPath(new URL(path, import.meta.url)),
    ) as [string, string];
    execFileSync('python3', ['-B', program, packageFolder, name], { stdio: 'pipe', timeout: 60_000 });
  });
});
