import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuthPorts, createAuthorizer } from '../../src/auth/index.js';
import type { DirectorySettings, Requirement } from '../../src/config/model.js';
import {
  any,
  denied,
  every,
  granted,
  group,
  ip,
  none,
  not,
  position,
  reasonOf,
  request,
  script,
  summarise,
  unaskedPorts,
  user,
  validUser,
  wsgiGroup,
} from './requests.js';

const folder = mkdtempSync(join(tmpdir(), 'modhost-auth-'));
const userFile = join(folder, 'htpasswd');
const groupFile = join(folder, 'groups');

beforeAll(() => {
  writeFileSync(
    userFile,
    [
      '# all passwords are "secret"',
      'bob:$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0',
      'amy:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=',
      'björn:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=',
      ':{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=',
      'plain:secret',
      'none',
    ].join('\r\n'),
  );
  writeFileSync(groupFile, 'staff: bob "x y"\n# editors: bob\neditors: amy\nstaff: amy\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

const basic: DirectorySettings = {
  authType: 'Basic',
  authName: 'Private',
  authUserFile: userFile,
  authGroupFile: groupFile,
};

/** Nobody, bob with his password, amy with a wrong one, somebody unknown. */
const everybody = [
  {},
  { credentials: 'bob:secret' },
  { credentials: 'amy:wrong' },
  { credentials: 'carl:secret' },
];

async function decideFor(
  settings: DirectorySettings,
  given: Parameters<typeof request>[0],
  ports = unaskedPorts,
) {
  return createAuthorizer(ports).decide(request(given), settings);
}

describe('who enters', () => {
  it.each<[string, Requirement | undefined, DirectorySettings, string]>([
    ['no Require, no AuthType', undefined, {}, 'granted granted granted granted'],
    ['no Require, AuthType None', undefined, { authType: 'None' }, 'granted granted granted granted'],
    ['no Require, AuthType Basic', undefined, basic, '500 500 500 500'],
    ['all granted', granted, {}, 'granted granted granted granted'],
    ['all granted: credentials do not matter', granted, basic, 'granted granted granted granted'],
    ['all denied', denied, basic, '403 403 403 403'],
    ['valid-user', validUser, basic, '401 granted bob 401 401'],
    ['authType in small letters', validUser, { ...basic, authType: 'basic' }, '401 granted bob 401 401'],
    ['user bob', any(user('bob')), basic, '401 granted bob 401 401'],
    ['user amy: 401 again for bob', any(user('amy')), basic, '401 401 401 401'],
    ['group staff', group('staff'), basic, '401 granted bob 401 401'],
    ['group editors', group('editors'), basic, '401 401 401 401'],
    [
      'ip or valid-user, from there',
      any(ip('192.0.2.0/24'), validUser),
      basic,
      'granted granted granted granted',
    ],
    ['ip or valid-user, from elsewhere', any(ip('10.0.0.0/8'), validUser), basic, '401 granted bob 401 401'],
    ['ip and valid-user, from elsewhere', every(ip('10.0.0.0/8'), validUser), basic, '403 403 403 403'],
    ['valid-user but not bob', every(validUser, not(user('bob'))), basic, '401 401 401 401'],
    ['valid-user but none of carl', every(validUser, none(user('carl'))), basic, '401 granted bob 401 401'],
    ['only negative tests', every(not(ip('10.0.0.0/8'))), basic, '403 403 403 403'],
    ['an empty container', any(), basic, '403 403 403 403'],
    ['no AuthType', validUser, { authName: 'x', authUserFile: userFile }, '500 500 500 500'],
    ['AuthType None', validUser, { ...basic, authType: 'none' }, '500 500 500 500'],
    ['AuthType Form', validUser, { ...basic, authType: 'Form' }, '500 500 500 500'],
    ['AuthType Form', validUser, { ...basic, authType: 'form' }, '500 500 500 500'],
    ['no AuthName', validUser, { authType: 'Basic', authUserFile: userFile }, '500 500 500 500'],
    ['AuthName with a line end', validUser, { ...basic, authName: 'a\r\nb' }, '500 500 500 500'],
    ['no AuthUserFile', validUser, { authType: 'Basic', authName: 'x' }, '401 500 500 500'],
    ['missing AuthUserFile', validUser, { ...basic, authUserFile: join(folder, 'gone') }, '401 500 500 500'],
    ['AuthUserFile is a folder', validUser, { ...basic, authUserFile: folder }, '401 500 500 500'],
    [
      'missing AuthGroupFile',
      group('staff'),
      { ...basic, authGroupFile: join(folder, 'gone') },
      '401 401 401 401',
    ],
    [
      'missing AuthGroupFile, negated',
      every(validUser, not(group('x'))),
      { ...basic, authGroupFile: join(folder, 'gone') },
      '401 401 401 401',
    ],
    ['not authoritative', validUser, { ...basic, authBasicAuthoritative: false }, '401 granted bob 401 500'],
    [
      'a provider that does not exist',
      validUser,
      { ...basic, authBasicProviders: ['ldap'] },
      '401 500 500 500',
    ],
    [
      'an empty list of providers',
      validUser,
      { ...basic, authBasicProviders: [] },
      '401 granted bob 401 401',
    ],
  ])('%s', async (_, requirement, settings, expected) => {
    const merged = requirement === undefined ? settings : { ...settings, require: requirement };
    const verdicts = await Promise.all(everybody.map((given) => decideFor(merged, given)));
    expect(verdicts.map(summarise).join(' ')).toBe(expected);
    // Whoever is let in unasked would have been let in when asked.
    if (createAuthorizer(unaskedPorts).isOpen(merged))
      expect(expected).toBe('granted granted granted granted');
  });

  it.each<[boolean, string, DirectorySettings]>([
    [true, 'nothing', {}],
    [true, 'all granted', { ...basic, require: granted }],
    [true, 'all granted among its like', { require: any(every(granted), granted) }],
    [false, 'AuthType without Require', basic],
    [false, 'all denied', { require: denied }],
    [false, 'an empty container', { require: every() }],
    [false, 'what only may be granted', { require: any(granted, ip('192.0.2.0/24')) }],
    [false, 'what is negated', { require: none(granted) }],
    [
      false,
      'what is for some methods',
      {
        require: {
          kind: 'limited',
          limit: { methods: ['GET'], except: false },
          requirement: granted,
          position,
        },
      },
    ],
    [
      false,
      'Order and Allow',
      {
        require: granted,
        hostAccess: { orders: [], satisfy: [], allow: [], deny: [] },
      },
    ],
    [false, 'an access script', { require: granted, accessScript: script }],
  ])('is open: %s, with %s', (expected, _, settings) => {
    expect(createAuthorizer(unaskedPorts).isOpen(settings)).toBe(expected);
    const watched = createAuthorizer(unaskedPorts, undefined, undefined, () => {});
    expect(watched.isOpen(settings)).toBe(false);
  });

  it.each([
    [':secret', 'granted '],
    [':', '401'],
    ['plain:secret', '401'],
    ['none:', '401'],
    ['bob:', '401'],
    ['bob', '401'],
    ['Bob:secret', '401'],
    ['bob :secret', '401'],
    ['bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=', '401'],
    ['# all passwords are "secret":', '401'],
    ['__proto__:secret', '401'],
    ['björn:secret', 'granted bj\xc3\xb6rn'],
    ['amy:secret\0more', 'granted amy'],
  ])('credentials %j: %s', async (credentials, expected) => {
    expect(summarise(await decideFor({ ...basic, require: validUser }, { credentials }))).toBe(expected);
  });

  it('takes a name of other bytes for another name', async () => {
    const header = `Basic ${Buffer.from('bj\xf6rn:secret', 'latin1').toString('base64')}`;
    expect(summarise(await decideFor({ ...basic, require: validUser }, { header }))).toBe('401');
  });

  it('answers at once where nobody has to be asked', () => {
    const { decide } = createAuthorizer(unaskedPorts);
    for (const settings of [{}, { require: granted }, { require: denied }, { ...basic, require: validUser }])
      expect(decide(request(), settings)).toHaveProperty('kind');
  });

  it('tells who authenticated, and how', async () => {
    const verdict = await decideFor({ ...basic, require: validUser }, { credentials: 'bob:secret' });
    expect(verdict).toEqual({ kind: 'granted', user: 'bob', authType: 'Basic' });
  });
});

describe('an unreadable password file', () => {
  it.skipIf(process.getuid?.() === 0)('is a fault', async () => {
    const secretFile = join(folder, 'unreadable');
    writeFileSync(secretFile, 'bob:x');
    chmodSync(secretFile, 0);
    const settings = { ...basic, require: validUser, authUserFile: secretFile };
    const verdict = await decideFor(settings, { credentials: 'bob:x' });
    expect(reasonOf(verdict)).toContain('EACCES');
  });
});

describe('challenge and log line', () => {
  const protectedSettings = { ...basic, require: validUser };

  it('logs nothing for a request without credentials', async () => {
    expect(await decideFor(protectedSettings, {})).toEqual({
      kind: 'refused',
      status: 401,
      challenge: 'Basic realm="Private"',
    });
  });

  it.each<[string, DirectorySettings, Parameters<typeof request>[0], string, string | undefined]>([
    [
      'wrong password',
      protectedSettings,
      { credentials: 'bob:wr0ng!' },
      'auth_basic:error AH01617: user bob: authentication failure for "/private/page": Password Mismatch',
      'bob',
    ],
    [
      'unknown user',
      protectedSettings,
      { credentials: 'carl:wr0ng!' },
      'auth_basic:error AH01618: user carl not found: /private/page',
      'carl',
    ],
    [
      'plain text in the file',
      protectedSettings,
      { credentials: 'plain:wr0ng!' },
      'auth_basic:error AH01617: user plain: authentication failure for "/private/page": the stored password hash is of no known format',
      'plain',
    ],
    [
      'wrong scheme',
      protectedSettings,
      { header: 'Bearer wr0ng!' },
      'auth_basic:error AH01614: client used wrong authentication scheme: /private/page',
      undefined,
    ],
    [
      'not authorised',
      { ...basic, require: user('amy') },
      { credentials: 'bob:secret' },
      'authz_core:error AH01631: user bob: authorization failure for "/private/page": ',
      'bob',
    ],
    [
      'missing group file',
      { ...basic, require: group('staff'), authGroupFile: '/nonexistent/groups' },
      { credentials: 'bob:secret' },
      'authz_core:error AH01631: user bob: authorization failure for "/private/page": AH01665: Could not open group file: /nonexistent/groups: ENOENT',
      'bob',
    ],
  ])('401: %s', async (_, settings, given, reason, name) => {
    const verdict = await decideFor(settings, given);
    expect(reasonOf(verdict)).toBe(reason);
    expect(verdict).toHaveProperty('challenge', 'Basic realm="Private"');
    expect('user' in verdict ? verdict.user : undefined).toBe(name);
  });

  it.each<[string, DirectorySettings, string]>([
    ['denied', { require: denied }, '403 authz_core:error AH01630'],
    ['no Require', { authType: 'Basic' }, '500 authz_core:error AH01627'],
    ['no AuthType', { require: validUser }, '500 core:error AH00027'],
    [
      'AuthType Form',
      { require: validUser, authType: 'Form' },
      '500 authn_core:error AH01796: AuthType Form',
    ],
    ['no AuthName', { require: validUser, authType: 'Basic' }, '500 auth_basic:error AH01615'],
    [
      'no AuthUserFile',
      { require: validUser, authType: 'Basic', authName: 'x' },
      '500 authn_file:error AH01619',
    ],
    [
      'missing AuthUserFile',
      { require: validUser, authType: 'Basic', authName: 'x', authUserFile: '/nonexistent/p' },
      '500 authn_file:error AH01620: Could not open password file: /nonexistent/p: ENOENT',
    ],
    [
      'no script',
      { require: validUser, authType: 'Basic', authName: 'x', authBasicProviders: ['wsgi'] },
      '500 wsgi:error WSGIAuthUserScript is not set',
    ],
  ])('%s', async (_, settings, expected) => {
    const verdict = await decideFor(settings, { credentials: 'bob:wr0ng!' });
    expect(`${summarise(verdict)} ${reasonOf(verdict)}`).toContain(expected);
    expect(verdict).not.toHaveProperty('challenge');
  });

  it('never shows a password or the query', async () => {
    const faulty: AuthPorts = {
      ...unaskedPorts,
      checkPassword: () => Promise.reject(new Error('no process')),
    };
    const wsgi = { ...protectedSettings, authBasicProviders: ['wsgi'], authUserScript: script };
    for (const settings of [protectedSettings, { require: denied }, wsgi, { ...basic, require: group('x') }])
      for (const name of ['bob', 'carl', 'plain', 'none']) {
        const verdict = await decideFor(settings, { credentials: `${name}:wr0ng!` }, faulty);
        expect(JSON.stringify(verdict)).not.toMatch(/wr0ng!|hidden/);
      }
  });
});

describe('providers', () => {
  const wsgi: DirectorySettings = {
    ...basic,
    require: validUser,
    authUserScript: script,
    authBasicProviders: ['wsgi'],
  };

  function answering(answer: unknown): AuthPorts {
    return { ...unaskedPorts, checkPassword: async () => answer as boolean };
  }

  it.each<[string, unknown, string]>([
    ['True', true, 'granted bob'],
    ['False', false, '401'],
    ['None', null, '401'],
    ['another name', 'robert', 'granted robert'],
    ['an empty name', '', '500'],
    ['a name with a line end', 'a\nb', '500'],
    ['a name with a NUL', 'a\0', '500'],
    ['1', 1, '500'],
    ['0', 0, '500'],
    ['undefined', undefined, '500'],
    ['an object', {}, '500'],
  ])('wsgi, the script answers %s', async (_, answer, expected) => {
    const verdict = await decideFor(wsgi, { credentials: 'bob:x' }, answering(answer));
    expect(summarise(verdict)).toBe(expected);
  });

  it('wsgi, the script cannot be asked', async () => {
    const ports = { ...unaskedPorts, checkPassword: () => Promise.reject(new Error('no daemon process')) };
    const verdict = await decideFor(wsgi, { credentials: 'bob:x' }, ports);
    expect(`${summarise(verdict)} ${reasonOf(verdict)}`).toContain(
      '500 wsgi:error check_password of /srv/auth.py: no daemon process',
    );
  });

  it('wsgi, the port throws instead of rejecting', async () => {
    const ports: AuthPorts = {
      ...unaskedPorts,
      checkPassword: () => {
        throw new Error('thrown');
      },
    };
    expect(summarise(await decideFor(wsgi, { credentials: 'bob:x' }, ports))).toBe('500');
  });

  it('hands over script, environ, user and password as bytes', async () => {
    const asked: unknown[] = [];
    const ports: AuthPorts = {
      ...unaskedPorts,
      checkPassword: async (...given) => {
        asked.push(given);
        return true;
      },
    };
    const asking = request({ credentials: 'björn:pä:ss' });
    await createAuthorizer(ports).decide(asking, wsgi);
    expect(asked).toEqual([[script, asking.environ(), 'bj\xc3\xb6rn', 'p\xc3\xa4:ss']]);
  });

  it('asks a script for every request', async () => {
    let asked = 0;
    const ports: AuthPorts = {
      ...unaskedPorts,
      checkPassword: async () => {
        asked += 1;
        return true;
      },
    };
    const { decide } = createAuthorizer(ports);
    for (let round = 0; round < 3; round += 1) await decide(request({ credentials: 'bob:x' }), wsgi);
    expect(asked).toBe(3);
  });

  it.each<[string, string[], unknown, string, string]>([
    ['file wsgi, known to the file', ['file', 'wsgi'], 'never asked', 'bob:secret', 'granted bob'],
    ['file wsgi, wrong password', ['file', 'wsgi'], 'never asked', 'bob:x', '401'],
    ['file wsgi, known to the script', ['file', 'wsgi'], true, 'carl:x', 'granted carl'],
    ['file wsgi, known to nobody', ['file', 'wsgi'], null, 'carl:x', '401'],
    ['wsgi file, denied by the script', ['wsgi', 'file'], false, 'bob:secret', '401'],
    ['wsgi file, unknown to the script', ['wsgi', 'file'], null, 'bob:secret', 'granted bob'],
    ['wsgi file, fault of the script', ['wsgi', 'file'], 1, 'bob:secret', '500'],
    ['file unknown, not reached', ['file', 'unknown'], null, 'bob:secret', 'granted bob'],
  ])('%s', async (_, authBasicProviders, answer, credentials, expected) => {
    const ports = answer === 'never asked' ? unaskedPorts : answering(answer);
    expect(summarise(await decideFor({ ...wsgi, authBasicProviders }, { credentials }, ports))).toBe(
      expected,
    );
  });
});

describe('groups of a script', () => {
  const settings: DirectorySettings = { ...basic, authGroupScript: script };

  function countingPorts(answer: () => Promise<readonly string[]>) {
    const asked: string[] = [];
    const ports: AuthPorts = {
      ...unaskedPorts,
      groupsForUser: (_script, _environ, name) => {
        asked.push(name);
        return answer();
      },
    };
    return { asked, ports };
  }

  it.each<[string, () => Promise<readonly string[]>, string]>([
    ['one of several', async () => ['a', 'editors'], 'granted bob'],
    ['none of them', async () => ['a', 'Editors'], '401'],
    ['no groups', async () => [], '401'],
    ['a text instead of a list', async () => 'editors' as unknown as string[], '401'],
    ['something else in the list', async () => ['editors', 1] as unknown as string[], '401'],
    ['nothing', async () => undefined as unknown as string[], '401'],
    ['a fault', () => Promise.reject(new Error('no process')), '401'],
  ])('%s', async (_, answer, expected) => {
    const { ports } = countingPorts(answer);
    const verdict = await decideFor(
      { ...settings, require: wsgiGroup('editors') },
      { credentials: 'bob:secret' },
      ports,
    );
    expect(summarise(verdict)).toBe(expected);
  });

  it('a fault does not grant by negation, and is logged', async () => {
    const { ports } = countingPorts(() => Promise.reject(new Error('no process')));
    const require = every(validUser, not(wsgiGroup('banned')));
    const verdict = await decideFor({ ...settings, require }, { credentials: 'bob:secret' }, ports);
    expect(summarise(verdict)).toBe('401');
    expect(reasonOf(verdict)).toContain('groups_for_user of /srv/auth.py: no process');
  });

  it('are asked for once per request, and only where needed', async () => {
    const { asked, ports } = countingPorts(async () => ['editors']);
    const require = any(
      user('amy'),
      every(wsgiGroup('x'), wsgiGroup('y')),
      every(wsgiGroup('editors'), validUser),
    );
    const bob = { credentials: 'bob:secret' };
    expect(summarise(await decideFor({ ...settings, require }, bob, ports))).toBe('granted bob');
    expect(asked).toEqual(['bob']);
    await decideFor({ ...settings, require }, { credentials: 'amy:secret' }, ports);
    await decideFor({ ...settings, require }, { credentials: 'bob:wrong' }, ports);
    await decideFor({ ...settings, require }, {}, ports);
    expect(asked).toEqual(['bob']);
  });

  it('are those of the name the password script gave', async () => {
    const { asked, ports } = countingPorts(async () => ['editors']);
    const renaming: AuthPorts = { ...ports, checkPassword: async () => 'robert' };
    const wsgi = { ...settings, authBasicProviders: ['wsgi'], authUserScript: script };
    const verdict = await decideFor(
      { ...wsgi, require: wsgiGroup('editors') },
      { credentials: 'bob:x' },
      renaming,
    );
    expect(summarise(verdict)).toBe('granted robert');
    expect(asked).toEqual(['robert']);
  });

  it('serve Require group when there is no group file', async () => {
    const { ports } = countingPorts(async () => ['editors']);
    const { authGroupFile: _, ...withoutFile } = settings;
    const bob = { credentials: 'bob:secret' };
    const both = { ...settings, require: group('editors') };
    expect(summarise(await decideFor({ ...withoutFile, require: group('editors') }, bob, ports))).toBe(
      'granted bob',
    );
    expect(summarise(await decideFor(both, bob, unaskedPorts))).toBe('401');
  });
});

describe('a folder with blanks and letters in its name', () => {
  it('can hold the password file', async () => {
    const odd = join(folder, 'größe 1');
    mkdirSync(odd);
    writeFileSync(join(odd, 'htpasswd'), 'bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=');
    const settings = { ...basic, require: validUser, authUserFile: join(odd, 'htpasswd') };
    expect(summarise(await decideFor(settings, { credentials: 'bob:secret' }))).toBe('granted bob');
  });
});
