import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findSiteFile, formatSettings, formatVersion, parseCommandLine, usage } from '../../src/cli/index.js';

const site = { defines: [], directivesBefore: [], directivesAfter: [] };

describe('command line', () => {
  it.each<[string, object]>([
    ['', { kind: 'start', foreground: false, site }],
    ['-X', { kind: 'start', foreground: true, site }],
    ['run', { kind: 'start', foreground: true, site }],
    ['-D FOREGROUND', { kind: 'start', foreground: true, site: { ...site, defines: ['FOREGROUND'] } }],
    ['start', { kind: 'start', foreground: false, site }],
    ['-k start -X', { kind: 'start', foreground: true, site }],
    ['-k stop', { kind: 'control', action: 'stop', site }],
    ['-kgraceful', { kind: 'control', action: 'graceful', site }],
    ['graceful-stop', { kind: 'control', action: 'graceful-stop', site }],
    ['-f x.conf restart', { kind: 'control', action: 'restart', site: { ...site, configFile: 'x.conf' } }],
    ['-t', { kind: 'check', site, json: false }],
    ['config --resolved', { kind: 'show-resolved', site }],
    ['--json -t', { kind: 'check', site, json: true }],
    ['-S', { kind: 'show-virtual-hosts', site }],
    ['status --json', { kind: 'ask', question: { command: 'status' }, site, json: true }],
    ['plan', { kind: 'ask', question: { command: 'plan' }, site, json: false }],
    ['reload app', { kind: 'ask', question: { command: 'reload', group: 'app' }, site, json: false }],
    ['reload %{GLOBAL}', { kind: 'ask', question: { command: 'reload', group: '' }, site, json: false }],
    ['-tS', { kind: 'show-virtual-hosts', site }],
    [
      '-t -D DUMP_VHOSTS -D DUMP_RUN_CFG',
      { kind: 'show-virtual-hosts', site: { ...site, defines: ['DUMP_VHOSTS', 'DUMP_RUN_CFG'] } },
    ],
    ['-M', { kind: 'list-modules' }],
    ['-t -DDUMP_MODULES', { kind: 'list-modules' }],
    ['-L', { kind: 'list-directives' }],
    ['-v', { kind: 'show-version' }],
    ['--version', { kind: 'show-version' }],
    ['-V -t', { kind: 'show-settings' }],
    ['-h', { kind: 'help' }],
    ['--help', { kind: 'help' }],
    ['htpasswd -c -f x y', { kind: 'htpasswd', arguments: ['-c', '-f', 'x', 'y'] }],
  ])('modhost %s', (line, command) => {
    expect(parseCommandLine(line.split(' ').filter(Boolean))).toEqual(command);
  });

  it('collects where the site is and what is added to it, in order', () => {
    const argv = [
      '-d/srv',
      '-f',
      'a.conf',
      '-D',
      'A',
      '-DB',
      '-C',
      'Listen 80',
      '-c',
      '</If>',
      '-c',
      'x',
      '-e',
      'debug',
    ];
    expect(parseCommandLine([...argv, '-t'])).toEqual({
      kind: 'check',
      json: false,
      site: {
        configFile: 'a.conf',
        serverRoot: '/srv',
        defines: ['A', 'B'],
        directivesBefore: ['Listen 80'],
        directivesAfter: ['</If>', 'x'],
        startupLogLevel: 'debug',
      },
    });
  });

  it.each([
    [['-q'], 'unknown option -q'],
    [['-tq'], 'unknown option -q'],
    [['--frobnicate'], 'unknown option --frobnicate'],
    [['-f'], 'option -f needs a value'],
    [['-k'], 'option -k needs a value'],
    [['reload'], 'expected modhost reload GROUP'],
    [['reload', 'a', 'b'], 'reload takes no b'],
    [['status', 'a'], 'status takes no a'],
    [['start', '--json'], '--json goes with -t, status and plan'],
    [['-k', 'reboot'], 'unknown command reboot'],
    [['frobnicate'], 'unknown command frobnicate'],
    [['-'], 'unknown command -'],
    [['start', 'stop'], 'one thing at a time'],
    [['-k', 'stop', 'graceful'], 'one thing at a time'],
    [['-e', 'loud'], '-e: loud is no level'],
  ])('refuses %j', (argv, message) => {
    expect(parseCommandLine(argv)).toEqual({
      kind: 'usage-error',
      message: expect.stringContaining(message),
    });
  });

  it('is explained within 110 columns', () => {
    for (const line of usage.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
    for (const option of 'fdDCceXtSLMvVhk') expect(usage).toMatch(new RegExp(`-${option}\\b`));
  });
});

describe('version', () => {
  it('is that of the package', () => {
    expect(formatVersion()).toMatch(/^Server version: modhost\/\d+\.\d+\.\d+\S*\nNode\.js: +v\d+/);
    expect(formatSettings('/srv')).toContain(
      ' -D HTTPD_ROOT="/srv"\n -D SERVER_CONFIG_FILE="conf/site.conf"\n',
    );
  });
});

describe('site file', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'modhost-cli-'));
    mkdirSync(join(folder, 'site/conf'), { recursive: true });
    writeFileSync(join(folder, 'site/conf/site.conf'), '');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const find = (options: { serverRoot?: string; configFile?: string }, working: string) =>
    findSiteFile(options, { working: join(folder, working), package: '/package' });

  it('is that of the current directory', () => {
    const serverRoot = join(folder, 'site');
    expect(find({}, 'site')).toEqual({ serverRoot, configFile: join(serverRoot, 'conf/site.conf') });
  });

  it('is the sample where there is none', () => {
    expect(find({}, 'elsewhere')).toEqual({ serverRoot: '/package', configFile: '/package/conf/site.conf' });
  });

  it('is never the sample when a place is named', () => {
    expect(find({ serverRoot: '/srv' }, 'site')).toEqual({
      serverRoot: '/srv',
      configFile: '/srv/conf/site.conf',
    });
    expect(find({ configFile: 'x.conf' }, 'elsewhere').configFile).toBe(join(folder, 'elsewhere/x.conf'));
    expect(find({ serverRoot: 'conf', configFile: 'x.conf' }, 'site').configFile).toBe(
      join(folder, 'site/conf/x.conf'),
    );
    expect(find({ configFile: '/etc/x.conf' }, 'site').configFile).toBe('/etc/x.conf');
  });
});
