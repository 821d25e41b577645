import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHtaccessParser, loadConfig } from '../../src/config/index.js';
import type { ParseHtaccess } from '../../src/config/model.js';
import { createRouter } from '../../src/routing/index.js';
import { looksForFiles } from '../../src/routing/overrides.js';
import { compileSections } from '../../src/routing/sections.js';

let folder: string;
let documents: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modhost-htaccess-'));
  documents = join(folder, 'documents');
  mkdirSync(join(documents, 'a/b'), { recursive: true });
  for (const name of ['f.txt', 'a/f.txt', 'a/b/f.txt']) writeFileSync(join(documents, name), 'f');
});
afterEach(() => rmSync(folder, { recursive: true }));

function load(siteFile: string) {
  const file = join(folder, 'site.conf');
  writeFileSync(file, `Listen 8080\nDocumentRoot ${documents}\n${siteFile}`);
  const { config, mistakes } = loadConfig({ file, environment: {} });
  if (config === undefined) throw new Error(JSON.stringify(mistakes));
  return config;
}

/** A router, and the files it had read for it. */
function start(siteFile = `<Directory ${documents}>\nAllowOverride All\n</Directory>`) {
  const config = load(siteFile);
  const read: string[] = [];
  const warnings: string[] = [];
  const understand = createHtaccessParser(config, {});
  const parse: ParseHtaccess = (file) => {
    read.push(file.file.slice(documents.length));
    return understand(file);
  };
  const router = createRouter(config, undefined, { parse, warn: (_, text) => warnings.push(text) });
  const route = (path: string) => router.route(config.mainServer, path);
  return { read, warnings, route, type: (path: string) => route(path).settings.forceType };
}

/** Old enough for its time to tell whether it has changed since, and in another turn of the event loop. */
const settle = () => sleep(120);

const write = (path: string, text: string) => writeFileSync(join(documents, path), text);

describe('.htaccess files', () => {
  it('are read once, until they change', async () => {
    write('a/.htaccess', 'ForceType text/x-one');
    await settle();
    const { read, type, route } = start();
    expect([type('/a/f.txt'), type('/a/f.txt'), type('/a/b/f.txt')]).toEqual(Array(3).fill('text/x-one'));
    expect(read).toEqual(['/a/.htaccess']);
    expect(route('/a/f.txt').settings).toBe(route('/a/f.txt').settings);
    write('a/.htaccess', 'ForceType text/x-two');
    await settle();
    expect(type('/a/f.txt')).toBe('text/x-two');
    expect(read).toHaveLength(2);
  });

  it('are read again when another change could bear the same time', async () => {
    const { type } = start();
    for (const text of ['one', 'two', 'six']) {
      write('a/.htaccess', `ForceType text/x-${text}`);
      // Only another turn: well within the grain of the clock.
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      expect(type('/a/f.txt')).toBe(`text/x-${text}`);
    }
  });

  it('come and go, by whatever means', async () => {
    const { type } = start();
    expect(type('/a/f.txt')).toBeUndefined();
    write('new', 'ForceType text/x-moved');
    renameSync(join(documents, 'new'), join(documents, 'a/.htaccess'));
    await settle();
    expect(type('/a/f.txt')).toBe('text/x-moved');
    rmSync(join(documents, 'a/.htaccess'));
    await settle();
    expect(type('/a/f.txt')).toBeUndefined();
    write('elsewhere', 'ForceType text/x-linked');
    symlinkSync('../elsewhere', join(documents, 'a/.htaccess'));
    await settle();
    expect(type('/a/f.txt')).toBe('text/x-linked');
  });

  it('refuse with place and message when they are wrong', async () => {
    write('a/.htaccess', '\n  AuthTyp Basic\nNonsense');
    const { route } = start();
    expect(route('/a/b/f.txt').refusal).toEqual({
      status: 500,
      level: 'alert',
      reason: `${documents}/a/.htaccess:2:3: AuthTyp: is not a known directive; did you mean 'AuthType'? (and 1 more)`,
    });
    expect(route('/f.txt').refusal).toBeUndefined();
    write('a/.htaccess', 'Require all granted');
    await settle();
    expect(route('/a/b/f.txt').refusal).toBeUndefined();
  });

  it('refuse when they are no regular files', () => {
    mkdirSync(join(documents, 'a/.htaccess'));
    expect(start().route('/a/f.txt').refusal).toMatchObject({ status: 403, level: 'crit' });
  });

  it.skipIf(process.getuid?.() === 0)('refuse when they cannot be read', () => {
    write('a/.htaccess', 'Require all granted');
    chmodSync(join(documents, 'a/.htaccess'), 0);
    expect(start().route('/a/f.txt').refusal).toMatchObject({ status: 403, level: 'crit' });
  });

  it('refuse when they are too large', () => {
    write('a/.htaccess', '#\n'.repeat(600_000));
    expect(start().route('/a/f.txt').refusal).toMatchObject({ status: 403, level: 'crit' });
  });

  it('warn once of what has no effect', () => {
    write('a/.htaccess', '<IfModule mod_nothing.c>\n</IfModule>\nEnableSendfile On\nAddIcon /x .y');
    const { warnings, route } = start();
    route('/a/f.txt');
    route('/a/f.txt');
    expect(warnings.filter((text) => text.includes('AddIcon')).length).toBe(1);
  });

  it('warn of twenty things, and say that there are more', () => {
    write('a/.htaccess', 'AddIcon /x .y\n'.repeat(1000));
    const { warnings, route } = start();
    route('/a/f.txt');
    expect(warnings).toHaveLength(21);
    expect(warnings.at(-1)).toMatch(/\/a\/\.htaccess: and 980 more warnings$/);
  });

  it('can forbid symbolic links, and let them through', async () => {
    symlinkSync('f.txt', join(documents, 'a/link.txt'));
    write('a/.htaccess', 'Options -FollowSymLinks');
    const { route } = start();
    expect(route('/a/link.txt').mapping.kind).toBe('forbidden');
    expect(route('/a/f.txt').mapping.kind).toBe('file');
    const strict = start(`<Directory ${documents}>\nAllowOverride All\nOptions None\n</Directory>`);
    expect(strict.route('/a/link.txt').mapping.kind).toBe('forbidden');
    write('a/.htaccess', 'Options +FollowSymLinks');
    await settle();
    expect(strict.route('/a/link.txt').mapping.kind).toBe('file');
  });

  it('are read for each virtual host by its own rules', async () => {
    write('.htaccess', 'Options All');
    const config = load(`<VirtualHost *:8080>
      <Directory ${documents}>\nAllowOverride Options\n</Directory>
    </VirtualHost>
    <VirtualHost *:8080>
      <Directory ${documents}>\nAllowOverride FileInfo\n</Directory>
    </VirtualHost>
    <VirtualHost *:8080>
      <Directory ${documents}>\nAllowOverride None\n</Directory>
    </VirtualHost>`);
    const ports = { parse: createHtaccessParser(config, {}), warn: () => {} };
    const router = createRouter(config, undefined, ports);
    const statuses = config.virtualHosts.map((host) => router.route(host, '/f.txt').refusal?.status);
    expect(statuses).toEqual([undefined, 500, undefined]);
  });

  it('that say nothing but may not say anything are let be', () => {
    write('.htaccess', '# nothing');
    expect(start('').route('/f.txt').refusal).toBeUndefined();
    write('a/.htaccess', 'Require all denied');
    expect(start('').route('/a/f.txt').refusal?.reason).toContain('Require not allowed here');
  });
});

