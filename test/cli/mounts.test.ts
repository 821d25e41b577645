import { describe, expect, it } from 'vitest';
import { formatMounts, formatVirtualHosts, type MountPorts, type MountRoute } from '../../src/cli/index.js';
import type {
  AccessOrder,
  DirectorySettings,
  HostAccess,
  Requirement,
  TlsSettings,
} from '../../src/config/model.js';
import {
  at,
  denied,
  granted,
  makeConfig,
  makeProcessGroup,
  makeScriptAlias,
  makeSection,
  makeServer,
  validUser,
} from './sample-config.js';

const open: DirectorySettings = { require: granted };
const basic: DirectorySettings = { authType: 'Basic', authName: 'x', require: validUser };

/** Answers by path, as a router would, and fails for a path that was not expected. */
function portsFor(routes: Record<string, MountRoute>): MountPorts {
  return {
    route(_, path) {
      const route = routes[path];
      if (!route) throw new Error(`asked for ${path}`);
      return route;
    },
    runtimeOf: (file) => (file.endsWith('.py') ? 'python' : 'node'),
  };
}

const script = (scriptFile: string, settings = open, alias = {}): MountRoute => ({
  settings,
  mapping: { kind: 'script', scriptFile, alias: makeScriptAlias('/', scriptFile, alias) },
});
const directory = (filename: string, settings = open): MountRoute => ({
  settings,
  mapping: { kind: 'directory', filename },
});

const tls: TlsSettings = {
  position: at(1),
  certificateFiles: [],
  keyFiles: [],
  checksRevocation: false,
  verifyClient: 'none',
  sectionsVerify: false,
  verifyDepth: 1,
  protocols: ['TLSv1.3'],
  cipherList: 'DEFAULT',
  honorCipherOrder: false,
  sessionTickets: true,
  sessionTimeoutSeconds: 300,
  strictSni: false,
  sniPolicy: 'secure',
};

