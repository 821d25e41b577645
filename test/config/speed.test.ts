import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/index.js';

// Processor time and not time of day, with room for a machine that does other things too.
it('reads 10 000 virtual hosts in 100 000 lines in two seconds', () => {
  const root = mkdtempSync(join(tmpdir(), 'modhost-speed-'));
  const hosts = Array.from(
    { length: 10_000 },
    (_, at) => `<VirtualHost *:8080>
    ServerName host${at}.example.com
    ServerAlias www.host${at}.example.com
    Alias /static /srv/${at}/static
    SetEnv NUMBER ${at}
    <Location /private>
        Require all denied
    </Location>
</VirtualHost>

`,
  );
  try {
    writeFileSync(join(root, 'site.conf'), hosts.join(''));
    const started = process.cpuUsage();
    const { config, mistakes } = loadConfig({
      file: 'site.conf',
      serverRoot: root,
      before: ['Listen 8080'],
      environment: {},
    });
    const { user, system } = process.cpuUsage(started);
    expect(mistakes).toEqual([]);
    expect(config?.virtualHosts).toHaveLength(10_000);
    expect((user + system) / 1e6).toBeLessThan(4);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

it('takes its time for many mistakes, but not more for each when there are many', () => {
  const root = mkdtempSync(join(tmpdir(), 'modhost-speed-'));
  const measure = (lines: number) => {
    writeFileSync(join(root, 'site.conf'), 'KeepAlive Maybe\n'.repeat(lines));
    const started = process.cpuUsage();
    const { mistakes } = loadConfig({
      file: 'site.conf',
      serverRoot: root,
      before: ['Listen 8080'],
      environment: {},
    });
    expect(mistakes).toHaveLength(lines);
    const { user, system } = process.cpuUsage(started);
    return (user + system) / lines;
  };
  try {
    measure(500);
    const few = measure(2_000);
    expect(measure(20_000)).toBeLessThan(few * 5 + 20);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

it.each([
  ['Alias', (at: number) => `Alias /a${at} /srv/a${at}`],
  [
    'WSGIScriptAlias',
    (at: number) => `WSGIScriptAlias /a${at} /srv/a process-group=%{GLOBAL} application-group=x`,
  ],
  ['Redirect', (at: number) => `Redirect /a${at} http://example.com/`],
  ['AddType', (at: number) => `AddType text/plain .x${at}`],
  ['WSGIDaemonProcess', (at: number) => `WSGIDaemonProcess g${at}`],
  ['SetEnvIf', (at: number) => `SetEnvIf Host a${at} b`],
  ['<Location>', (at: number) => `<Location /a${at}>\nRequire all granted\n</Location>`],
] as const)('reads ten thousand lines of %s', (_, line) => {
  const root = mkdtempSync(join(tmpdir(), 'modhost-speed-'));
  try {
    writeFileSync(
      join(root, 'site.conf'),
      Array.from({ length: 10_000 }, (_, at) => `${line(at)}\n`).join(''),
    );
    const started = process.cpuUsage();
    const { config } = loadConfig({
      file: 'site.conf',
      serverRoot: root,
      before: ['Listen 8080'],
      environment: {},
    });
    const { user, system } = process.cpuUsage(started);
    expect(config).toBeDefined();
    expect((user + system) / 1e6).toBeLessThan(1.5);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
