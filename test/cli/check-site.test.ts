import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  checkAddresses,
  checkFiles,
  checkFolders,
  checkHtaccess,
  checkNearMisses,
  checkProtection,
} from '../../src/cli/index.js';
import { formatMistake, type LoadResult, loadConfig, type ServerConfig } from '../../src/config/index.js';
import { createHtaccessLookup, createRouter } from '../../src/routing/index.js';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'modhost-check-'));
  mkdirSync(join(root, 'www'));
  writeFileSync(join(root, 'users'), 'alice:x\nbob:y\n', { mode: 0o640 });
  writeFileSync(join(root, 'groups'), 'staff: alice\n', { mode: 0o640 });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function load(text: string): LoadResult & { readonly config: ServerConfig } {
  writeFileSync(join(root, 'site.conf'), text);
  const result = loadConfig({
    file: 'site.conf',
    serverRoot: root,
    before: ['Listen 8080'],
    environment: {},
  });
  if (result.config === undefined) throw new Error(result.mistakes.map(formatMistake).join('\n'));
  return { ...result, config: result.config };
}

function print(result: LoadResult, findings: Parameters<LoadResult['addFindings']>[0]): string[] {
  return result
    .addFindings(findings)
    .slice(result.mistakes.length)
    .map((mistake) => `${mistake.code} ${formatMistake(mistake).replaceAll(root, '$ROOT')}`);
}

function protection(text: string): string[] {
  const result = load(text);
  const router = createRouter(result.config);
  const ports = { route: router.route.bind(router), runtimeOf: () => 'python' };
  return checkProtection(result.config, ports).map(
    ({ position, message }) => `${position.line}: ${message.replaceAll(root, '$ROOT')}`,
  );
}

const login = 'AuthType Basic\nAuthName x\nAuthUserFile users\nAuthGroupFile groups\n';

describe('-t looks at protections', () => {
  it('and is content with one that holds', () => {
    expect(protection(`<Location /a>\n${login}Require valid-user\n</Location>\n`)).toEqual([]);
    expect(protection('<Location /a>\nRequire ip 10.0.0.0/8\n</Location>\n')).toEqual([]);
    expect(protection('<Location /a>\nRequire all denied\n</Location>\n')).toEqual([]);
    expect(protection('<Location /a>\nRequire all granted\n</Location>\n')).toEqual([]);
  });

  it('finds AuthType beside a Require that grants', () => {
    const text = `DocumentRoot www\n<Directory />\nRequire all granted\n</Directory>\n<Location /a>\n${login}</Location>\n`;
    expect(protection(text)).toEqual([
      '5: is open in effect: AuthType alone asks nobody, and the Require of $ROOT/site.conf:3 grants access to all; expected a Require here',
    ]);
  });

  it('finds AuthType without any Require', () => {
    expect(protection(`<Location /a>\n${login}</Location>\n`)).toEqual([
      '1: every request here fails: AuthType without Require',
    ]);
  });

  it('finds a password file without AuthType', () => {
    expect(protection('<Location /a>\nAuthUserFile users\n</Location>\n')).toEqual([
      '1: is open in effect: without AuthType and Require nobody is asked; expected a Require here',
    ]);
    expect(protection('<Location /a>\nAuthUserFile users\nRequire valid-user\n</Location>\n')).toEqual([
      '1: every request here fails: no AuthType',
    ]);
  });

  it('finds what AuthMerging Or opens', () => {
    const outer = '<Location />\nRequire all granted\n</Location>\n';
    const inner = `<Location /a>\n${login}Require valid-user\nAuthMerging Or\n</Location>\n`;
    expect(protection(outer + inner)).toEqual([
      '4: is open in effect: a section that is merged later, or AuthMerging Or, grants access to all',
    ]);
    expect(protection(outer + inner.replace('Or', 'And'))).toEqual([]);
  });

  it('finds what a later section opens', () => {
    const text = `DocumentRoot www\n<Directory www>\n${login}Require valid-user\n</Directory>\n<Location />\nRequire all granted\n</Location>\n`;
    expect(protection(text)).toEqual([expect.stringMatching(/^2: is open in effect/)]);
  });

  it('finds what a virtual host opens again', () => {
    const text = `<Location /a>\n${login}Require valid-user\n</Location>\n<VirtualHost *:8080>\n<Location />\nRequire all granted\n</Location>\n</VirtualHost>\n`;
    expect(protection(text)).toEqual([expect.stringMatching(/^1: is open in effect/)]);
  });

  it('says nothing about a login that is required further down', () => {
    const text = `DocumentRoot www\n<Directory />\nRequire all granted\n</Directory>\n<Location />\n${login}</Location>\n<Location /a>\nRequire valid-user\n</Location>\n`;
    expect(protection(text)).toEqual([]);
  });

  it('finds requirements that nobody fulfils', () => {
    const section = (require: string) => `<Location /a>\n${login}${require}\n</Location>\n`;
    expect(protection(section('Require user carol dave'))).toEqual([
      "1: nobody can enter here: $ROOT/users does not have the user 'carol', 'dave'",
    ]);
    expect(protection(section('Require group admins'))).toEqual([
      "1: nobody can enter here: $ROOT/groups does not have the group 'admins'",
    ]);
    expect(protection(section('Require user carol alice'))).toEqual([]);
    expect(protection(section('Require group staff'))).toEqual([]);
    expect(
      protection(section('<RequireAll>\nRequire valid-user\nRequire all denied\n</RequireAll>')),
    ).toEqual(['1: nobody can enter here: the requirements cannot be fulfilled']);
  });
});

