import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Alias, DirectorySettings, ScriptAlias, Section, VirtualHost } from '../../src/config/model.js';
import { createRouter, type Mapping } from '../../src/routing/index.js';
import { alias, host, scriptAlias, section, site } from './site.js';

let tree = '';

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), 'modhost-mapping-'));
  for (const folder of ['s/d', 's/admin', 'docs/sub', 'other', 'real'])
    mkdirSync(join(tree, folder), { recursive: true });
  for (const file of [
    's/a.wsgi',
    's/r.wsgi',
    's/h.py',
    's/foo.wsgi',
    's/d/b.wsgi',
    'docs/f.txt',
    'docs/sub/g.txt',
    'docs/caf\u00e9.txt',
    'other/f.txt',
    'otherf.txt',
    'real/file',
    'secret',
  ])
    writeFileSync(join(tree, file), '');
  symlinkSync('../real', join(tree, 'docs/link'));
  symlinkSync('nowhere', join(tree, 'docs/dangling'));
  symlinkSync('loop', join(tree, 'docs/loop'));
  execFileSync('mkfifo', [join(tree, 'docs/fifo')]);
});

afterAll(() => rmSync(tree, { recursive: true }));

interface Server {
  readonly aliases?: readonly Alias[];
  readonly scriptAliases?: readonly ScriptAlias[];
  readonly sections?: readonly Section[];
  readonly documentRoot?: string;
  readonly directorySettings?: DirectorySettings;
}

function server(id: number, { documentRoot, ...members }: Server): VirtualHost {
  const settings = { ...host(id).settings, ...(documentRoot !== undefined && { documentRoot }) };
  return host(id, { ...members, settings });
}

/** Names below the temporary directory, as `~/…`. */
function map(path: string, members: Server, main: Server = {}): Mapping {
  const virtualHost = server(1, members);
  const { mapping } = createRouter(site(server(0, main), [virtualHost])).route(virtualHost, path);
  return JSON.parse(JSON.stringify(mapping).replaceAll(tree, '~')) as Mapping;
}

