import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Section, VirtualHost } from '../../src/config/model.js';
import { createRouter } from '../../src/routing/index.js';
import { alias, host, readTrace, scriptAlias, section, site, trace } from './site.js';

let tree = '';

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), 'modhost-sections-'));
  for (const folder of ['root/d/sub', 'root/a*b', 'elsewhere', 's', 'root/caf\u00e9'])
    mkdirSync(join(tree, folder), { recursive: true });
  for (const file of ['root/d/f.txt', 'root/d/.htpasswd', 's/app.py', 'elsewhere/x.html', 'root/caf\u00e9/x'])
    writeFileSync(join(tree, file), '');
  symlinkSync('d', join(tree, 'root/link'));
});

afterAll(() => rmSync(tree, { recursive: true }));

function server(id: number, sections: readonly Section[]): VirtualHost {
  return host(id, {
    sections,
    settings: { ...host(0).settings, documentRoot: join(tree, 'root') },
    aliases: [alias('/al', join(tree, 'elsewhere'))],
    scriptAliases: [scriptAlias('/app', join(tree, 's/app.py'))],
  });
}

/** The names of the sections that matched, in the order in which they merged. */
function match(path: string, sections: readonly Section[], mainSections: readonly Section[] = []): string[] {
  const virtualHost = server(1, sections);
  const router = createRouter(site(server(0, mainSections), [virtualHost]));
  return readTrace(router.route(virtualHost, path).settings);
}

/** `~` is the temporary directory. */
function directory(path: string | RegExp, name: string, sections: readonly Section[] = []): Section {
  const match =
    typeof path === 'string'
      ? path.replace('~', tree)
      : new RegExp(path.source.replace('~', tree.replaceAll('/', '\\/')), path.flags);
  return section('directory', match, trace(name), sections);
}
const files = (match: string | RegExp, name: string) => section('files', match, trace(name));
const location = (match: string | RegExp, name: string) => section('location', match, trace(name));

describe('order of sections', () => {
  it('is Directory, DirectoryMatch, Files, nested Files, Location, whatever the order of the file', () => {
    const sections = [
      location('/d', 'location'),
      files('f.txt', 'files'),
      directory(/~\/root/, 'pattern'),
      directory('~/root/d', 'deep', [files('*.txt', 'nested')]),
      directory('~/root', 'shallow'),
    ];
    const order = ['shallow', 'deep', 'pattern', 'files', 'nested', 'location'];
    expect(match('/d/f.txt', sections)).toEqual(order);
    expect(match('/d/f.txt', [...sections].reverse())).toEqual(order);
  });

  it('puts the main server before the virtual host, at each depth and in each kind', () => {
    const both = (who: string) => [
      location('/d', `${who} location`),
      location('/', `${who} location /`),
      files('*', `${who} files`),
      directory('~/root', `${who} root`, [files('f*', `${who} nested`)]),
      directory('~/root/d', `${who} d`),
      directory(/root/, `${who} pattern`),
    ];
    expect(match('/d/f.txt', both('host'), both('main'))).toEqual([
      'main root',
      'host root',
      'main d',
      'host d',
      'main pattern',
      'host pattern',
      'main files',
      'host files',
      'main nested',
      'host nested',
      'main location',
      'main location /',
      'host location',
      'host location /',
    ]);
  });

  it('is that of the file among Locations: no longest match', () => {
    const sections = [
      location('/d/f.txt', 'long'),
      location(/f/, 'pattern'),
      location('/', 'short'),
      location('/d/*', 'wildcard'),
      location('/d', 'middle'),
    ];
    expect(match('/d/f.txt', sections)).toEqual(['long', 'pattern', 'short', 'wildcard', 'middle']);
  });

  it('is by number of segments among Directories, wildcards among them, then that of the file', () => {
    const depth = tree.split('/').length - 1;
    const sections = [
      directory(`${'/*'.repeat(depth)}/root/d`, 'wild deep'),
      directory('~/root/', 'literal'),
      directory('~/r*', 'wild'),
      directory('~/root', 'again'),
      directory('/', 'all'),
    ];
    expect(match('/d/f.txt', sections)).toEqual(['all', 'literal', 'wild', 'again', 'wild deep']);
  });

  it('is by number of slashes among Directory patterns, as Apache has it', () => {
    const sections = [directory(/root\/d\/f/, 'two'), directory(/d.f/, 'none'), directory(/\/d/, 'one')];
    expect(match('/d/f.txt', sections)).toEqual(['none', 'one', 'two']);
    const main = [directory(/root\/d/, 'main one'), directory(/f/, 'main none')];
    expect(match('/d/f.txt', sections, main)).toEqual(['main none', 'none', 'main one', 'one', 'two']);
  });
});

