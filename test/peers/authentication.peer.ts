import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerChallenge, type DigestAttempt, readChallenge } from '../auth/digest-client.js';
import { apache, projectRoot } from './installed.js';
import { type Host, makeFolder, type RunningServer, removeFolder, startServer } from './server.js';

/** Every place below with every way to log in, on both servers: status, challenge, who the application says it was, and the log. */

const md5 = (value: string) => createHash('md5').update(value).digest('hex');

/** What stands in the <Location> of each place. `@` is the folder of the files. */
const places: Readonly<Record<string, string>> = {
  valid: basic('Require valid-user'),
  user: basic('Require user bob "a b"'),
  group: basic('AuthGroupFile @/groups\nRequire group staff'),
  'group-missing': basic('AuthGroupFile @/nowhere\nRequire group staff'),
  'group-unset': basic('Require group staff'),
  either: basic('AuthGroupFile @/groups\nRequire group staff\nRequire user bob'),
  both: basic('AuthGroupFile @/groups\n<RequireAll>\nRequire group staff\nRequire user alice\n</RequireAll>'),
  not: basic('<RequireAll>\nRequire valid-user\nRequire not user bob\n</RequireAll>'),
  none: basic(
    '<RequireAll>\nRequire valid-user\n<RequireNone>\nRequire user bob\nRequire user ""\n</RequireNone>\n</RequireAll>',
  ),
  nested: basic(
    '<RequireAny>\n<RequireAll>\nRequire user bob\nRequire ip 10.0.0.0/8\n</RequireAll>\nRequire user alice\n</RequireAny>',
  ),
  forbidden: basic('AuthzSendForbiddenOnFailure On\nRequire user bob'),
  expression: basic(`Require expr "%{REMOTE_USER} == 'alice'"`),
  method: basic('<RequireAll>\nRequire valid-user\nRequire method GET OPTIONS\n</RequireAll>'),
  address: basic('Require ip 127.0.0.1\nRequire valid-user'),
  'address-and': basic('<RequireAll>\nRequire ip 10.0.0.1\nRequire valid-user\n</RequireAll>'),
  granted: basic('Require all granted'),
  denied: basic('Require all denied'),
  satisfied: basic('Require valid-user\nOrder deny,allow\nDeny from all\nSatisfy Any'),
  'satisfied-here': basic('Require valid-user\nOrder deny,allow\nSatisfy Any'),
  'not-here': basic('Require valid-user\nOrder allow,deny\nSatisfy All'),
  'no-file': 'AuthType Basic\nAuthName area\nRequire valid-user',
  'missing-file': 'AuthType Basic\nAuthName area\nAuthUserFile @/nowhere\nRequire valid-user',
  'no-name': 'AuthType Basic\nAuthUserFile @/users\nRequire valid-user',
  'no-type': 'AuthName area\nAuthUserFile @/users\nRequire valid-user',
  'no-require': 'AuthType Basic\nAuthName area\nAuthUserFile @/users',
  'type-none': 'AuthType None\nAuthName area\nAuthUserFile @/users\nRequire valid-user',
  unauthoritative: basic('AuthBasicAuthoritative Off\nRequire valid-user'),
  quoted: basic('AuthName "a \\"quoted\\" c:\\\\d é"\nRequire valid-user'),
  anonymous: basic('AuthBasicProvider anon\nAnonymous alice guest\nRequire valid-user'),
  'anonymous-all': basic(
    'AuthBasicProvider anon\nAnonymous *\nAnonymous_MustGiveEmail Off\nAnonymous_NoUserID On\nRequire valid-user',
  ),
  'anonymous-email': basic(
    'AuthBasicProvider anon\nAnonymous *\nAnonymous_VerifyEmail On\nRequire valid-user',
  ),
  'file-anonymous': basic('AuthBasicProvider file anon\nAnonymous guest carl\nRequire valid-user'),
  'anonymous-file': basic('AuthBasicProvider anon file\nAnonymous guest carl\nRequire valid-user'),
  alias: basic('AuthBasicProvider more file\nRequire valid-user'),
  'alias-last': basic('AuthBasicProvider file more\nRequire valid-user'),
  'requirement-alias': basic('Require friends'),
  digested: basic('AuthUserFile @/digests\nAuthBasicUseDigestAlgorithm MD5\nRequire valid-user'),
  fake: basic('AuthBasicFake "x%{REMOTE_USER}" secret\nRequire valid-user'),
  'fake-open': basic('AuthBasicFake demo\nRequire all granted'),
  script: basic('AuthBasicProvider wsgi\nWSGIAuthUserScript @/login.py\nRequire valid-user'),
  'script-file': basic('AuthBasicProvider wsgi file\nWSGIAuthUserScript @/login.py\nRequire valid-user'),
  'script-group': basic(
    'AuthBasicProvider wsgi\nWSGIAuthUserScript @/login.py\nWSGIAuthGroupScript @/login.py\nRequire wsgi-group staff',
  ),
  'script-other-group': basic('WSGIAuthGroupScript @/login.py\nRequire wsgi-group editors'),
  'script-broken': basic('AuthBasicProvider wsgi\nWSGIAuthUserScript @/broken.py\nRequire valid-user'),
  'access-open': basic('WSGIAccessScript @/open.py\nRequire valid-user'),
  'access-closed': basic('WSGIAccessScript @/closed.py\nRequire valid-user'),
  'access-closed-granted': basic('WSGIAccessScript @/closed.py\nRequire all granted'),
  'access-none': basic('WSGIAccessScript @/none.py\nRequire all granted'),
  'access-odd': basic('WSGIAccessScript @/odd.py\nRequire all granted'),
};

