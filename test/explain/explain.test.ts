import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHtaccessParser, findOrigin, loadConfig, type ServerConfig } from '../../src/config/index.js';
import {
  type Explanation,
  explainRequest,
  findAskedRequest,
  formatExplanation,
} from '../../src/explain/index.js';

let folder: string;
let config: ServerConfig;

const siteFile = `Listen 8080
Listen 127.0.0.1:8081
ServerName main.example
CustomLog logs/access "%s %U"
WSGIDaemonProcess app queue-timeout=45
<Directory />
Require all denied
</Directory>
<VirtualHost *:8080>
ServerName www.example.com
ServerAlias *.wild.example
DocumentRoot docs
WSGIScriptAlias /app app.py process-group=app
<Directory docs>
Require all granted
DirectoryIndex first.html f.txt
</Directory>
<Directory .>
Require all granted
</Directory>
<Location /app/staff>
AuthType Basic
AuthName Staff
AuthBasicProvider wsgi
WSGIAuthUserScript app.py
WSGIAuthGroupScript app.py
Require wsgi-group staff
Require ip 192.0.2.0/24
</Location>
</VirtualHost>
<VirtualHost *:8080>
ServerName other.example
Alias /bin /bin
<Location /rules>
Order deny,allow
Deny from all
Allow from 10 env=!x .example.com
<LimitExcept GET>
Require user bob
Satisfy Any
</LimitExcept>
</Location>
Redirect /moved https://new.example/there
ErrorDocument 403 /denied.html
Alias /denied.html docs/f.txt
<Directory docs>
Require all granted
</Directory>
</VirtualHost>
<VirtualHost *:8080>
ServerName htaccess.example
DocumentRoot docs
<Directory docs>
AllowOverride All
</Directory>
</VirtualHost>
<VirtualHost *:8080>
ServerName secrets.example
Alias /f.txt docs/f.txt
WSGIScriptAlias / app.py
CustomLog logs/secrets.log "%{A_TOKEN}e %{COLOUR}e %{DB_PASSWORD}e %{Authorization}i %{Cookie}i %{t}C %{X-Secret}o %{X-Colour}o %{CAUGHT}e"
SetEnv DB_PASSWORD hunter2
SetEnv URL postgres://u:hunter2@h/db
SetEnvIf Host . A_TOKEN=hunter2
RewriteEngine On
RewriteRule . - [E=API_KEY:hunter2,E=COLOUR:red]
RewriteCond %{HTTP:Cookie} id=(.*)
RewriteRule ^/(caught|f.txt) - [E=CAUGHT:%1]
RewriteCond expr "%{HTTP:Cookie} =~ /id=(.*)/"
RewriteRule ^/made /four?x=%1
RewriteRule ^/four(.*) /five/%{HTTP:Cookie}
RewriteRule ^/five/(.*) /f.txt [R,QSD]
<Location />
Require all granted
SetEnvIf Host . B_TOKEN=hunter2
AuthBasicFake bob hunter2
RequestHeader set Authorization "Basic hunter2"
RequestHeader set Cookie "s=hunter2; t=hunter2"
Header set X-Secret hunter2
Header set X-Colour red
</Location>
</VirtualHost>
`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'modhost-explain-'));
  mkdirSync(join(folder, 'docs'));
  mkdirSync(join(folder, 'logs'));
  writeFileSync(join(folder, 'docs/f.txt'), 'text');
  writeFileSync(join(folder, 'app.py'), '');
  writeFileSync(join(folder, 'site.conf'), siteFile);
  const loaded = loadConfig({ file: join(folder, 'site.conf'), serverRoot: folder, environment: {} });
  if (loaded.config === undefined) throw new Error(JSON.stringify(loaded.mistakes));
  config = loaded.config;
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Asking {
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly address?: string;
  readonly method?: string;
  readonly headers?: readonly string[];
}

async function explain(
  url: string,
  { user, groups = [], method = 'GET', headers = [], address }: Asking = {},
) {
  const wanted = { url, method, headers, ...(user === undefined ? {} : { user }) };
  const asked = findAskedRequest(config, { ...wanted, ...(address === undefined ? {} : { address }) });
  if (typeof asked === 'string') throw new Error(asked);
  return explainRequest(
    config,
    new Map(),
    asked,
    { groups, ...(user === undefined ? {} : { user }) },
    createHtaccessParser(config, {}),
    findOrigin,
  );
}