describe('<Directory>', () => {
  it.each([
    ['~/root', '/d/f.txt', true],
    ['~/root/', '/d/f.txt', true],
    ['~/root/d', '/d', true],
    ['~/root/d', '/d/', true],
    ['~/root/d', '/', false],
    ['~/root/d', '/dd', false],
    ['~/roo', '/d/f.txt', false],
    ['~/root/d/f.txt', '/d/f.txt', true],
    ['~/root/d/f.txt', '/d/f.txt/info', true],
    ['~/root/d/f.txt/info', '/d/f.txt/info', false],
    ['/', '/d/f.txt', true],
    ['/', '/nope', true],
    ['~/root/nope', '/nope', false],
    ['~/root/nope', '/nope/x', false],
    ['~/root/d', '/d/nope/deeper', true],
    ['~/root/caf\u00e9', '/caf\xc3\xa9/x', true],
    // As accessed: links are not resolved.
    ['~/root/link', '/link/f.txt', true],
    ['~/root/d', '/link/f.txt', false],
    // wildcards
    ['~/*/d', '/d/f.txt', true],
    ['~/*', '/d/f.txt', true],
    ['~*/d', '/d/f.txt', false],
    ['~/ro?t', '/d/f.txt', true],
    ['~/[q-s]oot', '/d/f.txt', true],
    ['~/[!q-s]oot', '/d/f.txt', false],
    ['~/*/*/f.txt', '/d/f.txt', true],
    ['~/*/nope', '/d/f.txt', false],
    // Alias and script files are governed alike.
    ['~/elsewhere', '/al/x.html', true],
    ['~/root', '/al/x.html', false],
    ['~/s', '/app/x', true],
    ['~/s', '/app', true],
    ['~/root', '/app', false],
  ])('%s, %s: %s', (path, url, matches) => {
    expect(match(url, [directory(path, 'it')])).toEqual(matches ? ['it'] : []);
  });

  it.each<[RegExp, string, boolean]>([
    [/~\/root\/d$/, '/d', true],
    [/~\/root\/d$/, '/d/', false],
    [/~\/root\/d\/$/, '/d/', true],
    [/~\/root\/d\/$/, '/d/f.txt', false],
    [/f\.txt$/, '/d/f.txt', true],
    [/f\.txt$/, '/d/f.txt/info', true],
    [/nope$/, '/nope', true],
    [/nope$/, '/nope/x', true],
    [/\/x$/, '/nope/x', false],
    [/app\.py/, '/app/x', true],
    [/F\.TXT/, '/d/f.txt', false],
    [/F\.TXT/i, '/d/f.txt', true],
    [/d/g, '/d/f.txt', true],
  ])('%s, %s: %s', (pattern, url, matches) => {
    expect(match(url, [directory(pattern, 'it')])).toEqual(matches ? ['it'] : []);
  });

  it('is not asked where nothing is mapped into the file system', () => {
    const virtualHost = host(1, { sections: [directory('/', 'd'), files('*', 'f'), location('/x', 'l')] });
    const router = createRouter(site(host(0), [virtualHost]));
    expect(readTrace(router.route(virtualHost, '/x').settings)).toEqual(['l']);
  });
});

describe('<Files>', () => {
  it.each<[string | RegExp, string, boolean]>([
    ['f.txt', '/d/f.txt', true],
    ['F.txt', '/d/f.txt', false],
    ['f.txt', '/d/f.txt/info', true],
    ['info', '/d/f.txt/info', false],
    ['d', '/d/f.txt', false],
    ['*.txt', '/d/f.txt', true],
    ['?.txt', '/d/f.txt', true],
    ['*.txt', '/d/xf.txtx', false],
    ['.ht*', '/d/.htpasswd', true],
    [/^\.ht/, '/d/.htpasswd', true],
    [/^\.ht/, '/.htaccess/x', true],
    ['.ht*', '/.htaccess', true],
    ['nope', '/nope/x', true],
    ['x', '/nope/x', false],
    ['d', '/d', true],
    ['d', '/d/', false],
    ['*', '/d/', true],
    ['?*', '/d/', false],
    ['app.py', '/app/anything', true],
    ['d/f.txt', '/d/f.txt', false],
    ['*', '/', true],
  ])('%s, %s: %s', (pattern, url, matches) => {
    expect(match(url, [files(pattern, 'it')])).toEqual(matches ? ['it'] : []);
  });
  it('inside a Directory counts only there', () => {
    const sections = [directory('~/root/d/sub', 'sub', [files('f.txt', 'nested')])];
    expect(match('/d/f.txt', sections)).toEqual([]);
    expect(match('/d/sub/f.txt', sections)).toEqual(['sub', 'nested']);
  });
});