function basic(rest: string): string {
  return `AuthType Basic\nAuthName area\nAuthUserFile @/users\n${rest}`;
}

const encoded = (credentials: string) => `Basic ${Buffer.from(credentials, 'latin1').toString('base64')}`;

/** Authorization headers; undefined: none. */
const logins: Readonly<Record<string, string | undefined>> = {
  nobody: undefined,
  alice: encoded('alice:wonderland'),
  'alice with a wrong password': encoded('alice:x'),
  'alice without password': encoded('alice:'),
  'alice without colon': encoded('alice'),
  bob: encoded('bob:builder'),
  'carl, who is not there': encoded('carl:x@y.z'),
  'a guest': encoded('guest:somebody'),
  'nothing but a colon': encoded(':'),
  'ALICE in upper case': encoded('ALICE:wonderland'),
  'a name beyond ASCII': encoded('bj\xc3\xb6rn:\xc3\xa4'),
  'the same in latin-1': encoded('bj\xf6rn:\xe4'),
  'another scheme': 'Bearer abc',
  'a tab behind the scheme': 'Basic\tYWxpY2U6d29uZGVybGFuZA==',
  'no base64': 'Basic ????',
};

/** Apache's process dies of them: mod_wsgi 4.9 takes the name for UTF-8. */
const fatal = (place: string, login: string) => place.startsWith('script') && login === 'the same in latin-1';

/** Where the lines in the log are not to be compared, and why. */
const otherLines: ReadonlySet<string> = new Set([
  // Apache asks for the user a second time, with the faked name.
  'fake',
  // Apache says AH01629: no authenticated user.
  'expression',
  // Apache does not say where.
  'unauthoritative',
]);

let folder: string;
const servers = {} as Record<Host, RunningServer>;

function siteFile(root: string): string {
  const sections = Object.entries(places).map(
    ([name, rest]) => `<Location /${name}>\n${rest.replaceAll('@', root)}\n</Location>`,
  );
  return `
<IfModule auth_throttle_module>
<Location />
AuthThrottle Off
</Location>
</IfModule>
DocumentRoot ${root}
LogLevel info
WSGIDaemonProcess app
<Directory ${root}>
Require all granted
</Directory>
<AuthnProviderAlias file more>
AuthUserFile ${root}/more
</AuthnProviderAlias>
<AuthzProviderAlias user friends "alice carl">
</AuthzProviderAlias>
WSGIScriptAlias / ${root}/login.py process-group=app
WSGIPassAuthorization On
${sections.join('\n')}
<Location /digest>
AuthType Digest
AuthName area
AuthUserFile ${root}/digests
AuthDigestDomain /digest /other
Require valid-user
</Location>
<Location /digest/script>
AuthDigestProvider wsgi
AuthDigestDomain /digest /other
WSGIAuthUserScript ${root}/login.py
</Location>
<Location /digest/bob>
Require user bob
</Location>
<Location /digest/missing-file>
AuthUserFile ${root}/nowhere
</Location>
<Location /digest/quoted>
AuthName "a \\"q\\" é"
</Location>`;
}

