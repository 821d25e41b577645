import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { basic } from '../peers/browser-session.js';
import { projectRoot } from '../peers/installed.js';

/** One site file that both hosts get, and what requests to it meet in both. */

export interface ConditionCase {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  /** Of the application's environ; undefined: not there. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** Without the port. */
  readonly location?: string;
}

const bob = basic('bob', 'right');
const eve = basic('eve', 'right');

/** What expressions know of the request that askVariables sends. */
export const expectedVariables: Readonly<Record<string, string>> = {
  API_VERSION: '20120211',
  AUTH_TYPE: '',
  CONN_REMOTE_ADDR: '127.0.0.1',
  CONTENT_TYPE: '',
  CONTEXT_DOCUMENT_ROOT: '$FOLDER/htdocs',
  CONTEXT_PREFIX: '',
  DOCUMENT_ROOT: '$FOLDER/htdocs',
  DOCUMENT_URI: '/app/variables/a b',
  HTTP2: 'off',
  HTTPS: 'off',
  HTTP_ACCEPT: 'text/x',
  HTTP_COOKIE: 'a=b',
  HTTP_FORWARDED: '',
  HTTP_HOST: '127.0.0.1:$PORT',
  HTTP_PROXY_CONNECTION: '',
  HTTP_REFERER: 'http://r/',
  HTTP_USER_AGENT: 'test',
  IPV6: 'off',
  IS_SUBREQ: 'false',
  PATH_INFO: '/variables/a b',
  QUERY_STRING: 'c=d&e',
  REMOTE_ADDR: '127.0.0.1',
  REMOTE_HOST: '127.0.0.1',
  REMOTE_IDENT: '',
  REMOTE_USER: '',
  REQUEST_FILENAME: '$FOLDER/environ.py',
  REQUEST_METHOD: 'POST',
  REQUEST_SCHEME: 'http',
  REQUEST_STATUS: '200',
  REQUEST_URI: '/app/variables/a b',
  SCRIPT_FILENAME: '$FOLDER/environ.py',
  SERVER_ADMIN: '[no address given]',
  SERVER_NAME: '127.0.0.1',
  SERVER_PORT: '$PORT',
  SERVER_PROTOCOL: 'HTTP/1.1',
  THE_REQUEST: 'POST /app/variables/a%20b?c=d&e HTTP/1.1',
};

const variableRules = `<Location /app/variables>
${Object.keys(expectedVariables)
  .map((name) => `SetEnvIfExpr "%{${name}} =~ /(.*)/" V_${name}=$1`)
  .join('\n')}
</Location>`;

/** Asks the application for all of them; neither folder nor port of the host are in the answer. */
export async function askVariables(origin: string, folder: string): Promise<Record<string, string>> {
  const answer = await fetch(`${origin}/app/variables/a%20b?c=d&e`, {
    method: 'POST',
    body: 'x',
    headers: { Accept: 'text/x', Cookie: 'a=b', Referer: 'http://r/', 'User-Agent': 'test' },
  });
  const text = await answer.text();
  const environ = JSON.parse(text.replaceAll(folder, '$FOLDER').replaceAll(new URL(origin).port, '$PORT'));
  return Object.fromEntries(Object.keys(expectedVariables).map((name) => [name, environ[`V_${name}`]]));
}

/** `right` for both. */
const users = ['bob', 'eve'].map(
  (name) => `${name}:$2y$05$t1htpIUzabDFr5KXAP505uqaaMv556ifUJCRdfncG1txVu6Gf08f6\n`,
);