describe('-t looks at files', () => {
  const files = (text: string): string[] => {
    const result = load(text);
    return print(result, checkFiles(result.config, result.fileReferences));
  };

  it('and says which scripts are missing', () => {
    writeFileSync(join(root, 'there.py'), '');
    const text = `WSGIScriptAlias /a there.py
WSGIScriptAlias /b there.py/with/more
WSGIScriptAlias /c www/
WSGIScriptAliasMatch ^/d/(.*) $1.py
WSGIScriptAlias /e gone.py
WSGIScriptAlias /f gone/away.py/
<Location /f>
WSGIAuthUserScript login.py
</Location>
`;
    expect(files(text)).toEqual([
      'MH0702 $ROOT/site.conf:5: warning: WSGIScriptAlias: there is no script file $ROOT/gone.py: until there is one, requests for it are answered with 404',
      'MH0702 $ROOT/site.conf:6: warning: WSGIScriptAlias: there is no script file $ROOT/gone/away.py/: until there is one, requests for it are answered with 404',
      'MH0702 $ROOT/site.conf:8: warning: WSGIAuthUserScript: there is no script file $ROOT/login.py: until there is one, every login here fails',
    ]);
  });

  it('and warns of passwords that everybody can read', () => {
    const text = `<Location /a>\n${login}Require valid-user\n</Location>\n`;
    chmodSync(join(root, 'users'), 0o644);
    // Nobody gets to it: the directory is closed.
    expect(files(text)).toEqual([]);
    chmodSync(root, 0o755);
    expect(files(text)).toEqual([
      'MH0704 $ROOT/site.conf:4: warning: AuthUserFile: everybody on this machine can read $ROOT/users; expected chmod 640 or less',
    ]);
    chmodSync(join(root, 'users'), 0o640);
    expect(files(text)).toEqual([]);
  });

  it.runIf(process.getuid?.() === 0)('and asks as the account of the front ends', () => {
    chmodSync(root, 0o755);
    const text = `User nobody\nGroup nogroup\n<Location /a>\n${login}Require valid-user\n</Location>\n`;
    const unreadable = (directive: string, line: number, name: string) =>
      `MH0703 $ROOT/site.conf:${line}: warning: ${directive}: the user nobody of the front ends cannot read $ROOT/${name}: nobody can log in here`;
    expect(files(text)).toEqual([
      unreadable('AuthUserFile', 6, 'users'),
      unreadable('AuthGroupFile', 7, 'groups'),
    ]);
    expect([process.geteuid?.(), process.getegid?.()]).toEqual([0, 0]);
  });
});