describe('the table of mounts', () => {
  it('lists redirects, which answer whoever asks', () => {
    const redirect = (path: string) => ({
      match: { kind: 'prefix', path } as const,
      status: 301,
      position: at(2),
    });
    const main = makeServer({ redirects: [redirect('/old'), redirect('/gone')] });
    const ports = portsFor({
      '/old': {
        settings: basic,
        mapping: { kind: 'redirect', status: 301, location: 'https://www.example.com/' },
      },
      '/gone': { settings: basic, mapping: { kind: 'redirect', status: 410 } },
    });
    const text = formatMounts(makeConfig({ mainServer: main }), ports);
    expect(text).toMatch(/\/old +301 to https:\/\/www\.example\.com\/ .*everyone/);
    expect(text).toMatch(/\/gone +410 .*everyone/);
  });

  it('says where <If> may decide otherwise', () => {
    const main = makeServer({ scriptAliases: [makeScriptAlias('/', '/site/a.ts')] });
    const ports = portsFor({ '/': { ...script('/site/a.ts'), fault: at(3) } });
    expect(formatMounts(makeConfig({ mainServer: main }), ports)).toContain('everyone, and as <If> says');
  });

  it('lists mounts and the protected sections inside them', () => {
    const main = makeServer({
      aliases: [{ match: { kind: 'prefix', path: '/static' }, target: '/site/conf/static', position: at(2) }],
      scriptAliases: [
        makeScriptAlias('/py', '/site/conf/apps/hello.py'),
        makeScriptAlias('/', '/site/conf/apps/site.ts'),
      ],
      sections: [
        makeSection('directory', '/', { require: denied }),
        makeSection('directory', '/site/conf/static/inner', { require: validUser }),
        makeSection('location', '/private', basic),
        makeSection('location', '/py/members', basic),
        makeSection('location', '/tuned', { processGroup: 'other' }),
      ],
    });
    const ports = portsFor({
      '/': script('/site/conf/apps/site.ts', open, { processGroup: 'site' }),
      '/py': script('/site/conf/apps/hello.py', { ...open, processGroup: 'python' }),
      '/py/members': script('/site/conf/apps/hello.py', {
        ...basic,
        processGroup: 'python',
        authBasicProviders: ['wsgi'],
        authUserScript: { file: '/site/conf/apps/hello.py', position: at(1) },
      }),
      '/private': script('/site/conf/apps/site.ts', { ...basic, authUserFile: '/site/conf/htpasswd' }),
      '/static': directory('/site/conf/static'),
      '/static/inner': directory('/site/conf/static/inner', { ...basic, authUserFile: '/etc/users' }),
    });
    expect(formatMounts(makeConfig({ mainServer: main }), ports)).toBe(
      `URL                                 what                runtime  process group  who may enter
http://127.0.0.1:8080/              conf/apps/site.ts   node     site           everyone
http://127.0.0.1:8080/private       conf/apps/site.ts   node     %{GLOBAL}      valid users of conf/htpasswd
http://127.0.0.1:8080/py            conf/apps/hello.py  python   python         everyone
http://127.0.0.1:8080/py/members    conf/apps/hello.py  python   python         valid users of conf/apps/hello.py
http://127.0.0.1:8080/static        conf/static/        files    -              everyone
http://127.0.0.1:8080/static/inner  conf/static/inner/  files    -              valid users of /etc/users
`,
    );
  });

  it('says what is missing or forbidden, and where a pattern decides', () => {
    const main = makeServer({
      aliases: [{ match: { kind: 'regex', pattern: /^\/u\/(.*)/ }, target: '/home/$1', position: at(2) }],
      scriptAliases: [
        makeScriptAlias('/a', '/site/a.py'),
        makeScriptAlias('/b', '/srv/b.py'),
        {
          ...makeScriptAlias('', '/site/$1.py', { processGroup: 'g' }),
          match: { kind: 'regex', pattern: /^\/p/ },
        },
      ],
      sections: [
        { ...makeSection('location', '~ "^/adm"', basic), match: { kind: 'regex', pattern: /^\/adm/ } },
      ],
    });
    const ports = portsFor({
      '/a': { settings: open, mapping: { kind: 'missing', filename: '/site/a.py' } },
      '/b': { settings: { require: denied }, mapping: { kind: 'forbidden', filename: '/srv/b.py' } },
    });
    const table = formatMounts(makeConfig({ mainServer: main }), ports)
      .replace(/ {2,}/g, ' | ')
      .split('\n');
    expect(table.slice(1)).toEqual([
      'http://127.0.0.1:8080/a | a.py (missing) | - | - | everyone',
      'http://127.0.0.1:8080/b | /srv/b.py (forbidden) | - | - | denied',
      '~ ^\\/u\\/(.*) | /home/$1 | - | - | depends on the path',
      '~ ^\\/p | $1.py | python | g | depends on the path',
      '~ "^/adm" | - | - | - | valid users of provider file (500: no AuthUserFile)',
      '',
    ]);
  });

  it('has a block for every virtual host, with its own and the main server’s mounts', () => {
    const config = makeConfig({
      listeners: [
        { port: 80, position: at(1) },
        { host: '::1', port: 8443, position: at(1) },
      ],
      mainServer: makeServer({ scriptAliases: [makeScriptAlias('/main', '/site/m.py')] }),
      virtualHosts: [
        makeServer(
          { id: 1, addresses: [{ host: '*', port: '*' }], serverName: { host: 'a.example' } },
          { documentRoot: '/var/www' },
        ),
        makeServer(
          {
            id: 2,
            addresses: [{ host: '::1', port: 8443 }],
            serverAliases: ['*.b.example', 'b.example'],
          },
          { tls },
        ),
      ],
    });
    const ports = portsFor({ '/': directory('/var/www'), '/main': script('/site/m.py') });
    expect(formatMounts(config, ports).replace(/ {2,}/g, ' | ').split('\n')).toEqual([
      'URL | what | runtime | process group | who may enter',
      'http://a.example/ | /var/www/ | files | - | everyone',
      'http://a.example/main | m.py | python | %{GLOBAL} | everyone',
      '',
      'URL | what | runtime | process group | who may enter',
      'https://b.example:8443/main | m.py | python | %{GLOBAL} | everyone',
      '',
    ]);
  });

  it('names further addresses once, and prints nothing that moves a cursor', () => {
    const config = makeConfig({
      listeners: [
        { port: 8080, position: at(1) },
        { host: '::1', port: 81, position: at(1) },
      ],
      mainServer: makeServer({ scriptAliases: [makeScriptAlias('/é x', '/site/\x1b[2J.py')] }),
    });
    const ports = portsFor({ '/\xc3\xa9 x': script('/site/\x1b[2J.py') });
    const text = formatMounts(config, ports);
    expect(text).toMatch(/^http:\/\/localhost:8080\/%C3%A9%20x {2}\\x1b\[2J\.py {2}python/m);
    expect(text).toMatch(/^The same at http:\/\/\[::1\]:81$/m);
  });

  it('is a sentence when there is nothing', () => {
    expect(formatMounts(makeConfig(), portsFor({}))).toBe('Nothing is mounted on any listener.\n');
  });
});

describe('who may enter', () => {
  const position = at(1);
  const files: DirectorySettings = { ...basic, authUserFile: '/site/users', authGroupFile: '/site/groups' };
  const wsgi: DirectorySettings = {
    ...basic,
    authBasicProviders: ['wsgi'],
    authUserScript: { file: '/site/a.py', position },
    authGroupScript: { file: '/site/g.py', position },
  };
  const user: Requirement = { kind: 'user', names: ['jim', 'ann b'], position };
  const group: Requirement = { kind: 'group', names: ['staff'], position };
  const ip: Requirement = {
    kind: 'ip',
    ranges: [
      { address: '10.0.0.0', prefixLength: 8 },
      { address: '::1', prefixLength: 128 },
    ],
    position,
  };
  const all = (kind: 'any' | 'every' | 'none', ...requirements: Requirement[]): Requirement => ({
    kind,
    requirements,
    position,
  });

  const tests = (words: readonly string[]) =>
    words.map((domain) => ({
      value: domain === 'all' ? ({ kind: 'all' } as const) : ({ kind: 'host', domain } as const),
      position,
    }));
  const hosts = (
    order: AccessOrder,
    allow: readonly string[],
    deny: readonly string[],
    satisfy: 'all' | 'any' = 'all',
  ): HostAccess => ({
    orders: [{ value: order, position }],
    satisfy: [{ value: satisfy, position }],
    allow: tests(allow),
    deny: tests(deny),
  });

  it.each<[string, DirectorySettings]>([
    ['everyone', {}],
    ['everyone', { require: granted }],
    ['everyone', { authType: 'None' }],
    ['denied', { require: denied }],
    ['denied', { require: all('every', denied, validUser) }],
    ['denied', { require: granted, hostAccess: hosts('allow,deny', [], ['all']) }],
    ['everyone', { require: granted, hostAccess: hosts('allow,deny', ['all'], []) }],
    ['everyone', { require: denied, hostAccess: hosts('deny,allow', [], [], 'any') }],
    [
      'Order deny,allow, Allow from x.com, Deny from all',
      { hostAccess: hosts('deny,allow', ['x.com'], ['all']) },
    ],
    [
      'valid users of users, or Order allow,deny, Allow from x.com',
      { ...files, hostAccess: hosts('allow,deny', ['x.com'], [], 'any') },
    ],
    [
      'valid users of users, and Order allow,deny, Allow from all, Deny from x.com',
      { ...files, hostAccess: hosts('allow,deny', ['all'], ['x.com']) },
    ],
    [
      'valid users of users for all but GET',
      {
        ...files,
        require: {
          kind: 'limited',
          limit: { except: true, methods: ['GET'] },
          requirement: validUser,
          position,
        },
      },
    ],
    [
      'from x.com or from this machine or by method GET',
      {
        require: all(
          'any',
          { kind: 'host', names: ['x.com'], position },
          { kind: 'local', position },
          { kind: 'method', names: ['GET'], position },
        ),
      },
    ],
    ['everyone', { require: all('any', validUser, granted) }],
    ['nobody: AuthType without Require (500)', { authType: 'Basic' }],
    ['valid users of users', files],
    ['valid users of a.py', wsgi],
    [
      'valid users of users or a.py',
      { ...wsgi, authUserFile: '/site/users', authBasicProviders: ['file', 'wsgi'] },
    ],
    ['users jim, "ann b" of users', { ...files, require: user }],
    ['group staff of groups', { ...files, require: all('any', group) }],
    ['group staff of g.py', { ...wsgi, require: { ...group, kind: 'wsgi-group' } }],
    ['from 10.0.0.0/8, ::1', { require: ip }],
    ['from 10.0.0.0/8, ::1 or valid users of users', { ...files, require: all('any', ip, validUser) }],
    [
      '(from 10.0.0.0/8, ::1 or group staff of groups) and valid users of users',
      { ...files, require: all('every', granted, all('any', ip, group, denied), validUser) },
    ],
    [
      'valid users of users and not from 10.0.0.0/8, ::1',
      { ...files, require: all('every', validUser, { kind: 'not', requirement: ip, position }) },
    ],
    [
      'valid users of users and (not from 10.0.0.0/8, ::1 and not group staff of groups)',
      { ...files, require: all('every', validUser, all('none', ip, group, denied)) },
    ],
    ['denied', { require: all('every', granted, all('none', granted)) }],
    ['valid users of provider file (500: no AuthType)', { require: validUser }],
    [
      'valid users of users (500: no AuthName)',
      { authType: 'basic', authUserFile: '/site/users', require: validUser },
    ],
    ['valid users of users (500: AuthType Form is not known)', { ...files, authType: 'Form' }],
    ['valid users of provider wsgi (500: no WSGIAuthUserScript)', { ...basic, authBasicProviders: ['wsgi'] }],
  ])('%s', (expected, settings) => {
    const main = makeServer({ scriptAliases: [makeScriptAlias('/', '/site/a.py')] });
    const table = formatMounts(
      makeConfig({ mainServer: main }),
      portsFor({ '/': script('/site/a.py', settings) }),
    );
    expect(table.split('\n')[1]?.split('%{GLOBAL}')[1]?.trim()).toBe(expected);
  });
});

describe('-S', () => {
  it('has httpd’s layout, then process groups and mounts', () => {
    const alias = [makeScriptAlias('/', '/site/a.py', { processGroup: 'site' })];
    const config = makeConfig({
      defines: new Map([
        ['PORT', '9131'],
        ['FLAG', ''],
      ]),
      listeners: [
        { host: '127.0.0.1', port: 9131, position: at(1) },
        { host: '127.0.0.1', port: 9132, position: at(1) },
      ],
      global: { ...makeConfig().global, user: '#1033', group: '#1044' },
      mainServer: makeServer(
        { serverName: { host: 'main.example' } },
        { documentRoot: '/site', errorLog: { kind: 'file', path: '/site/logs/e' } },
      ),
      virtualHosts: [
        makeServer({
          id: 1,
          position: at(10),
          addresses: [{ host: '*', port: 9131 }],
          serverName: { host: 'a.example' },
          serverAliases: ['www.a.example', '*.a.example'],
          scriptAliases: alias,
        }),
        makeServer({ id: 2, position: at(14), addresses: [{ host: '*', port: 9131 }], scriptAliases: alias }),
        makeServer({
          id: 3,
          position: at(17),
          addresses: [{ host: '*', port: 9132 }],
          serverName: { host: 'c.example' },
        }),
        makeServer({
          id: 4,
          position: at(21),
          addresses: [{ host: '127.0.0.1', port: 9132 }],
          serverName: { host: 'd.example' },
          scriptAliases: alias,
        }),
      ],
      processGroups: [
        makeProcessGroup('site', { processes: 2, threads: 5, user: 'app', virtualHostId: 1 }),
        makeProcessGroup('other'),
      ],
    });
    const text = formatVirtualHosts(
      config,
      portsFor({ '/': script('/site/a.py', open, { processGroup: 'site' }) }),
    );
    const [page, mounts] = text.split('Mounts:\n');
    expect(page).toBe(`VirtualHost configuration:
127.0.0.1:9132         d.example (/site/conf/site.conf:21)
*:9131                 is a NameVirtualHost
         default server a.example (/site/conf/site.conf:10)
         port 9131 namevhost a.example (/site/conf/site.conf:10)
                 alias www.a.example
                 wild alias *.a.example
         port 9131 namevhost main.example (/site/conf/site.conf:14)
*:9132                 c.example (/site/conf/site.conf:17)
ServerRoot: "/site"
Main DocumentRoot: "/site"
Main ErrorLog: "/site/logs/e"
PidFile: "/site/logs/httpd.pid"
Define: PORT=9131
Define: FLAG
User: name="#1033" id=1033
Group: name="#1044" id=1044
Process groups:
         site          processes=2 threads=5 user=app only for a.example (/site/conf/site.conf:4)
         other         processes=1 threads=15 for Python (/site/conf/site.conf:4)
`);
    // The virtual host on *:9132 is hidden by the one that names the listener's address, the main server by all.
    expect(mounts?.match(/^http\S+/gm)).toEqual([
      'http://a.example:9131/',
      'http://127.0.0.1:9131/',
      'http://d.example:9132/',
    ]);
  });
});