export function prepareConditionSite(folder: string): string {
  // The server that is started inherits it.
  process.env.MODHOST_TEST_GROUP = 'inherited';
  mkdirSync(join(folder, 'htdocs/sub'), { recursive: true });
  writeFileSync(join(folder, 'users'), users.join(''));
  writeFileSync(join(folder, 'htdocs/f.txt'), 'a file');
  writeFileSync(join(folder, 'htdocs/sub/index.html'), 'an index');
  copyFileSync(join(projectRoot, 'test/features/apps/environ.py'), join(folder, 'environ.py'));
  const login = `AuthType Basic\nAuthName test\nAuthUserFile ${folder}/users`;
  return `
DocumentRoot ${folder}/htdocs
<Directory ${folder}>
  Require all granted
</Directory>
WSGIDaemonProcess app threads=2
WSGIProcessGroup app
WSGIScriptAlias /app ${folder}/environ.py
<Location /gone>
  ErrorDocument 404 /app/not-found
</Location>
${variableRules}
LogFormat "%U %>s set=%{SET}e if=%{AT_SERVER}e" trace
CustomLog logs/all trace
CustomLog logs/refused trace "expr=%{REQUEST_STATUS} -ge 400"
CustomLog logs/marked trace env=MARKED

SetEnvIf Request_URI . AT_SERVER=server
SetEnvIf X-Mark . MARKED
SetEnvIf Request_URI . GONE=there
SetEnvIf X-Pair "^(.)(.)$" FIRST=$1 SECOND=$2 WHOLE=$0 PLAIN !GONE
SetEnvIf X-None "^$" EMPTY
SetEnvIf AT_SERVER ser CHAIN=yes
SetEnvIfNoCase X-Case ABC CASELESS
SetEnvIf ^X-Some-.* val SOME
SetEnvIf Remote_Addr ^127 ADDRESS
SetEnvIf Request_Method GET METHOD
SetEnvIf Request_Protocol "HTTP/1\\.1" PROTOCOL
BrowserMatch ^Lab/ LAB
BrowserMatchNoCase ^lab CASELESS_LAB
SetEnvIfExpr "%{HTTP:X-Pair} =~ /^(x)(.)/" EXPR_FIRST=$1 EXPR_SECOND=$2
SetEnvIfExpr "-n reqenv('SET')" EARLY
SetEnvIf SET . EARLY
SetEnv SET set
SetEnv AT_SERVER overridden
UnsetEnv CHAIN
SetEnvIf X-Quiet . nokeepalive

<LocationMatch "^/(?<place>[^/]+)">
  SetEnvIf AT_SERVER (.*) IN_SECTION=$1
</LocationMatch>
<DirectoryMatch "/(?<folder>htd[^/]*)">
</DirectoryMatch>

<Location /app>
  <If "reqenv('MATCH_PLACE') == 'app'">
    SetEnv IF_MATCH 1
  </If>
  <If "reqenv('IN_SECTION') != ''">
    SetEnv IF_IN_SECTION 1
  </If>
</Location>
<If "%{HTTP:X-A} == '1'">
  SetEnv BRANCH if
  <If "%{HTTP:X-B} == '1'">
    SetEnv BRANCH nested
  </If>
  <Else>
    SetEnv BRANCH nested-else
  </Else>
</If>
<ElseIf "%{HTTP:X-A} == '2'">
  SetEnv BRANCH else-if
</ElseIf>
SetEnv BETWEEN 1
<Else>
  SetEnv BRANCH else
</Else>
<If "%{REMOTE_USER} == 'bob'">
  SetEnv IF_USER 1
</If>
<Location />
  SetEnv LAST location
</Location>
<If "true">
  SetEnv LAST if
</If>
<Directory ${folder}>
  <If "%{HTTP:X-Nested} == '1'">
    SetEnv LAST directory
  </If>
</Directory>

<If "%{HTTP:X-Deny} == '1'">
  Require all denied
</If>
<If "%{HTTP:X-Open} == '1'">
  Require all granted
</If>
<Location /f.txt>
  <If "%{HTTP:X-Last} == '1' && -f %{REQUEST_FILENAME}">
    Require all denied
  </If>
</Location>
<Location /told>
  ErrorDocument 404 "%{REQUEST_STATUS}: no %{REQUEST_URI}, \\$5 & %{HTTP:X-A}"
</Location>
<Location /told/fault>
  ErrorDocument 404 "%{file:/none/such}"
</Location>
<Location /to/host>
  Redirect 302 "https://%{HTTP_HOST}/x%{REQUEST_URI}"
</Location>
<Location /to/path>
  Redirect permanent "/y/%{tolower:%{QUERY_STRING}}"
</Location>
<Location /to/header>
  Redirect 302 "%{HTTP:X-To}"
</Location>
<LocationMatch "^/to/env/(?<who>.+)">
  Redirect 302 "https://x/%{env:MATCH_WHO}"
</LocationMatch>
<Location /to/fault>
  Redirect 302 "https://x/%{file:/none/such}"
</Location>
<Location /fault>
  <If "file('/none/such') == ''">
  </If>
  Require all granted
</Location>

<Location /app/user-is>
  Require expr "%{REMOTE_USER} == 'bob'"
  ${login}
</Location>
<Location /app/user-is-not>
  Require expr "%{REMOTE_USER} != 'eve'"
  ${login}
</Location>
<Location /app/user-or-query>
  Require expr %{REMOTE_USER} == 'bob' || %{QUERY_STRING} == 'open'
  ${login}
</Location>
<Location /app/type-is>
  Require expr "%{AUTH_TYPE} == 'Basic'"
  ${login}
</Location>
<Location /app/all-but-eve>
  <RequireAll>
    Require valid-user
    Require not expr "%{REMOTE_USER} == 'eve'"
  </RequireAll>
  ${login}
</Location>
<Location /app/group>
  WSGIApplicationGroup %{ENV:GROUP}
  SetEnvIf X-Group "(.+)" GROUP=$1
  <If "%{HTTP:X-A} == '1'">
    SetEnv GROUP set
  </If>
</Location>
<Location /app/server-group>
  WSGIApplicationGroup %{ENV:MODHOST_TEST_GROUP}
</Location>
<Location /app/by-env>
  Require env MARKED
</Location>
<Location /app/by-set-env>
  SetEnv MARKED_LATE 1
  Require env MARKED_LATE
</Location>
<Location /app/by-section-env>
  SetEnvIf X-Mark . MARKED_HERE
  Require env MARKED_HERE
</Location>
<Location /app/if-login>
  ${login}
  Require all granted
  <If "%{HTTP:X-Login} == '1'">
    Require valid-user
  </If>
</Location>
`;
}