/** The steps of a stage, indented by depth, with the line that each is about. */
const texts = (steps: Explanation['steps'], ...stages: string[]) =>
  steps
    .filter(({ stage }) => stages.includes(stage))
    .map(
      ({ text, depth = 0, position }) =>
        `${'  '.repeat(depth)}${text}${position ? ` :${position.line}` : ''}`,
    );
const linesOf = (positions: readonly { readonly line: number }[]) => positions.map(({ line }) => line);

describe('explain', () => {
  it.each([
    ['http://www.example.com:8080/', 'www.example.com', 'ServerName www.example.com', 9],
    ['http://A.wild.example:8080/', 'www.example.com', 'ServerAlias *.wild.example', 9],
    ['http://other.example:8080/', 'other.example', 'ServerName other.example', 31],
    [
      'http://unknown.example:8080/',
      'www.example.com',
      'no virtual host of this address is called unknown.example: the first one serves',
      9,
    ],
    ['http://www.example.com:8081/', 'main.example', 'no <VirtualHost> has this address and port', undefined],
  ])('says why %s is %s', async (url, name, why, line) => {
    const { virtualHost } = await explain(url);
    expect([virtualHost.name, virtualHost.why, virtualHost.position?.line]).toEqual([name, why, line]);
  });

  it('lists the sections in the order in which they were merged, and who says what', async () => {
    const { sections, settings } = await explain('http://www.example.com:8080/f.txt');
    expect(sections.map(({ text, position }) => `${text} ${position.line}`)).toEqual([
      '<Directory /> 6',
      '<Directory .> 18',
      '<Directory docs> 14',
    ]);
    const require = settings.find(({ name }) => name === 'require');
    expect([require?.value, linesOf(require?.from ?? [])]).toEqual(['all granted', [15, 19, 7]]);
    const index = settings.find(({ name }) => name === 'directoryIndex');
    expect(linesOf(index?.from ?? [])).toEqual([16]);
    expect(settings.find(({ name }) => name === 'directoryIndex')?.value).toBe('first.html f.txt');
  });

  it('says access rules in the words of the directives', async () => {
    const { settings } = await explain('http://other.example:8080/rules');
    expect(settings.filter(({ name }) => name === 'hostAccess' || name === 'require')).toMatchObject([
      { value: '<LimitExcept GET> user bob </LimitExcept>' },
      {
        value:
          'Order deny,allow; Allow from 10.0.0.0/8; Allow from env=!x; Allow from .example.com; Deny from all; <LimitExcept GET> Satisfy any </LimitExcept>',
      },
    ]);
  });

  it('follows a directory to its index, and serves it', async () => {
    const { mapping, answer, log, steps } = await explain('http://www.example.com:8080/');
    expect(mapping).toMatchObject({ kind: 'file', filename: `${folder}/docs/f.txt` });
    expect(texts(steps, 'mapping')).toEqual([
      `no alias takes it: DocumentRoot ${folder}/docs makes ${folder}/docs/ of it`,
      `${folder}/docs is a directory`,
      'is /first.html there? (DirectoryIndex)',
      `no alias takes it: DocumentRoot ${folder}/docs makes ${folder}/docs/first.html of it`,
      `there is no ${folder}/docs/first.html`,
      'is /f.txt there? (DirectoryIndex)',
      `no alias takes it: DocumentRoot ${folder}/docs makes ${folder}/docs/f.txt of it`,
      `${folder}/docs/f.txt is a file`,
      'answers /f.txt in its place',
      `no alias takes it: DocumentRoot ${folder}/docs makes ${folder}/docs/f.txt of it`,
      `${folder}/docs/f.txt is a file`,
    ]);
    expect(answer.status).toBe(200);
    expect(log.access).toEqual(['200 /f.txt']);
  });

  it('tells of a redirect, which needs no file and asks nobody', async () => {
    const { mapping, access, answer, steps } = await explain('http://other.example:8080/moved/x?q');
    expect(mapping).toEqual({ kind: 'redirect', filename: 'https://new.example/there/x' });
    expect(texts(steps, 'mapping')).toEqual(['Redirect answers 302 to https://new.example/there/x :43']);
    expect(access.outcome).toBe('granted without a user');
    expect(answer.status).toBe(302);
    expect(answer.headers).toContain('https://new.example/there/x?q');
  });

  it('speaks of what was asked for, not of the page that tells of the error', async () => {
    const { path, mapping, sections, access, answer } = await explain('http://other.example:8080/bin/sh');
    expect([path, mapping?.kind, access.outcome, answer.status]).toEqual(['/bin/sh', 'file', 'denied', 403]);
    expect(sections.map(({ text }) => text)).toEqual(['<Directory />']);
    expect(answer.headers).toContain('text/plain');
  });

  it('tells what a refused request would leave in the log', async () => {
    const { answer, log, access } = await explain('http://other.example:8080/bin/x');
    expect([answer.status, access.outcome]).toEqual([403, 'denied']);
    expect(log.error).toHaveLength(1);
    expect(log.error[0]).toContain('[authz_core:error]');
  });

  it('follows a script to its group, with environ and time limits', async () => {
    const { application, mapping, steps } = await explain('http://www.example.com:8080/app/x%20y?q', {
      method: 'POST',
    });
    expect(mapping).toMatchObject({
      kind: 'script',
      scriptName: '/app',
      pathInfo: '/x y',
    });
    expect(texts(steps, 'mapping')).toEqual([
      `WSGIScriptAlias /app makes ${folder}/app.py/x y of it :13`,
      `${folder}/app.py is a file, behind it /x y`,
    ]);
    expect(application).toMatchObject({
      scriptFile: `${folder}/app.py`,
      runtime: 'python',
      processGroup: 'app',
      callable: 'application',
      timeLimits: { 'queue-timeout': 45 },
    });
    const environ = application?.environ ?? [];
    expect(environ[environ.indexOf('REQUEST_METHOD') + 1]).toBe('POST');
    expect(environ[environ.indexOf('QUERY_STRING') + 1]).toBe('q');
  });

  it('shows no values of variables and fields whose names look secret, and no passwords of URLs', async () => {
    const explanation = await explain('http://secrets.example:8080/x');
    const { environ = [] } = explanation.application ?? {};
    const values = ['DB_PASSWORD', 'A_TOKEN', 'B_TOKEN', 'API_KEY', 'URL', 'COLOUR'].map(
      (name) => environ[environ.indexOf(name) + 1],
    );
    expect(values).toEqual(['***', '***', '***', '***', 'postgres://u:***@h/db', 'red']);
    expect(texts(explanation.steps, 'headers').join()).toContain('set Authorization makes it ***');
    for (const text of [JSON.stringify(explanation), formatExplanation(explanation)]) {
      expect(text).toContain('DB_PASSWORD ***');
      expect(text).not.toContain('hunter2');
    }
  });

  it('nor what rules made of them', async () => {
    const headers = ['Cookie', 'id=swordfish'];
    const made = await explain('http://secrets.example:8080/made', { headers });
    const steps = texts(made.steps, 'rewrite').join();
    expect(steps).toContain("'/made' becomes '***'");
    expect(steps).toContain("'***' becomes '***'");
    expect(steps).not.toContain('swordfish');
    const { application } = await explain('http://secrets.example:8080/caught', { headers });
    const { environ = [] } = application ?? {};
    expect(environ[environ.indexOf('CAUGHT') + 1]).toBe('***');
    expect(environ.join()).not.toContain('swordfish');
  });

  it('nor in the line of the access log', async () => {
    const explanation = await explain('http://secrets.example:8080/f.txt');
    expect(explanation.log.access).toEqual(['*** red *** *** s=***; t=*** *** *** red -']);
    expect(formatExplanation(explanation)).not.toContain('hunter2');
    const caught = await explain('http://secrets.example:8080/f.txt', {
      headers: ['Cookie', 'id=swordfish'],
    });
    expect(caught.log.access[0]).toMatch(/ red \*\*\*$/);
  });

  it.each([
    [{}, 401, 'a user has to log in', 0],
    [{ user: 'eve' }, 401, 'eve may not enter', 2],
    [{ user: 'eve', groups: ['staff'] }, undefined, 'granted to eve (Basic)', 2],
    [{ address: '192.0.2.7' }, undefined, 'granted without a user', 0],
    [{ headers: ['Authorization', 'Basic eDp5'] }, 401, 'x may not enter', 1],
  ])('decides about %j', async (asking, status, outcome, assumptions) => {
    const { answer, access } = await explain('http://www.example.com:8080/app/staff', asking);
    expect([answer.status, access.outcome, access.assumptions.length]).toEqual([
      status,
      outcome,
      assumptions,
    ]);
  });

  it('judges each Require, first without a user, then with the one who has logged in', async () => {
    const { steps } = await explain('http://www.example.com:8080/app/staff', {
      user: 'eve',
      groups: ['staff'],
    });
    expect(texts(steps, 'access', 'user')).toEqual([
      'Require while nobody has logged in: depends on who it is',
      '  <RequireAny>: depends on who it is :27',
      '    Require wsgi-group staff: depends on who it is :27',
      '    Require ip 192.0.2.0/24: denied :28',
      'AuthBasicProvider wsgi: eve is known, and the password is taken to be right',
      'Require for eve: granted',
      '  <RequireAny>: granted :27',
      '    Require wsgi-group staff: granted :27',
      '    Require ip 192.0.2.0/24: not looked at :28',
    ]);
  });

  it.each([
    [
      'GET',
      [
        'Order deny,allow: granted',
        '  Deny from all: fits :36',
        '  Allow from 10.0.0.0/8: does not fit :37',
        '  Allow from env=!x: fits :37',
        'Require while nobody has logged in: granted',
        '  Require <LimitExcept GET> user bob </LimitExcept>: is about other methods :39',
      ],
      'granted without a user',
    ],
    [
      'POST',
      [
        'Order deny,allow: granted; Satisfy Any: this or Require is enough',
        '  Deny from all: fits :36',
        '  Allow from 10.0.0.0/8: does not fit :37',
        '  Allow from env=!x: fits :37',
      ],
      'granted without a user',
    ],
  ])('judges each word of Allow and Deny for %s', async (method, expected, outcome) => {
    const { steps, access } = await explain('http://other.example:8080/rules', { method });
    expect([texts(steps, 'access'), access.outcome]).toEqual([expected, outcome]);
  });

  it('says whom it would ask, when nobody logs in', async () => {
    const { steps } = await explain('http://www.example.com:8080/app/staff');
    expect(texts(steps, 'user')).toEqual([
      `nobody logs in: 401; AuthType Basic would ask wsgi (${folder}/app.py)`,
    ]);
  });

  it('refuses what no server would get', () => {
    const wanted = { method: 'GET', headers: [] };
    expect(findAskedRequest(config, { ...wanted, url: 'ftp://x/' })).toContain(
      'neither a path nor an http:// or https:// URL',
    );
    expect(findAskedRequest(config, { ...wanted, url: 'http://x:99/' })).toBe(
      'nothing listens on port 99; the site file says Listen for 8080, 8081',
    );
    expect(findAskedRequest(config, { ...wanted, url: 'http://a..b/' })).toBe('a..b is no valid host');
  });

  it('shows a malformed request refused before any section', async () => {
    const { answer, sections, access } = await explain('http://www.example.com:8080/%zz');
    expect([answer.status, sections, access.outcome]).toEqual([400, [], 'refused before anybody asked']);
  });

  describe('with .htaccess files', () => {
    const write = (name: string, text: string) => {
      mkdirSync(join(folder, 'docs', name), { recursive: true });
      writeFileSync(join(folder, 'docs', name, '.htaccess'), text);
    };

    it('lists them among the sections, with the line of each setting', async () => {
      write('own', '\nRequire user bob\n<Files f.txt>\nForceType text/x-own\n</Files>\n');
      const { sections, settings, steps } = await explain('http://htaccess.example:8080/own/f.txt');
      const file = join(folder, 'docs/own/.htaccess');
      expect(sections.slice(-2)).toEqual([
        { text: `.htaccess file ${file}`, position: { file, line: 1 } },
        { text: '<Files f.txt>', position: { file, line: 3 } },
      ]);
      expect(settings.find(({ name }) => name === 'forceType')?.from).toEqual([{ file, line: 4 }]);
      expect(texts(steps, 'htaccess')).toEqual([`${file} is read`]);
    });

    it('tells which one is wrong', async () => {
      write('wrong', 'Requir user bob');
      const { access, answer, steps } = await explain('http://htaccess.example:8080/wrong/f.txt');
      expect([answer.status, access.outcome]).toEqual([500, 'refused before anybody asked']);
      expect(texts(steps, 'htaccess').join()).toContain('docs/wrong/.htaccess:1:1: Requir: is not a known');
    });
  });

  it('prints nothing that could move a terminal', async () => {
    const text = formatExplanation(await explain('http://www.example.com:8080/%1b%5b2J'));
    expect(text).not.toContain('\x1b');
    expect(text).toContain('path          /\\x1b[2J');
  });
});