describe('WSGIScriptAlias', () => {
  const scripts = () => [
    scriptAlias('/app', join(tree, 's/a.wsgi')),
    scriptAlias('/w/', `${tree}/s/d/`),
    scriptAlias('/wd', join(tree, 's/d')),
    scriptAlias(/^\/m\/([^/]+)/, `${tree}/s/$1.wsgi`),
    scriptAlias(/^\/(admin|files)/, `${tree}/s/h.py/$1`),
    scriptAlias('/slash', `${tree}/s/a.wsgi/`),
    scriptAlias('/onto/', join(tree, 's/a.wsgi')),
    scriptAlias('/gone', join(tree, 's/gone.wsgi')),
    scriptAlias('/%20', join(tree, 's/h.py')),
    scriptAlias('/caf\u00e9', join(tree, 's/h.py')),
    scriptAlias('/two//slashes', join(tree, 's/h.py')),
    scriptAlias('/', join(tree, 's/r.wsgi')),
  ];

  it.each([
    ['/app', 's/a.wsgi', '/app', ''],
    ['/app/', 's/a.wsgi', '/app', '/'],
    ['/app/x/y', 's/a.wsgi', '/app', '/x/y'],
    ['/apple', 's/r.wsgi', '', '/apple'],
    ['/', 's/r.wsgi', '', '/'],
    ['/foo/', 's/r.wsgi', '', '/foo/'],
    ['/w/b.wsgi/q', 's/d/b.wsgi', '/w/b.wsgi', '/q'],
    ['/w/b.wsgi', 's/d/b.wsgi', '/w/b.wsgi', ''],
    ['/w/b.wsgi/', 's/d/b.wsgi', '/w/b.wsgi', '/'],
    ['/wd/b.wsgi/q', 's/d/b.wsgi', '/wd/b.wsgi', '/q'],
    ['/w', 's/r.wsgi', '', '/w'],
    ['/app//x', 's/a.wsgi', '/app', '/x'],
    ['/app/x//y', 's/a.wsgi', '/app', '/x/y'],
    ['//app/x', 's/a.wsgi', '/app', '/x'],
    ['/a////b', 's/r.wsgi', '', '/a/b'],
    ['//', 's/r.wsgi', '', '/'],
    ['/app/a b\xc3\xa9', 's/a.wsgi', '/app', '/a b\xc3\xa9'],
    ['/app/a%2Fb', 's/a.wsgi', '/app', '/a%2Fb'],
    ['/m/foo/bar', 's/foo.wsgi', '/m/foo', '/bar'],
    ['/m/foo', 's/foo.wsgi', '/m/foo', ''],
    ['/m/foo//bar', 's/foo.wsgi', '/m/foo', '/bar'],
    ['/admin/x', 's/h.py', '', '/admin/x'],
    ['/files', 's/h.py', '', '/files'],
    ['/slash', 's/a.wsgi', '/slash', '/'],
    ['/slash/', 's/a.wsgi', '/slash', '/'],
    ['/slash/x', 's/a.wsgi', '/slash', '/x'],
    ['/onto/', 's/a.wsgi', '/onto/', ''],
    ['/APP', 's/r.wsgi', '', '/APP'],
    ['/ /x', 's/r.wsgi', '', '/ /x'],
    ['/%20/x', 's/h.py', '/%20', '/x'],
    ['/caf\xc3\xa9/x', 's/h.py', '/caf\xc3\xa9', '/x'],
    ['/two/slashes', 's/h.py', '/two/slashes', ''],
    ['/app\\x', 's/r.wsgi', '', '/app\\x'],
  ])('%s → %s, SCRIPT_NAME %j, PATH_INFO %j', (path, file, scriptName, pathInfo) => {
    const mapping = map(path, { scriptAliases: scripts() });
    expect(mapping).toMatchObject({ kind: 'script', scriptFile: `~/${file}`, scriptName, pathInfo });
    expect(mapping).toHaveProperty('alias');
  });

  it.each([
    ['/w/', 'forbidden', '~/s/d'],
    ['/wd', 'forbidden', '~/s/d'],
    ['/w/nope', 'missing', '~/s/d/nope'],
    ['/w/nope/x', 'missing', '~/s/d/nope'],
    ['/onto/foo', 'missing', '~/s/a.wsgifoo'],
    ['/gone', 'missing', '~/s/gone.wsgi'],
    ['/gone/x', 'missing', '~/s/gone.wsgi'],
    ['/m/nope/x', 'missing', '~/s/nope.wsgi'],
  ])('%s → %s %s', (path, kind, filename) => {
    const mapping = map(path, { scriptAliases: scripts() });
    expect(mapping).toMatchObject({ kind, filename });
    expect(mapping).toHaveProperty('reason');
  });

  it('takes the first match in the order of the file, not the longest', () => {
    const first = scriptAlias('/a', join(tree, 's/a.wsgi'));
    const second = scriptAlias('/a/b', join(tree, 's/h.py'));
    expect(map('/a/b', { scriptAliases: [first, second] })).toMatchObject({
      scriptName: '/a',
      pathInfo: '/b',
    });
    expect(map('/a/b', { scriptAliases: [second, first] })).toMatchObject({
      scriptName: '/a/b',
      pathInfo: '',
    });
    const pattern = scriptAlias(/b$/, join(tree, 's/r.wsgi'));
    expect(map('/a/b', { scriptAliases: [pattern, second] })).toMatchObject({ scriptFile: '~/s/r.wsgi' });
    expect(map('/a/b', { scriptAliases: [second, pattern] })).toMatchObject({ scriptFile: '~/s/h.py' });
  });

  it("asks the virtual host's before the main server's", () => {
    const main = {
      scriptAliases: [scriptAlias('/a', join(tree, 's/h.py')), scriptAlias('/m', join(tree, 's/h.py'))],
    };
    const own = { scriptAliases: [scriptAlias('/', join(tree, 's/r.wsgi'))] };
    expect(map('/a', own, main)).toMatchObject({ scriptFile: '~/s/r.wsgi' });
    expect(map('/m', { scriptAliases: [] }, main)).toMatchObject({ scriptFile: '~/s/h.py' });
  });

  it('hands over the alias with its options', () => {
    const options = { processGroup: 'g', callableObject: 'app' };
    const scriptAliases = [scriptAlias('/app', join(tree, 's/a.wsgi'), options)];
    expect(map('/app', { scriptAliases })).toMatchObject({ alias: options });
  });

  it('is not asked where an Alias matches, whatever the order', () => {
    const members = {
      scriptAliases: [scriptAlias('/app', join(tree, 's/a.wsgi'))],
      aliases: [alias('/app', join(tree, 'docs'))],
    };
    expect(map('/app/f.txt', members)).toMatchObject({ kind: 'file', filename: '~/docs/f.txt' });
    expect(
      map('/app/f.txt', { scriptAliases: members.scriptAliases }, { aliases: members.aliases }),
    ).toMatchObject({
      kind: 'file',
    });
  });

  it('keeps no memory in a pattern', () => {
    const sticky = scriptAlias(/^\/g/g, join(tree, 's/h.py'));
    const virtualHost = server(1, { scriptAliases: [sticky] });
    const router = createRouter(site(server(0, {}), [virtualHost]));
    for (let round = 0; round < 3; round += 1)
      expect(router.route(virtualHost, '/g').mapping.kind).toBe('script');
  });
});