const group = 'mod_wsgi.application_group';

export const conditionCases: readonly ConditionCase[] = [
  // An internal redirect; the application says 200
  {
    path: '/gone',
    headers: { 'X-Pair': 'ab' },
    status: 200,
    variables: {
      REDIRECT_STATUS: '404',
      FIRST: 'a',
      REDIRECT_FIRST: 'a',
      AT_SERVER: 'overridden',
      REDIRECT_AT_SERVER: 'overridden',
      MATCH_PLACE: 'app',
      REDIRECT_MATCH_PLACE: 'gone',
      REDIRECT_SET: 'set',
      IN_SECTION: 'server',
    },
  },
  // SetEnvIf
  {
    path: '/app',
    headers: { 'X-Pair': 'ab', 'X-Case': 'xabcx', 'X-Some-Thing': 'a val', 'User-Agent': 'Lab/1' },
    status: 200,
    variables: {
      FIRST: 'a',
      SECOND: 'b',
      WHOLE: 'ab',
      PLAIN: '1',
      GONE: undefined,
      EMPTY: '1',
      CHAIN: 'yes',
      CASELESS: '1',
      SOME: '1',
      ADDRESS: '1',
      METHOD: '1',
      PROTOCOL: '1',
      LAB: '1',
      CASELESS_LAB: '1',
      EXPR_FIRST: undefined,
      EARLY: undefined,
      SET: 'set',
      AT_SERVER: 'overridden',
      IN_SECTION: 'server',
      MATCH_PLACE: 'app',
      IF_MATCH: '1',
      IF_IN_SECTION: undefined,
      MARKED: undefined,
    },
  },
  {
    path: '/app',
    headers: { 'X-Pair': 'xy', 'User-Agent': 'lab' },
    status: 200,
    variables: {
      EXPR_FIRST: 'x',
      EXPR_SECOND: 'y',
      LAB: undefined,
      CASELESS_LAB: '1',
      SOME: undefined,
      CASELESS: undefined,
    },
  },
  // %{ENV:…} in the names of groups
  { path: '/app/group', headers: { 'X-Group': 'a' }, status: 200, variables: { [group]: 'a' } },
  { path: '/app/group', headers: { 'X-A': '1' }, status: 200, variables: { [group]: 'set' } },
  { path: '/app/group', status: 200, variables: { [group]: '%{ENV:GROUP}' } },
  { path: '/app/server-group', status: 200, variables: { [group]: 'inherited' } },
  // <If>
  { path: '/app', status: 200, variables: { BRANCH: 'else', BETWEEN: '1', LAST: 'if', GONE: 'there' } },
  { path: '/app', headers: { 'X-A': '1' }, status: 200, variables: { BRANCH: 'nested-else' } },
  { path: '/app', headers: { 'X-A': '1', 'X-B': '1' }, status: 200, variables: { BRANCH: 'nested' } },
  { path: '/app', headers: { 'X-A': '2' }, status: 200, variables: { BRANCH: 'else-if' } },
  { path: '/app', headers: { 'X-Nested': '1' }, status: 200, variables: { LAST: 'directory' } },
  { path: '/f.txt', status: 200 },
  { path: '/f.txt', headers: { 'X-Deny': '1' }, status: 403 },
  { path: '/f.txt', headers: { 'X-Deny': '1', 'X-Open': '1' }, status: 200 },
  { path: '/f.txt', headers: { 'X-Open': '1', 'X-Last': '1' }, status: 403 },
  { path: '/f.txt', headers: { 'X-Last': '1' }, status: 403 },
  { path: '/sub/', headers: { 'X-Deny': '1' }, status: 403 },
  { path: '/sub/', status: 200 },
  { path: '/missing', headers: { 'X-Deny': '1' }, status: 403 },
  { path: '/missing', status: 404 },
  { path: '/app/if-login', status: 200 },
  { path: '/app/if-login', headers: { 'X-Login': '1' }, status: 401 },
  {
    path: '/app/if-login',
    headers: { 'X-Login': '1', ...bob },
    status: 200,
    variables: { REMOTE_USER: 'bob' },
  },
  // Redirect
  { path: '/to/host/a%20b%3Fc?q=1', status: 302, location: 'https://127.0.0.1/x/to/host/a%20b?c' },
  { path: '/to/path?A=B', status: 301, location: 'http://127.0.0.1/y/a=b?A=B' },
  {
    path: '/to/header?q=1',
    headers: { 'X-To': 'https://x/ a?b' },
    status: 302,
    location: 'https://x/%20a?b',
  },
  { path: '/to/header', headers: { 'X-To': 'nowhere' }, status: 500 },
  { path: '/to/header', status: 500 },
  { path: '/to/env/bob%20x/y?q=1', status: 302, location: 'https://x/bob%20x/y?q=1' },
  { path: '/to/fault', status: 500 },
  // Require expr
  { path: '/app/user-is', status: 401 },
  {
    path: '/app/user-is',
    headers: bob,
    status: 200,
    variables: { REMOTE_USER: 'bob', AUTH_TYPE: 'Basic', IF_USER: undefined },
  },
  { path: '/app/user-is', headers: eve, status: 401 },
  { path: '/app/user-is', headers: basic('bob', 'wrong'), status: 401 },
  { path: '/app/user-is-not', status: 200, variables: { REMOTE_USER: undefined } },
  { path: '/app/user-is-not', headers: eve, status: 200, variables: { REMOTE_USER: undefined } },
  { path: '/app/user-or-query', status: 401 },
  { path: '/app/user-or-query?open', status: 200 },
  { path: '/app/user-or-query', headers: bob, status: 200 },
  { path: '/app/type-is', headers: bob, status: 403 },
  { path: '/app/all-but-eve', status: 401 },
  { path: '/app/all-but-eve', headers: bob, status: 200 },
  { path: '/app/all-but-eve', headers: eve, status: 401 },
  { path: '/app/by-env', status: 403 },
  { path: '/app/by-env', headers: { 'X-Mark': '1' }, status: 200 },
  { path: '/app/by-set-env', status: 403 },
  { path: '/app/by-section-env', status: 403 },
  { path: '/app/by-section-env', headers: { 'X-Mark': '1' }, status: 200 },
];

/** Asks with exactly these headers, and answers in the form of a case. */
export async function askCase(
  origin: string,
  { path, headers = {}, location, variables }: ConditionCase,
): Promise<Omit<ConditionCase, 'path' | 'headers'>> {
  const answer = await fetch(origin + path, {
    headers: { 'User-Agent': 'test', ...headers },
    redirect: 'manual',
  });
  const body = await answer.text();
  if (location !== undefined) {
    const sent = answer.headers.get('location') ?? '';
    return { status: answer.status, location: sent.replace(`:${new URL(origin).port}`, '') };
  }
  if (variables === undefined) return { status: answer.status };
  const environ: Record<string, string> = JSON.parse(body);
  return {
    status: answer.status,
    variables: Object.fromEntries(Object.keys(variables).map((name) => [name, environ[name]])),
  };
}
