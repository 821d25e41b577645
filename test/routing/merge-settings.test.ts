import { describe, expect, it } from 'vitest';
import type {
  DirectorySettings,
  ErrorDocument,
  Requirement,
  Section,
  VirtualHost,
} from '../../src/config/model.js';
import { createRouter, type Router } from '../../src/routing/index.js';
import { host, position, section, site, user } from './site.js';

function merge(...layers: DirectorySettings[]): DirectorySettings {
  return route(layers.map((settings) => section('location', '/', settings)));
}

/** DocumentRoot is /, so that <Directory /> matches every path. */
function route(sections: readonly Section[], members: Partial<VirtualHost> = {}): DirectorySettings {
  const settings = { ...host(0).settings, documentRoot: '/' };
  const virtualHost = host(1, { sections, settings, ...members });
  return createRouter(site(host(0), [virtualHost])).route(virtualHost, '/').settings;
}

const granted: Requirement = { kind: 'granted', position };
const container = (kind: 'any' | 'every', ...requirements: Requirement[]): Requirement => ({
  kind,
  requirements,
  position,
});

describe('merging', () => {
  it('lets the later section win, member by member', () => {
    const first: DirectorySettings = { authType: 'basic', authName: 'a', directoryIndex: ['a', 'b'] };
    const second: DirectorySettings = { authName: 'b', directoryIndex: ['c'], handler: 'none' };
    expect(merge(first, second)).toEqual({
      authType: 'basic',
      authName: 'b',
      directoryIndex: ['c'],
      handler: 'none',
    });
  });

  it("starts with the main server's settings, then the virtual host's", () => {
    const main = host(0, { directorySettings: { authName: 'main', authType: 'basic', processGroup: 'm' } });
    const virtualHost = host(1, {
      directorySettings: { authName: 'host', processGroup: 'h' },
      sections: [section('location', '/', { authName: 'section' })],
    });
    const router = createRouter(site(main, [virtualHost]));
    const expected = { authType: 'basic', authName: 'section', processGroup: 'h' };
    expect(router.route(virtualHost, '/').settings).toEqual(expected);
    expect(router.route(main, '/').settings).toEqual(main.directorySettings);
  });

  it('unites environments by name, and unsets', () => {
    const layer = (set: Record<string, string>, pass: Record<string, string>, ...unset: string[]) => ({
      environment: {
        set: new Map(Object.entries(set)),
        pass: new Map(Object.entries(pass)),
        unset: new Set(unset),
      },
    });
    const one = layer({ A: '1', B: '1', C: '1' }, { P: 'p', Q: 'p' });
    const two = layer({ B: '2', P: '2' }, { A: 'passed' }, 'C', 'Q', 'X');
    expect(merge(one, two)).toEqual(layer({ B: '2', P: '2' }, { A: 'passed' }, 'C', 'Q', 'X'));
    expect(merge(one, two, layer({ C: '3' }, {}))).toEqual(
      layer({ B: '2', P: '2', C: '3' }, { A: 'passed' }, 'Q', 'X'),
    );
    expect(merge(one, {})).toEqual(one);
    expect(merge({}, one)).toEqual(one);
  });

  it('adds and removes Options, or replaces them', () => {
    const words = (absolute: boolean, add: string[], remove: string[]) => ({
      options: { absolute, add: new Set(add), remove: new Set(remove) },
    });
    const base = words(true, ['Indexes', 'FollowSymLinks'], []);
    expect(merge(base, words(false, ['ExecCGI'], ['Indexes']))).toEqual(
      words(true, ['FollowSymLinks', 'ExecCGI'], ['Indexes']),
    );
    expect(merge(base, words(true, ['None'], []))).toEqual(words(true, ['None'], []));
    expect(merge(words(false, ['ExecCGI'], []), words(false, [], ['ExecCGI']))).toEqual(
      words(false, [], ['ExecCGI']),
    );
  });
});