beforeAll(async () => {
  folder = makeFolder();
  const sha = (value: string) => `{SHA}${createHash('sha1').update(value).digest('base64')}`;
  const files = {
    users: `alice:${sha('wonderland')}\nbob:${sha('builder')}\nbjörn:${sha('ä')}\na b:${sha('x')}\n`,
    more: `carl:${sha('x@y.z')}\nalice:${sha('x')}\n`,
    groups: 'staff: alice\neditors: bob\n',
    digests: `alice:area:${md5('alice:area:wonderland')}\nbob:area:${md5('bob:area:builder')}\nalice:a "q" é:${md5('alice:a "q" é:wonderland')}\n`,
    'broken.py': 'raise ValueError("broken")\n',
    'open.py': 'def allow_access(environ, host):\n    return host == "127.0.0.1"\n',
    'closed.py': 'def allow_access(environ, host):\n    return False\n',
    'none.py': 'def allow_access(environ, host):\n    return None\n',
    'odd.py': 'def allow_access(environ, host):\n    return 1\n',
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  copyFileSync(join(projectRoot, 'test/features/apps/login.py'), join(folder, 'login.py'));
  for (const host of ['Apache', 'modhost'] as const) {
    mkdirSync(join(folder, `on-${host}`));
    if (apache !== undefined)
      servers[host] = await startServer(host, siteFile(folder), join(folder, `on-${host}`));
  }
});
afterAll(async () => {
  for (const server of Object.values(servers)) await server.stop();
  removeFolder(folder);
});

interface Answer {
  readonly status: number | undefined;
  /** Without what is new each time. */
  readonly challenge: string | undefined;
  readonly info: string | undefined;
  /** What the application says; '' if the server answers. */
  readonly body: string;
}

async function ask(
  host: Host,
  path: string,
  authorization: string | undefined,
  method = 'GET',
): Promise<Answer & { readonly rawChallenge: string }> {
  const { port } = servers[host];
  const sent = request({ port, host: '127.0.0.1', method, path, agent: false });
  if (authorization !== undefined) sent.setHeader('Authorization', authorization);
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const body = await text(response);
  const rawChallenge = response.headers['www-authenticate'] ?? '';
  return {
    status: response.statusCode,
    challenge: response.headers['www-authenticate']?.replace(/nonce="[^"]*"/, 'nonce'),
    info: response.headers['authentication-info']?.toString(),
    body: response.statusCode === 200 ? body.replace(/ Digest .*/, '') : '',
    rawChallenge,
  };
}

const comparable = ({ rawChallenge, ...answer }: Awaited<ReturnType<typeof ask>>): Answer => answer;

const cases = Object.keys(places).flatMap((place) =>
  Object.keys(logins)
    .filter((login) => !fatal(place, login))
    .map((login) => [place, login] as const),
);

describe.skipIf(apache === undefined)('Apache and modhost agree about who may enter', () => {
  it.each(cases)('/%s for %s', async (place, login) => {
    const path = `/${place}/${Object.keys(logins).indexOf(login)}`;
    const wanted = comparable(await ask('Apache', path, logins[login]));
    const got = comparable(await ask('modhost', path, logins[login]));
    expect(got).toEqual(wanted);
  });

  it.each(['HEAD', 'OPTIONS', 'TRACE', 'POST', 'PROPFIND'])('%s', async (method) => {
    for (const place of ['valid', 'user', 'method', 'script'])
      for (const login of ['nobody', 'alice', 'alice with a wrong password']) {
        const path = `/${place}/${method}`;
        const wanted = await ask('Apache', path, logins[login], method);
        const got = await ask('modhost', path, logins[login], method);
        expect([login, place, got.status, got.challenge]).toEqual([
          login,
          place,
          wanted.status,
          wanted.challenge,
        ]);
      }
  });

  it('in the error log, too: the codes that are about a login', () => {
    const codes = /AH0(1614|1615|1617|1618|1627|1631|1796)/g;
    const listed = (host: Host) =>
      new Map(
        cases
          .filter(([place]) => !otherLines.has(place))
          .map(([place, login]) => {
            const path = new RegExp(`/${place}/${Object.keys(logins).indexOf(login)}(?!\\d)`);
            const lines = servers[host]
              .log()
              .split('\n')
              .filter((line) => path.test(line));
            return [`${place} ${login}`, [...new Set(lines.flatMap((line) => line.match(codes) ?? []))]];
          }),
      );
    expect(listed('modhost')).toEqual(listed('Apache'));
  });
});

const path = '/digest/x';
const good: DigestAttempt = { uri: path };

describe.skipIf(apache === undefined)('Apache and modhost agree about AuthType Digest', () => {
  it.each<[string, Partial<DigestAttempt> & { readonly path?: string }]>([
    ['who knows the password', {}],
    ['a wrong password', { password: 'x' }],
    ['nobody of that name', { user: 'carl' }],
    ['another path', { uri: '/digest/y' }],
    ['another query', { uri: `${path}?a=b` }],
    ['a query', { path: `${path}?a=b`, uri: `${path}?a=b` }],
    ['no query', { path: `${path}?a=b`, uri: path }],
    ['other escapes', { uri: '/digest/%78' }],
    ['escapes in the request', { path: '/digest/%78', uri: '/digest/x' }],
    ['an absolute uri of another host', { uri: 'http://other.example/digest/x' }],
    ['an empty uri', { uri: '' }],
    ['*', { uri: '*' }],
    ['a relative uri', { uri: 'digest/x' }],
    ['another realm', { with: { realm: '"other"' } }],
    ['another case of the realm', { with: { realm: '"AREA"' } }],
    ['another method', { method: 'POST' }],
    ['another algorithm', { with: { algorithm: 'SHA-256' } }],
    ['MD5-sess', { with: { algorithm: 'MD5-sess' } }],
    ['md5 in lower case', { with: { algorithm: 'md5' } }],
    ['"MD5" in quotes', { with: { algorithm: '"MD5"' } }],
    ['no algorithm', { with: { algorithm: null } }],
    ['no qop', { with: { qop: null } }],
    ['qop=auth-int', { with: { qop: 'auth-int' } }],
    ['qop="auth"', { with: { qop: '"auth"' } }],
    ['a nonce of another shape', { with: { nonce: '"x"' } }],
    ['no user', { with: { username: null } }],
    ['no realm', { with: { realm: null } }],
    ['no nonce', { with: { nonce: null } }],
    ['no uri', { with: { uri: null } }],
    ['no response', { with: { response: null } }],
    ['no count', { with: { nc: null } }],
    ['no cnonce', { with: { cnonce: null } }],
    ['a name without quotes', { with: { username: 'alice' } }],
    ['an escaped letter', { with: { username: '"a\\lice"' } }],
    ['a parameter nobody knows', { with: { foo: '"bar"' } }],
    ['users of a script', { path: '/digest/script/x', uri: '/digest/script/x' }],
    ['an unknown user of a script', { path: '/digest/script/x', uri: '/digest/script/x', user: 'carl' }],
    ['a script that fails', { path: '/digest/script/x', uri: '/digest/script/x', user: 'raise' }],
    ['somebody who may not enter', { path: '/digest/bob/x', uri: '/digest/bob/x' }],
    [
      'somebody else who may',
      { path: '/digest/bob/x', uri: '/digest/bob/x', user: 'bob', password: 'builder' },
    ],
    ['a file that is not there', { path: '/digest/missing-file/x', uri: '/digest/missing-file/x' }],
  ])('%s', async (_, { path: asked = path, ...attempt }) => {
    const answers = [];
    for (const host of ['Apache', 'modhost'] as const) {
      const { rawChallenge } = await ask(host, asked, undefined);
      const answer = comparable(
        await ask(host, asked, answerChallenge(rawChallenge, { ...good, ...attempt })),
      );
      // The proof depends on the nonce.
      answers.push({ ...answer, info: answer.info?.replace(/rspauth="\w+"/, 'rspauth') });
    }
    expect(answers[1]).toEqual(answers[0]);
  });

  it('but for a realm with quotes, where nobody can log in to Apache', async () => {
    const quoted = '/digest/quoted/x';
    const { rawChallenge, challenge } = await ask('modhost', quoted, undefined);
    expect((await ask('Apache', quoted, undefined)).challenge).toBe(challenge);
    const { status } = await ask('modhost', quoted, answerChallenge(rawChallenge, { uri: quoted }));
    expect(status).toBe(200);
  });

  it.each([
    'Digest',
    'Digest ',
    'Digest foo',
    'Digestive x="y"',
    'Basic YWxpY2U6d29uZGVybGFuZA==',
    'digest ,',
  ])('the header %j', async (header) => {
    expect(comparable(await ask('modhost', path, header))).toEqual(
      comparable(await ask('Apache', path, header)),
    );
  });

  it('about a nonce of the other one, which the password fits: it is stale', async () => {
    for (const [from, to] of [
      ['Apache', 'modhost'],
      ['modhost', 'Apache'],
    ] as const) {
      const { rawChallenge } = await ask(from, path, undefined);
      const { status, challenge } = await ask(to, path, answerChallenge(rawChallenge, good));
      expect(status).toBe(401);
      // Apache calls stale only what has the shape of its own.
      if (to === 'modhost') expect(readChallenge(challenge ?? '').stale).toBe('true');
    }
  });
});