describe('-t looks at addresses', () => {
  it('and says which are taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    try {
      writeFileSync(join(root, 'site.conf'), '');
      const { config } = loadConfig({
        file: 'site.conf',
        serverRoot: root,
        before: [`Listen 127.0.0.1:${port}`],
        environment: {},
      });
      expect(
        config === undefined ? [] : (await checkAddresses(config)).map(({ message }) => message),
      ).toEqual([`modhost could not listen on 127.0.0.1:${port}: another program does`]);
    } finally {
      other.close();
    }
  });
});

describe('-t looks at protections that requests pass by', () => {
  it.each([
    ['<Files secret.txt>', '</Files>'],
    ['<LocationMatch ^/private>', '</LocationMatch>'],
    ['<If "%{REQUEST_URI} =~ m#^/if#">', '</If>'],
    ['<Directory /*/x>', '</Directory>'],
  ])('%s with a login that nobody asks for', (opening, closing) => {
    const found = protection(`${opening}\n${login}${closing}\n`);
    expect(found).toEqual([
      '1: asks nobody by itself: AuthType and its kin need a Require; expected one here',
    ]);
    expect(protection(`${opening}\n${login}Require valid-user\n${closing}\n`)).toEqual([]);
  });

  it('finds one inside another section, unless that asks for a user', () => {
    const nested = (rest: string) =>
      protection(`<Directory ${root}/www>\n${rest}<Files x>\n${login}</Files>\n</Directory>\n`);
    expect(nested('').map((text) => text.slice(0, 20))).toEqual(['2: asks nobody by it']);
    expect(nested('Require valid-user\n').filter((text) => text.startsWith('3:'))).toEqual([]);
  });

  const missed = (text: string) =>
    checkNearMisses(load(text).config).map(
      ({ position, message }) => `${position.line}: ${message.replaceAll(root, '$ROOT')}`,
    );
  const guarded = (opening: string) =>
    `<${opening}>\n${login}Require valid-user\n</${opening.split(' ')[0]}>\n`;

  it.each([
    [
      'Alias /Admin www',
      '/admin',
      'does not protect /Admin: upper and lower case differ; expected <Location /Admin>',
    ],
    [
      'WSGIScriptAlias /app app.py',
      '/app/',
      'does not protect /app itself, only what is below it; expected <Location /app>',
    ],
  ])('%s beside <Location %s>', (mount, location, message) => {
    expect(missed(`${mount}\n${guarded(`Location ${location}`)}`)).toEqual([`2: ${message}`]);
  });

  it.each([
    ['Alias /admin www', 'Location /admin'],
    ['Alias /admin/ www/', 'Location /admin'],
    ['Alias /admin/ www/', 'Location /admin/'],
    ['Alias /a www', 'Location /'],
    ['DocumentRoot www', 'Directory www/sub'],
    ['WSGIScriptAlias / www/app.py', 'Directory www'],
    ['AliasMatch ^/(.*) /srv/$1', 'Directory /elsewhere'],
  ])('%s with <%s> is as it should be', (mount, opening) => {
    expect(missed(`${mount}\n${guarded(opening)}`)).toEqual([]);
  });

  it('finds a directory that no URL reaches', () => {
    expect(missed(`DocumentRoot www\n${guarded('Directory /elsewhere')}`)).toEqual([
      '2: protects nothing: no URL leads to /elsewhere',
    ]);
    expect(missed('DocumentRoot www\n<Directory /elsewhere>\nRequire all denied\n</Directory>\n')).toEqual(
      [],
    );
    const host = `<VirtualHost *:8080>\nDocumentRoot www\n</VirtualHost>\n`;
    expect(missed(`${host}${guarded('Directory www')}`)).toEqual([]);
  });

  it('finds directories that process groups and aliases lack', () => {
    mkdirSync(join(root, 'venv/bin'), { recursive: true });
    writeFileSync(join(root, 'venv/bin/python'), '');
    const text = `WSGIDaemonProcess a home=/gone/home python-home=/gone/python python-path=/gone/x:${root}/www
WSGIDaemonProcess b home=${root} python-home=${root}/venv node=/gone/node
WSGIDaemonProcess c node=${process.execPath}
WSGIDaemonProcess d node=node
WSGIDaemonProcess e node=no-such-program
Alias /gone gone
Alias /www www
AliasMatch ^/x gone
`;
    const result = load(text);
    expect(print(result, checkFolders(result.config))).toEqual([
      'MH0706 $ROOT/site.conf:1: warning: WSGIDaemonProcess: home: there is no directory /gone/home: the daemon processes of the group cannot start',
      'MH0706 $ROOT/site.conf:1: warning: WSGIDaemonProcess: python-home: there is no Python in /gone/python: the daemon processes of the group cannot start',
      'MH0706 $ROOT/site.conf:1: warning: WSGIDaemonProcess: python-path: there is no /gone/x: Python finds no modules in it',
      'MH0706 $ROOT/site.conf:2: warning: WSGIDaemonProcess: node: there is no program /gone/node: no JavaScript of the group can run',
      'MH0706 $ROOT/site.conf:5: warning: WSGIDaemonProcess: node: there is no program no-such-program: no JavaScript of the group can run',
      'MH0706 $ROOT/site.conf:6: warning: Alias: there is no $ROOT/gone: requests for it are answered with 404',
    ]);
  });
});