describe('what answers look like', () => {
  it('merges error documents by status', () => {
    const page = (path: string): ErrorDocument => ({ kind: 'path', path });
    const first = {
      errorDocuments: new Map<number, ErrorDocument>([
        [404, page('/a')],
        [403, page('/b')],
      ]),
    };
    const second = { errorDocuments: new Map<number, ErrorDocument>([[404, { kind: 'default' }]]) };
    expect(merge(first, second).errorDocuments).toEqual(
      new Map([
        [404, { kind: 'default' }],
        [403, page('/b')],
      ]),
    );
  });

  it('merges extensions by what is said of them', () => {
    const first = { extensions: new Map([['gz', { type: 'application/gzip', encoding: 'gzip' }]]) };
    const second = {
      extensions: new Map([['gz', { encoding: '' }] as const, ['en', { language: 'en' }] as const]),
    };
    expect(merge(first, second).extensions).toEqual(
      new Map([
        ['gz', { type: 'application/gzip', encoding: '' }],
        ['en', { language: 'en' }],
      ]),
    );
  });

  it('adds and removes parts of ETags, or replaces them', () => {
    const parts = (absolute: boolean, add: ETagPart[], remove: ETagPart[]) => ({
      fileETag: { absolute, add: new Set(add), remove: new Set(remove) },
    });
    const base = parts(true, ['size', 'mtime'], []);
    expect(merge(base, parts(false, ['inode'], ['mtime']))).toEqual(
      parts(true, ['size', 'inode'], ['mtime']),
    );
    expect(merge(base, parts(true, [], []))).toEqual(parts(true, [], []));
  });

  it('lets the redirects of later sections come first', () => {
    const to = (path: string) => ({
      match: { kind: 'prefix', path: '/' } as const,
      status: 302,
      target: path,
      position,
    });
    const merged = merge({ redirects: [to('/1')] }, { redirects: [to('/2'), to('/3')] });
    expect(merged.redirects?.map(({ target }) => target)).toEqual(['/2', '/3', '/1']);
  });
});

type ETagPart = 'inode' | 'mtime' | 'size';

describe('Require and AuthMerging', () => {
  const a = user('a');
  const b = user('b');
  const c = user('c');

  it('replaces by default', () => {
    expect(merge({ require: a }, { require: b }).require).toEqual(b);
    expect(merge({ require: a }, { require: b, authMerging: 'off' }).require).toEqual(b);
    expect(merge({ require: a, authMerging: 'or' }, { require: b }).require).toEqual(b);
  });
  it('inherits where nothing is required', () => {
    expect(merge({ require: a }, { authName: 'x' }).require).toEqual(a);
  });
  it.each(['off', 'and', 'or'] as const)(
    'AuthMerging %s alone never takes a requirement away',
    (authMerging) => {
      expect(merge({ require: a }, { authMerging }).require).toEqual(a);
      const sections = [section('directory', '/', { require: a }), section('location', '/', { authMerging })];
      expect(route(sections).require).toEqual(a);
    },
  );
  it('combines with And and Or', () => {
    expect(merge({ require: a }, { require: b, authMerging: 'and' }).require).toEqual(
      container('every', a, b),
    );
    expect(merge({ require: a }, { require: b, authMerging: 'or' }).require).toEqual(container('any', a, b));
    expect(merge({ require: b, authMerging: 'and' }).require).toEqual(b);
  });
  it('merges sections of one kind among themselves first, then with the last AuthMerging', () => {
    const sections = [
      section('directory', '/', { require: granted }),
      section('location', '/', { require: a, authMerging: 'off' }),
      section('location', '/', { require: b, authMerging: 'or' }),
    ];
    expect(route(sections).require).toEqual(container('any', granted, container('any', a, b)));
    const and = [sections[0], section('location', '/', { require: c, authMerging: 'and' })] as Section[];
    expect(route(and).require).toEqual(container('every', granted, c));
  });
});

describe('identity', () => {
  const sections = [
    section('location', '/a', { authName: 'a' }),
    section('location', /b/, { authName: 'b' }),
    section('location', '/', { authType: 'basic' }),
  ];
  const virtualHost = host(1, { sections });
  const settingsAt = (router: Router, path: string) => router.route(virtualHost, path).settings;

  it('is the same frozen object for the same combination of sections', () => {
    const router = createRouter(site(host(0), [virtualHost]));
    const settings = settingsAt(router, '/a/x');
    expect(Object.isFrozen(settings)).toBe(true);
    expect(settingsAt(router, '/a/y')).toBe(settings);
    expect(settingsAt(router, '/a/b')).not.toBe(settings);
    expect(settingsAt(router, '/a/b')).toBe(settingsAt(router, '/a/bb'));
    expect(settingsAt(router, '/x')).toBe(settingsAt(router, '/y'));
  });

  it('stays right when there are more combinations than are remembered', () => {
    const bits = 15;
    const many = Array.from({ length: bits }, (_, bit) =>
      section('location', new RegExp(`^/.{${bit}}1`), {
        environment: { set: new Map([[`B${bit}`, '1']]), pass: new Map(), unset: new Set<string>() },
      }),
    );
    const host1 = host(1, { sections: many });
    const router = createRouter(site(host(0), [host1]));
    for (let number = 0; number < 2 ** bits; number += 1) {
      const path = `/${number.toString(2).padStart(bits, '0')}`;
      const { settings } = router.route(host1, path);
      const ones = path.split('1').length - 1;
      if ((settings.environment?.set.size ?? 0) !== ones) throw new Error(path);
    }
    expect(router.route(host1, `/${'1'.repeat(bits)}`).settings.environment?.set.size).toBe(bits);
  });
});
