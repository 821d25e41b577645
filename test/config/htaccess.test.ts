import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHtaccessParser, findOrigin, loadConfig, type ServerConfig } from '../../src/config/index.js';
import type { HtaccessText, OverrideClass, Overrides } from '../../src/config/model.js';

const siteFile = `Listen 8080
Define WORD value
<Macro Close $group>
    Require group $group
</Macro>
<AuthnProviderAlias file others>
    AuthUserFile conf/others
</AuthnProviderAlias>
<AuthzProviderAlias user only-alice alice>
</AuthzProviderAlias>
`;

const all: Overrides = {
  classes: new Set<OverrideClass>(['AuthConfig', 'FileInfo', 'Indexes', 'Limit', 'Options']),
  forgives: new Set(),
  names: new Set(),
};

let folder: string;
let config: ServerConfig;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'modhost-htaccess-'));
  writeFileSync(join(folder, 'site.conf'), siteFile);
  const loaded = loadConfig({ file: join(folder, 'site.conf'), environment: {} });
  if (loaded.config === undefined) throw new Error(JSON.stringify(loaded.mistakes));
  config = loaded.config;
});
afterAll(() => rmSync(folder, { recursive: true }));

function parse(text: string | Buffer, overrides: Partial<Overrides> = {}): HtaccessText {
  return createHtaccessParser(config, { FROM_ENVIRONMENT: 'environment' })({
    file: '/srv/.htaccess',
    directory: '/srv',
    content: Buffer.from(text),
    overrides: { ...all, ...overrides },
    virtualHost: config.mainServer,
  });
}

function settingsOf(text: string, overrides: Partial<Overrides> = {}) {
  const parsed = parse(text, overrides);
  if (parsed.kind === 'mistakes') throw new Error(JSON.stringify(parsed.mistakes));
  return parsed.section.settings;
}

/** `line:column Directive message`. */
function mistakesOf(text: string | Buffer, overrides: Partial<Overrides> = {}): string[] {
  const parsed = parse(text, overrides);
  const mistakes = parsed.kind === 'mistakes' ? parsed.mistakes : [];
  return mistakes.map(
    ({ position, column, directive = '', message }) => `${position.line}:${column} ${directive} ${message}`,
  );
}