describe.skipIf(process.getuid?.() !== 0)('-t looks as the account of a process group (as root)', () => {
  it('at directories that it cannot reach', () => {
    const closed = join(root, 'closed');
    mkdirSync(join(closed, 'bin'), { recursive: true });
    writeFileSync(join(closed, 'bin/python3'), '');
    chmodSync(closed, 0o700);
    const result = load(`WSGIDaemonProcess a user=nobody home=${closed} python-home=${closed}
WSGIDaemonProcess b home=${closed} python-home=${closed}
`);
    expect(print(result, checkFolders(result.config))).toEqual([
      'MH0706 $ROOT/site.conf:1: warning: WSGIDaemonProcess: home: there is no directory $ROOT/closed that the user nobody can reach: the daemon processes of the group cannot start',
      'MH0706 $ROOT/site.conf:1: warning: WSGIDaemonProcess: python-home: there is no Python in $ROOT/closed that the user nobody can reach: the daemon processes of the group cannot start',
    ]);
  });
});

describe('-t looks at .htaccess files that nobody reads', () => {
  const unread = (text: string) => {
    const result = load(text);
    return print(result, checkHtaccess(result.config, createHtaccessLookup(result.config)));
  };
  const none = '<Directory />\nAllowOverride None\n</Directory>\n';
  const protect = (text = 'AuthName x\n  Require valid-user\n') =>
    writeFileSync(join(root, 'www/.htaccess'), text);
  const warning = (line: string, directive: string) =>
    `MH0805 $ROOT/site.conf${line}: warning: ${directive}: AllowOverride None: $ROOT/www/.htaccess looks like a protection, and is not read`;

  it.each([
    ['DocumentRoot www\n', warning('', 'DocumentRoot')],
    ['Alias /a www\n', warning(':4', 'Alias')],
    ['WSGIScriptAlias /a www/app.py\n', warning(':4', 'WSGIScriptAlias')],
    ['<Directory www>\n</Directory>\n', warning(':4', '<Directory>')],
  ])('in what %j names', (text, expected) => {
    protect();
    expect(unread(none + text)).toEqual([expected]);
  });

  it('and once only', () => {
    protect('<Limit GET>\nDeny from all\n</Limit>');
    const named = 'DocumentRoot www\nAlias /a www\n<VirtualHost *:80>\nAlias /b www\n</VirtualHost>\n';
    expect(unread(none + named)).toHaveLength(1);
  });

  it.each([
    ['DocumentRoot www\n', undefined],
    [`${none}DocumentRoot www\n<Directory www>\nAllowOverride AuthConfig\n</Directory>\n`, undefined],
    [
      `${none}DocumentRoot www\n<VirtualHost *:80>\n<Directory www>\nAllowOverride All\n</Directory>\n</VirtualHost>\n`,
      undefined,
    ],
    [`${none}DocumentRoot www\n`, '# Require valid-user\nOptions -Indexes\n'],
  ])('but not where they are read, or protect nothing: %j %j', (text, htaccess) => {
    protect(htaccess);
    expect(unread(text)).toEqual([]);
  });
});
