import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { removeStaleSockets } from '../../src/processes/stale-sockets.js';

it('removes what a killed supervisor left, and nothing else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'modhost-sockets-'));
  const { pid: dead } = spawnSync(process.execPath, ['-e', '']);
  const kept = [
    `wsgi.${process.pid}.app.python.1.sock`,
    `wsgi.${dead}.app.txt`,
    `other.${dead}.app.python.1.sock`,
    'wsgi.x.app.python.1.sock',
    'modhost.pid',
  ];
  for (const name of [...kept, `wsgi.${dead}.app.python.1.sock`, `wsgi.${dead}.app.node.2.sock`])
    writeFileSync(join(folder, name), '');
  removeStaleSockets(join(folder, 'wsgi'));
  expect(readdirSync(folder).sort()).toEqual(kept.sort());
  rmSync(folder, { recursive: true });
});
