import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/index.js';
import { planPool } from '../../src/processes/launch-plan.js';
import { planReload, type RunningSite } from '../../src/processes/reload-plan.js';

const folder = mkdtempSync(join(tmpdir(), 'modhost-plan-'));
afterAll(() => rmSync(folder, { recursive: true }));

function siteWith(options: string): RunningSite {
  const file = join(folder, 'site.conf');
  writeFileSync(file, `Listen 127.0.0.1:1\nServerName a\nWSGIDaemonProcess site ${options}\n`);
  const { config, mistakes } = loadConfig({ file, environment: {} });
  const [group] = config?.processGroups ?? [];
  if (config === undefined || group === undefined) throw new Error(JSON.stringify(mistakes));
  const ports = { runtimeOf: () => 'node' as const, healthTargetOf: () => undefined };
  return { config, plans: new Map([['site/node', planPool(config, group, 'node', ports)]]) };
}

const changesFrom = (before: string, after: string) =>
  planReload(siteWith(before), siteWith(after)).find(({ what }) => what === 'process group');

it.each([
  ['threads=4', 'threads=5', 'threads 4 -> 5'],
  ['', 'request-timeout=60', 'request-timeout 0 -> 60'],
  ['umask=0027', 'umask=0022', 'umask 0027 -> 0022'],
  ['', 'websocket-drain-timeout=600', 'websocket-drain-timeout (default) -> 600'],
  ['python-path=/a:/b', 'python-path=/a', 'python-path /a:/b -> /a'],
  ['', 'python-path=/a', 'python-path (none) -> /a'],
  ['env=A=secret', 'env=A=other', 'environment'],
  ['', 'processes=1', 'processes= is given, or is no longer: wsgi.multiprocess'],
])('%s to %s is told as it is written', (before, after, told) => {
  expect(changesFrom(before, after)).toMatchObject({ change: 'replaced', because: [told] });
});

it('what only front ends obey leaves processes alone', () => {
  expect(changesFrom('', 'listen-backlog=5 connect-timeout=3 header-buffer-size=9000')?.change).toBe(
    'unchanged',
  );
});