describe('the text of a .htaccess file', () => {
  it('is a section of its directory', () => {
    const parsed = parse('# nothing\nForceType text/x-a\n<Files f>\nForceType text/x-f\n</Files>\n');
    expect(parsed).toMatchObject({
      kind: 'section',
      section: {
        kind: 'directory',
        match: { kind: 'literal', text: '/srv' },
        argument: '/srv/.htaccess',
        isHtaccess: true,
        settings: { forceType: 'text/x-a' },
        sections: [{ kind: 'files', argument: 'f', position: { file: '/srv/.htaccess', line: 3 } }],
      },
    });
  });

  it('knows variables, macros and providers of the site file', () => {
    expect(settingsOf(`AuthName "\${WORD} \${FROM_ENVIRONMENT}"`).authName).toBe('value environment');
    expect(settingsOf('Use Close staff').require).toMatchObject({ requirements: [{ names: ['staff'] }] });
    expect([...(settingsOf('AuthBasicProvider others').authnAliases ?? [])]).toHaveLength(1);
    expect(settingsOf('Require only-alice').require).toMatchObject({ requirements: [{ names: ['alice'] }] });
  });

  it('changes no macros of the next file', () => {
    parse('UndefMacro Close\n<Macro Own>\nForceType text/x-own\n</Macro>\nUse Own');
    expect(settingsOf('Use Close staff').require).toBeDefined();
    expect(mistakesOf('Use Own')).toHaveLength(1);
  });

  it.each([
    ['Nonsense', '1:1 Nonsense is not a known directive'],
    ['\n  AuthTyp Basic', "2:3 AuthTyp is not a known directive; did you mean 'AuthType'?"],
    ['Include x', '1:1 Include not allowed here; expected it in the site file'],
    ['Define X y', '1:1 Define not allowed here; expected it in the site file'],
    ['<Directory />\n</Directory>', '1:1 <Directory> not allowed here; expected it in the site file'],
    ['AllowOverride All', '1:1 AllowOverride not allowed here; expected it in the site file'],
    ['WSGIProcessGroup x', '1:1 WSGIProcessGroup not allowed here; expected it in the site file'],
    ['<Files x>', '1:1 <Files> expected </Files> before the end'],
    ['AuthType', '1:1 AuthType takes one argument'],
  ])('%j is a mistake', (text, mistake) => {
    expect(mistakesOf(text)[0]).toContain(mistake);
  });

  it.each([
    [['FileInfo'], 'Require all granted', 'AllowOverride AuthConfig for /srv would let it stand here'],
    [['AuthConfig'], 'Order allow,deny', 'AllowOverride Limit for /srv would let it stand here'],
    [
      ['FileInfo'],
      '<Limit GET>\n</Limit>',
      'AllowOverride AuthConfig or Limit for /srv would let it stand here',
    ],
    [[], '<IfModule mod_alias.c>\n</IfModule>', 'AuthConfig, FileInfo, Indexes, Limit or Options'],
  ] as const)('may only say what AllowOverride %j lets it: %j', (classes, text, reason) => {
    const [first] = mistakesOf(text, { classes: new Set(classes) });
    expect(first).toContain('not allowed here; ');
    expect(first).toContain(reason);
  });

  it('may hold what AllowOverrideList names', () => {
    const overrides = { classes: new Set<OverrideClass>(), names: new Set(['forcetype']) };
    expect(settingsOf('ForceType text/x-a', overrides).forceType).toBe('text/x-a');
    expect(mistakesOf('AddType text/x-a .a', overrides)).toHaveLength(1);
  });

  it('is checked as strictly in its sections', () => {
    const classes = new Set<OverrideClass>(['FileInfo']);
    expect(mistakesOf('<Files x>\nRequire all granted\n</Files>', { classes })).toHaveLength(1);
    expect(mistakesOf('<If "true">\nOptions All\n</If>', { classes })).toHaveLength(1);
  });

  it('chooses no process group for its programs', () => {
    expect(mistakesOf('WSGIAuthUserScript /srv/auth.py process-group=other')[0]).toContain('process-group');
    expect(mistakesOf('WSGIAuthGroupScript /srv/auth.py process-group=other')[0]).toContain('process-group');
    expect(settingsOf('WSGIAuthUserScript /srv/auth.py application-group=a').authUserScript).toBeDefined();
  });

  it('skips with a warning what Nonfatal forgives, but never a conditional', () => {
    const forgives = new Set(['unknown', 'override'] as const);
    const classes = new Set<OverrideClass>(['FileInfo']);
    const parsed = parse('Nonsense\nAuthName x\nForceType text/x-a', { classes, forgives });
    expect(parsed.kind === 'section' && parsed.warnings.map(({ directive }) => directive)).toEqual([
      'Nonsense',
      'AuthName',
    ]);
    expect(mistakesOf('ForceType', { classes, forgives })).toHaveLength(1);
    const nothing = { classes: new Set<OverrideClass>(), forgives };
    expect(mistakesOf('<IfModule mod_alias.c>\nRequire all denied\n</IfModule>', nothing)).toHaveLength(1);
  });

  it('may be binary rubbish', () => {
    expect(mistakesOf(Buffer.from([0xff, 0xfe, 0x41, 0x00])).length).toBeGreaterThan(0);
    expect(mistakesOf(Buffer.from([0x41, 0xff, 0x00, 0x42])).length).toBeGreaterThan(0);
  });

  it('is read to the hundredth error', () => {
    expect(mistakesOf('Nonsense\n'.repeat(99))).toHaveLength(99);
    expect(mistakesOf('Nonsense\n'.repeat(1000))).toHaveLength(100);
    expect(mistakesOf('<Files x>\nNonsense\n</Files>\n'.repeat(1000))).toHaveLength(100);
    expect(mistakesOf('Use Nonsense\n'.repeat(1000))).toHaveLength(100);
  });

  it('has at most 50 000 lines, with those of macros', () => {
    expect(mistakesOf('Use Close a\n'.repeat(25_000))).toEqual([]);
    expect(mistakesOf('Use Close a\n'.repeat(25_001))).toEqual([
      expect.stringContaining('more than 50000 lines in all files and macros together'),
    ]);
  });

  it.each([
    ['directives that nobody knows', () => 'Abcdefghijklmnop x', 'mistakes'],
    ['those that are skipped', () => 'Abcdefghijklmnop x', 'section', new Set(['unknown'] as const)],
    ['redirects', (at: number) => `Redirect /${at} /x`],
    ['redirects by patterns', (at: number) => `RedirectMatch ^/${at}$ /x`],
    ['times of media types', (at: number) => `ExpiresByType a/${at} A1`],
    ['variables for FastCGI', (at: number) => `ProxyFCGISetEnvIf true A${at} x`],
    ['names of an index', (at: number) => `DirectoryIndex ${at}`],
    ['providers', () => 'AuthBasicProvider file'],
    ['options of rules', () => 'RewriteOptions Inherit'],
  ])('holds nobody up with 30 000 lines: %s', (_, line, kind = 'section', forgives = new Set<never>()) => {
    const text = Array.from({ length: 30_000 }, (_, at) => line(at)).join('\n');
    const started = process.cpuUsage();
    expect(parse(text, { forgives }).kind).toBe(kind);
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 1e6).toBeLessThan(3);
  });

  it('says where what several lines add up to was said last', () => {
    const lines =
      'DirectoryIndex a\nExpiresByType a/b A1\nDirectoryIndex b\nExpiresByType a/b A2\nOptions None';
    const settings = settingsOf(lines);
    expect(settings.directoryIndex).toEqual(['a', 'b']);
    expect(findOrigin(settings, 'directoryIndex')?.line).toBe(3);
    expect(findOrigin(settings, 'expiresByType')?.line).toBe(4);
  });

  it('has lines of at most 8191 bytes, also where they are comments', () => {
    expect(mistakesOf(`#${'a'.repeat(8190)}`)).toEqual([]);
    expect(mistakesOf(`#${'a'.repeat(8191)}`)).toHaveLength(1);
  });
});