describe('<Location>', () => {
  it.each<[string | RegExp, string, boolean]>([
    ['/a', '/a', true],
    ['/a', '/a/', true],
    ['/a', '/a/b', true],
    ['/a', '/ab', false],
    ['/a', '/A', false],
    ['/a', '/', false],
    ['/a/', '/a', false],
    ['/a/', '/a/', true],
    ['/a/', '/a/b/c', true],
    ['/', '/', true],
    ['/', '/x/y', true],
    ['/a/b', '/a/b/c', true],
    ['/a/b', '/a/bc', false],
    ['/a//b', '/a/b', true],
    ['/a', '//a', true],
    ['/a/b', '/a//b', true],
    ['/caf\u00e9', '/caf\xc3\xa9', true],
    ['/sp%20ace', '/sp ace', false],
    ['/sp ace', '/sp ace', true],
    ['a', '/a', false],
    ['/*/b', '/x/b', true],
    ['/*/b', '/x/b/', false],
    ['/*/b', '/x/b/c', false],
    ['/*/b', '/x/y/b', false],
    ['/*/b', '//x//b', true],
    ['/wild*', '/wildfoo', true],
    ['/wild*', '/wild', true],
    ['/wild*', '/wild/foo', false],
    ['/w?', '/wx', true],
    ['/w?', '/w/', false],
    ['/br[a-c]/*', '/bra/x', true],
    ['/br[a-c]/*', '/brd/x', false],
    ['/neg[!a]x', '/negbx', true],
    ['/neg[!a]x', '/negax', false],
    ['/neg[^a]x', '/negbx', true],
    ['/set[]a]x', '/set]x', true],
    ['/set[a\\]b]x', '/set]x', true],
    ['/set[a-]x', '/set-x', true],
    ['/set[\\a-\\c]x', '/setbx', true],
    ['/open[a*', '/open[abc', true],
    ['/hash[a/b]x', '/hash[a/b]x', true],
    ['/esc\\*?', '/esc*x', true],
    ['/esc\\*?', '/escxx', false],
    ['/*a*b*', '/xxaxxbxx', true],
    ['/*a*b*', '/xxbxxaxx', false],
    ['/trail*\\', '/trailx\\', true],
    [/^\/a/, '/ab', true],
    [/b$/, '/a/b', true],
    [/b$/, '/b\n', false],
    [/^\/a\/b/, '/a//b', false],
    [/^\/a\/\/b/, '/a//b', true],
    [/a.b/s, '/a\nb', true],
    [/caf\xc3\xa9/, '/caf\xc3\xa9', true],
    [/x/g, '/x', true],
  ])('%s, %j: %s', (pattern, url, matches) => {
    expect(match(url, [location(pattern, 'it')])).toEqual(matches ? ['it'] : []);
    expect(match(url, [], [location(pattern, 'it')])).toEqual(matches ? ['it'] : []);
  });
});

describe('hostile paths', () => {
  const sections = () => [
    directory('/', 'all'),
    directory('~/root/d', 'd'),
    location('/*a*a*a*a*a*a*a*b', 'slow'),
    files('*a*a*a*a*a*b', 'slow'),
  ];
  it.each([
    ['traversal that nobody cleaned', '/../../../../etc/passwd'],
    ['NUL', '/d/f.txt\0.html'],
    ['control characters', '/d/\x01\x1f\x7f\r\n'],
    ['backslashes', '/d\\..\\..\\etc'],
    ['8-bit bytes', '/\xff\xfe\x80'],
    ['a very long name', `/${'a'.repeat(100_000)}`],
    ['a very long path', '/a'.repeat(50_000)],
    ['thousands of slashes', '/'.repeat(100_000)],
    ['a long way behind a file', `/d/f.txt${'/x'.repeat(50_000)}`],
    ['percent signs', '/%00%2f%2e%2e/%'],
    ['only dots', '/...'],
    ['empty', ''],
    ['a star', '*'],
    ['no slash', 'etc/passwd'],
  ])('%s never throws, takes no time, and finds nothing outside', (_title, path) => {
    const virtualHost = server(1, sections());
    const router = createRouter(site(server(0, sections()), [virtualHost]));
    const start = performance.now();
    const { mapping } = router.route(virtualHost, path);
    router.route(virtualHost, `/app${path}`);
    router.route(virtualHost, `/al${path}`);
    expect(performance.now() - start).toBeLessThan(1000);
    if (path.includes('/..')) return;
    if (mapping.kind === 'redirect' || mapping.kind === 'proxied') throw new Error('nothing goes elsewhere');
    const name = mapping.kind === 'script' ? mapping.scriptFile : mapping.filename;
    expect(name === '' || name.startsWith(join(tree, 'root'))).toBe(true);
  });
});