describe('Alias', () => {
  const aliases = () => [
    alias('/s', join(tree, 'docs')),
    alias('/cut/', `${tree}/other`),
    alias('/keep', `${tree}/docs/`),
    alias('/file', join(tree, 'docs/f.txt')),
    alias(/^\/re\/(.*)\.x$/, `${tree}/docs/$1.txt`),
    alias('/~', join(tree, 'docs')),
    alias(/^\/~(.*)$/, `${tree}/docs/$1`),
    alias(/^\/dot\/(.*)$/, `${tree}/docs/.$1`),
  ];
  it.each([
    ['/s/f.txt', 'file', 'docs/f.txt', ''],
    ['/s//f.txt', 'file', 'docs/f.txt', ''],
    ['/s/f.txt/', 'file', 'docs/f.txt', '/'],
    ['/s/f.txt/info/x', 'file', 'docs/f.txt', '/info/x'],
    ['/s', 'directory', 'docs', undefined],
    ['/s/', 'directory', 'docs', undefined],
    ['/s/sub/', 'directory', 'docs/sub', undefined],
    ['/s/caf\xc3\xa9.txt', 'file', 'docs/caf\xc3\xa9.txt', ''],
    ['/sx', 'missing', '', undefined],
    ['/cut/f.txt', 'file', 'otherf.txt', ''],
    ['/cut', 'missing', '', undefined],
    ['/keep/f.txt', 'file', 'docs/f.txt', ''],
    ['/file/x', 'file', 'docs/f.txt', '/x'],
    ['/re/f.x', 'file', 'docs/f.txt', ''],
    ['/re/sub/g.x', 'file', 'docs/sub/g.txt', ''],
    ['/re/f.y', 'missing', '', undefined],
    ['/s/nope', 'missing', 'docs/nope', undefined],
    ['/s/nope/deeper/x', 'missing', 'docs/nope', undefined],
    ['/s/link/file', 'file', 'docs/link/file', ''],
    ['/s/dangling', 'forbidden', 'docs/dangling', undefined],
    ['/s/dangling/x', 'forbidden', 'docs/dangling', undefined],
    ['/s/loop/x', 'forbidden', 'docs/loop', undefined],
    ['/s/fifo', 'forbidden', 'docs/fifo', undefined],
    [`/s/${'n'.repeat(300)}`, 'forbidden', `docs/${'n'.repeat(300)}`, undefined],
    [`/s/f.txt/${'n'.repeat(5000)}`, 'file', 'docs/f.txt', `/${'n'.repeat(5000)}`],
    // A pattern must not make `..` out of what is none in the path.
    ['/~../secret', 'forbidden', 'docs/../secret', undefined],
    ['/~..', 'forbidden', 'docs/..', undefined],
    ['/dot/./secret', 'forbidden', 'docs/../secret', undefined],
    ['/dot//f.txt', 'forbidden', 'docs/./f.txt', undefined],
  ])('%s → %s %s', (path, kind, filename, pathInfo) => {
    const mapping = map(path, { aliases: aliases() });
    expect(mapping).toMatchObject({ kind, filename: filename === '' ? '' : `~/${filename}` });
    if (pathInfo !== undefined) expect(mapping).toMatchObject({ pathInfo });
  });

  it('names its prefix and target as context', () => {
    expect(map('/s/f.txt', { aliases: aliases(), documentRoot: tree })).toMatchObject({
      contextPrefix: '/s',
      contextDocumentRoot: '~/docs',
    });
    expect(map('/re/f.x', { aliases: aliases(), documentRoot: tree })).toMatchObject({
      contextPrefix: '',
      contextDocumentRoot: '~',
    });
  });

  it('replaces the slash of /', () => {
    expect(map('/f.txt', { aliases: [alias('/', `${tree}/docs/`)] })).toMatchObject({
      filename: '~/docs/f.txt',
    });
    expect(map('/f.txt', { aliases: [alias('/', `${tree}/other`)] })).toMatchObject({
      filename: '~/otherf.txt',
    });
  });

  it("takes the first match; the virtual host's before the main server's", () => {
    const [docs, other] = [alias('/a', join(tree, 'docs')), alias('/a/b', join(tree, 'other'))];
    expect(map('/a/b', { aliases: [docs, other] })).toMatchObject({ filename: '~/docs/b' });
    expect(map('/a/b', { aliases: [other, docs] })).toMatchObject({ filename: '~/other' });
    expect(map('/a/b', { aliases: [docs] }, { aliases: [other] })).toMatchObject({ filename: '~/docs/b' });
    const below = alias('/a/', `${tree}/other/`);
    expect(map('/a', { aliases: [below, docs] })).toMatchObject({ filename: '~/docs' });
    expect(map('/a/f.txt', { aliases: [below, docs] })).toMatchObject({ filename: '~/other/f.txt' });
  });
});

