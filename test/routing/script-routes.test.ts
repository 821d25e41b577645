import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHtaccessParser, loadConfig } from '../../src/config/index.js';
import { createRouter } from '../../src/routing/index.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modhost-script-routes-'));
  writeFileSync(join(folder, 'app.wsgi'), '');
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

/** A mount at /app. `lines`: more of the site file. */
function start(lines: string) {
  const file = join(folder, 'site.conf');
  writeFileSync(file, `Listen 8080\nWSGIScriptAlias /app ${folder}/app.wsgi\n${lines}\n`);
  const { config, mistakes } = loadConfig({ file, environment: {} });
  if (config === undefined) throw new Error(JSON.stringify(mistakes));
  const router = createRouter(config, undefined, {
    parse: createHtaccessParser(config, {}),
    warn: () => {},
  });
  return { main: config.mainServer, router };
}

const closed = '<Directory />\nAllowOverride None\n</Directory>';

describe('a route to a script', () => {
  it('is the same for the same path', () => {
    const { main, router } = start(closed);
    expect(router.route(main, '/app/x')).toBe(router.route(main, '/app/x'));
    expect(router.route(main, '/app/y').mapping).toMatchObject({ kind: 'script', pathInfo: '/y' });
  });

  it('is looked for anew when the script is gone', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { main, router } = start(closed);
    router.route(main, '/app');
    rmSync(join(folder, 'app.wsgi'));
    vi.advanceTimersByTime(1_001);
    expect(router.route(main, '/app').mapping.kind).toBe('missing');
  });

  it('is not the one of a path that rules have changed', () => {
    const { main, router } = start(closed);
    const known = router.route(main, '/app');
    const forced = router.route(main, '/app', undefined, { forced: { forceType: 'text/plain' } });
    expect(forced.settings.forceType).toBe('text/plain');
    const renamed = router.route(main, '/app', undefined, { filename: join(folder, 'site.conf') });
    expect(renamed.mapping.kind).toBe('file');
    expect(router.route(main, '/app')).toBe(known);
  });

  it('is asked for each time where an <If> may say something else', () => {
    const { main, router } = start(`${closed}\n<If "true">\nForceType text/plain\n</If>`);
    expect(router.route(main, '/app', () => false).settings.forceType).toBeUndefined();
    expect(router.route(main, '/app', () => true).settings.forceType).toBe('text/plain');
    expect(router.route(main, '/app').fault).toBeDefined();
  });

  it('is asked for each time where a .htaccess file may say something else', async () => {
    const { main, router } = start(`<Directory ${folder}>\nAllowOverride All\n</Directory>`);
    router.route(main, '/app');
    writeFileSync(join(folder, '.htaccess'), 'Require all denied\n');
    await new Promise((resolve) => setImmediate(resolve));
    expect(router.route(main, '/app').settings.require).toBeDefined();
  });

  it('is remembered for a second where a .htaccess file may say nothing', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { main, router } = start('');
    const known = router.route(main, '/app');
    expect(router.route(main, '/app')).toBe(known);
    writeFileSync(join(folder, '.htaccess'), 'Require all denied\n');
    await new Promise((resolve) => setImmediate(resolve));
    vi.advanceTimersByTime(1_001);
    expect(router.route(main, '/app').refusal).toBeDefined();
  });
});