describe('whether there is anything to look for', () => {
  const looks = (siteFile: string) => looksForFiles([compileSections(load(siteFile).mainServer.sections)]);

  it.each([
    ['', true],
    ['<Directory />\nAllowOverride None\n</Directory>', false],
    [
      '<Directory />\nAllowOverride None\n</Directory>\n<Directory /a>\nAllowOverride None\n</Directory>',
      false,
    ],
    [
      '<Directory />\nAllowOverride None\n</Directory>\n<Directory /a>\nAllowOverride All\n</Directory>',
      true,
    ],
    [
      '<Directory />\nAllowOverride None\n</Directory>\n<Directory /*/a>\nAllowOverride All\n</Directory>',
      true,
    ],
    [
      '<Directory />\nAllowOverride None\n</Directory>\n<Directory /a>\nAllowOverrideList Redirect\n</Directory>',
      true,
    ],
    [
      '<Directory />\nAllowOverride None\n</Directory>\n<Directory /a>\nAllowOverride Nonfatal=All\n</Directory>',
      true,
    ],
    ['<Directory /a>\nAllowOverride None\n</Directory>', true],
    ['<DirectoryMatch "^/">\nAllowOverride None\n</DirectoryMatch>', true],
  ])('%j: %s', (siteFile, expected) => {
    expect(looks(siteFile)).toBe(expected);
  });
});

describe('a .htaccess file that has changed', () => {
  it('leaves nothing of itself behind', async () => {
    const gc = (globalThis as { gc?: () => void }).gc ?? exposeGc();
    const { route } = start();
    const first = new WeakRef(replaceOnce(route, 0));
    for (let change = 1; change < 3; change += 1) {
      await settle();
      replaceOnce(route, change);
    }
    await settle();
    gc();
    await settle();
    gc();
    expect(first.deref()).toBeUndefined();
  });

  function replaceOnce(route: (path: string) => { readonly settings: object }, change: number): object {
    write('a/.htaccess', `ForceType text/x-${change}`);
    return route('/a/f.txt').settings;
  }

  function exposeGc(): () => void {
    setFlagsFromString('--expose-gc');
    return runInNewContext('gc') as () => void;
  }
});