describe('DocumentRoot', () => {
  it.each([
    ['/', 'directory', '~/docs'],
    ['/f.txt', 'file', '~/docs/f.txt'],
    ['/sub//g.txt', 'file', '~/docs/sub/g.txt'],
    ['/nope', 'missing', '~/docs/nope'],
    ['*', 'missing', ''],
    ['', 'missing', ''],
  ])('%j → %s %s', (path, kind, filename) => {
    expect(map(path, { documentRoot: `${tree}/docs/` })).toMatchObject({ kind, filename });
  });
  it('is the context', () => {
    const context = { contextPrefix: '', contextDocumentRoot: '~/docs' };
    expect(map('/f.txt', { documentRoot: `${tree}/docs` })).toMatchObject(context);
  });
  it('may be the root of the file system', () => {
    expect(map(`${tree}/docs/f.txt`, { documentRoot: '/' })).toMatchObject({ kind: 'file' });
    expect(map('/', { documentRoot: '/' })).toMatchObject({ kind: 'directory', filename: '/' });
  });
  it('may be absent', () => {
    expect(map('/f.txt', {})).toMatchObject({ kind: 'missing', filename: '' });
  });
});

describe('SetHandler wsgi-script', () => {
  const handled = (settings: DirectorySettings): Server => ({
    documentRoot: join(tree, 's'),
    sections: [section('directory', join(tree, 's'), settings)],
  });
  const execCgi = { absolute: true, add: new Set(['ExecCGI', 'FollowSymLinks']), remove: new Set<string>() };
  it('makes a script of a file, SCRIPT_NAME with its name', () => {
    const mapping = map('/a.wsgi/x', handled({ handler: 'wsgi-script', options: execCgi }));
    expect(mapping).toEqual({
      kind: 'script',
      scriptFile: '~/s/a.wsgi',
      scriptName: '/a.wsgi',
      pathInfo: '/x',
    });
  });
  it('needs Options ExecCGI, for what is missing too', () => {
    expect(map('/a.wsgi', handled({ handler: 'wsgi-script' }))).toMatchObject({ kind: 'forbidden' });
    expect(map('/nope', handled({ handler: 'wsgi-script' }))).toMatchObject({ kind: 'forbidden' });
    expect(map('/nope', handled({ handler: 'wsgi-script', options: execCgi }))).toMatchObject({
      kind: 'missing',
    });
  });
  it('leaves directories to DirectoryIndex', () => {
    const settings: DirectorySettings = { handler: 'wsgi-script', options: execCgi };
    expect(map('/d/', handled(settings))).toMatchObject({ kind: 'directory' });
  });
  it('is taken back by SetHandler None, which leaves script aliases alone', () => {
    const members = handled({ handler: 'wsgi-script', options: execCgi });
    const none = section('location', '/a.wsgi', { handler: 'none' });
    const sections = [...(members.sections ?? []), none];
    expect(map('/a.wsgi', { ...members, sections })).toMatchObject({ kind: 'file' });
    const scriptAliases = [scriptAlias('/a.wsgi', join(tree, 's/a.wsgi'))];
    expect(map('/a.wsgi', { ...members, sections, scriptAliases })).toMatchObject({ kind: 'script' });
  });
});

