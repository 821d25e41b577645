import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LoadOptions, loadConfig } from '../../src/config/index.js';

const site = `
Define NAME value
ServerName example.com
LogLevel info wsgi:debug
SetEnv A 1
WSGIDaemonProcess shop processes=2
WSGIScriptAliasMatch "^/(?<part>[a-z]+)" /srv/$1.py process-group=shop
<Directory /srv>
    Options ExecCGI
    <Files "*.py">
        Require ip 10.0.0.0/8
    </Files>
</Directory>
<VirtualHost *:80>
    ServerAlias www.example.com
    UnsetEnv B
    StartServers 1
</VirtualHost>
NameVirtualHost *:80
`;

let root = '';

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'modhost-load-'));
});

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

function load(text: string, options: Partial<LoadOptions> = {}) {
  const file = join(root, 'site.conf');
  writeFileSync(file, text);
  return loadConfig({ file, before: ['Listen 8080'], environment: {}, ...options });
}

describe('the configuration', () => {
  const text = site.replace('    StartServers 1\n', '');

  it('survives structuredClone and v8.serialize', () => {
    const { config } = load(text);
    expect(config).toBeDefined();
    expect(structuredClone(config)).toEqual(config);
    const copy = deserialize(serialize(config));
    expect(copy).toEqual(config);
    const [alias] = copy.mainServer.scriptAliases;
    expect(alias.match.pattern.exec('/abc')?.groups?.part).toBe('abc');
  });

  it('is frozen all the way down', () => {
    const { config } = load(text);
    const loose: string[] = [];
    const visit = (value: unknown, path: string) => {
      if (typeof value !== 'object' || value === null) return;
      if (!Object.isFrozen(value)) loose.push(path);
      const members =
        value instanceof Map
          ? [...value]
          : value instanceof Set
            ? [...value].entries()
            : Object.entries(value);
      for (const [key, member] of members) visit(member, `${path}.${key}`);
    };
    visit(config, 'config');
    expect(loose).toEqual([]);
  });

  it('carries the warnings, and is there in spite of them', () => {
    const { config, mistakes } = load(text);
    expect(mistakes.map(({ severity, directive }) => [severity, directive])).toEqual([
      ['warning', 'NameVirtualHost'],
    ]);
    expect(config?.warnings).toEqual(mistakes);
  });

  it('is absent when there is an error', () => {
    const { config, mistakes } = load(site);
    expect(config).toBeUndefined();
    expect(mistakes.map(({ severity }) => severity)).toContain('error');
  });

  it('names every position with file and line', () => {
    const { config } = load(text);
    const file = join(root, 'site.conf');
    expect(config?.virtualHosts[0]?.position).toEqual({ file, line: 14 });
    expect(config?.processGroups[0]?.position).toEqual({ file, line: 6 });
    expect(config?.mainServer.sections[0]?.sections[0]?.settings.require?.position).toEqual({
      file,
      line: 11,
    });
  });
});

describe('where things are looked for', () => {
  it('is the folder of the file, or the one above conf/', () => {
    expect(load('').config?.serverRoot).toBe(root);
    mkdirSync(join(root, 'conf'), { recursive: true });
    writeFileSync(join(root, 'conf', 'site.conf'), '');
    const file = join(root, 'conf', 'site.conf');
    const { config } = loadConfig({ file, before: ['Listen 1'], environment: {} });
    expect(config?.serverRoot).toBe(root);
  });

  it('is the given server root, for the file too', () => {
    writeFileSync(join(root, 'other.conf'), 'PidFile x.pid\n');
    const { config } = loadConfig({
      file: 'other.conf',
      serverRoot: root,
      before: ['Listen 1'],
      environment: {},
    });
    expect(config?.configFile).toBe(join(root, 'other.conf'));
    expect(config?.global.pidFile).toBe(join(root, 'x.pid'));
  });

  it('says that the site file is missing', () => {
    const { config, mistakes } = loadConfig({
      file: join(root, 'none.conf'),
      before: ['Listen 1'],
      environment: {},
    });
    expect(config).toBeUndefined();
    expect(mistakes.map(({ message }) => message)).toEqual([
      `cannot read ${join(root, 'none.conf')}: no such file or directory`,
    ]);
  });
});

describe('the error log', () => {
  it('is standard error in the foreground, a file otherwise', () => {
    expect(load('', { foreground: true }).config?.mainServer.settings.errorLog).toEqual({ kind: 'stderr' });
    expect(load('', { foreground: false }).config?.mainServer.settings.errorLog).toEqual({
      kind: 'file',
      path: join(root, 'logs/error_log'),
    });
    expect(load('').config?.mainServer.settings.errorLog).toMatchObject({ kind: 'file' });
  });

  it('is where the site file says', () => {
    const { config } = load('ErrorLog error.log', { foreground: true });
    expect(config?.mainServer.settings.errorLog).toEqual({ kind: 'file', path: join(root, 'error.log') });
  });
});