describe('SetHandler with a WSGIHandlerScript over a WSGIScriptAlias to a directory', () => {
  const script = { file: '/handler.py', position: { file: 'site.conf', line: 1 } };
  const named: DirectorySettings = { handler: 'mine', handlerScripts: new Map([['mine', script]]) };
  const handled = (): Server => ({
    scriptAliases: [scriptAlias('/w', join(tree, 's/d'))],
    sections: [section('location', '/w', named)],
  });
  it.each([
    ['/w/', '/w/', '~/s/d/'],
    // As DirectorySlash Off leaves it.
    ['/w', '/w', '~/s/d'],
  ])('answers for the directory at %s, after its index', (path, scriptName, filename) => {
    expect(map(path, handled())).toMatchObject({
      kind: 'directory',
      filename: '~/s/d',
      handled: {
        kind: 'script',
        scriptFile: '/handler.py',
        scriptName,
        pathInfo: '',
        handled: { filename, isFile: false },
      },
    });
  });
  it('answers for files in it', () => {
    expect(map('/w/b.wsgi', handled())).toMatchObject({
      kind: 'script',
      scriptFile: '/handler.py',
      handled: { filename: '~/s/d/b.wsgi', isFile: true },
    });
  });
});

describe('symbolic links and Options', () => {
  const options = (...words: string[]) => ({
    absolute: true,
    add: new Set(words),
    remove: new Set<string>(),
  });
  it.each([
    ['None', '/link/file', 'forbidden'],
    ['None', '/link/nope', 'forbidden'],
    ['None', '/link', 'forbidden'],
    ['None', '/f.txt', 'file'],
    ['Indexes', '/link/file', 'forbidden'],
    ['All', '/link/file', 'file'],
    ['FollowSymLinks', '/link/file', 'file'],
    ['SymLinksIfOwnerMatch', '/link/file', 'file'],
  ])('Options %s: %s → %s', (word, path, kind) => {
    const sections = [section('directory', join(tree, 'docs'), { options: options(word) })];
    expect(map(path, { documentRoot: join(tree, 'docs'), sections })).toMatchObject({ kind });
  });
  it('-FollowSymLinks forbids, also a script behind a link', () => {
    const without = { absolute: false, add: new Set<string>(), remove: new Set(['FollowSymLinks']) };
    const sections = [section('directory', tree, { options: without })];
    const scriptAliases = [scriptAlias('/app', join(tree, 'docs/link/file'))];
    expect(map('/app', { sections, scriptAliases })).toMatchObject({
      kind: 'forbidden',
      filename: '~/docs/link',
    });
  });
  it('asks the directory the link stands in, not the one it leads to', () => {
    const sections = [section('directory', join(tree, 'real'), { options: options('None') })];
    expect(map('/link/file', { documentRoot: join(tree, 'docs'), sections })).toMatchObject({ kind: 'file' });
  });
});
