import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDigestFile } from '../../src/auth/digest-file.js';
import { parseDigestHeader } from '../../src/auth/digest-header.js';
import { createNonces } from '../../src/auth/digest-nonce.js';
import { createDigestScheme } from '../../src/auth/digest-scheme.js';
import { namesTarget } from '../../src/auth/digest-target.js';
import { type AuthPorts, createAuthorizer, type Verdict } from '../../src/auth/index.js';
import { createNonceCounter } from '../../src/auth/nonce-counter.js';
import { createRealmHashSources } from '../../src/auth/realm-hashes.js';
import type { DirectorySettings } from '../../src/config/model.js';
import { answerChallenge, type DigestAttempt, expectedProof, readChallenge } from './digest-client.js';
import { parseWhole } from './parse-whole.js';
import { reasonOf, request, script, summarise, unaskedPorts, user, validUser } from './requests.js';

const md5 = (text: string) => createHash('md5').update(text).digest('hex');
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const folder = mkdtempSync(join(tmpdir(), 'modhost-digest-'));
const file = join(folder, 'htdigest');
const moreFile = join(folder, 'more');
beforeAll(() => {
  writeFileSync(
    file,
    [
      '# comment',
      `alice:area:${md5('alice:area:wonderland')}`,
      `alice:area:${md5('alice:area:second')}`,
      `alice:sha:${sha256('alice:sha:wonderland')}`,
      `bob:elsewhere:${md5('bob:elsewhere:wonderland')}`,
      `upper:area:${md5('upper:area:wonderland').toUpperCase()}`,
      `sha:area:${sha256('sha:area:wonderland')}`,
      'empty:area:',
      'short:area',
    ].join('\r\n'),
  );
  writeFileSync(
    moreFile,
    `carl:area:${md5('carl:area:wonderland')}\nalice:area:${md5('alice:area:other')}\n`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

const digestSettings: DirectorySettings = {
  authType: 'Digest',
  authName: 'area',
  authUserFile: file,
  require: validUser,
};

/** An authorizer whose clock can be moved. */
function createServer(key = Buffer.alloc(32, 7), ports: AuthPorts = unaskedPorts) {
  let nowMs = 1_800_000_000_000;
  const now = () => nowMs;
  const tools = {
    sources: createRealmHashSources(ports),
    nonces: createNonces(key, now),
    counter: createNonceCounter(nowMs),
    now,
  };
  const { decide } = createAuthorizer(ports, new Map([['digest', createDigestScheme(tools)]]));
  const ask = async (
    header: string | undefined,
    settings = digestSettings,
    target = '/f?a=b',
    method = 'GET',
  ) => await decide(request({ target, method, ...(header === undefined ? {} : { header }) }), settings);
  return {
    ask,
    challenge: async (settings = digestSettings) => challengeOf(await ask(undefined, settings)),
    later: (ms: number) => {
      nowMs += ms;
    },
  };
}

function challengeOf(verdict: Verdict): string {
  if (verdict.kind !== 'refused' || verdict.challenge === undefined) throw new Error('there is no challenge');
  return verdict.challenge;
}

const good: DigestAttempt = { uri: '/f?a=b' };

describe('AuthType Digest', () => {
  it('challenges with a nonce', async () => {
    const server = createServer();
    expect(await server.challenge()).toMatch(
      /^Digest realm="area", nonce="[\w-]{40}", algorithm=MD5, qop="auth"$/,
    );
    expect(await server.challenge()).not.toBe(await server.challenge());
    const settings = { ...digestSettings, authName: 'a \\"q\\" é', authDigestDomain: ['/a', 'http://b/'] };
    expect(await server.challenge(settings)).toMatch(
      /^Digest realm="a \\"q\\" \xc3\xa9", nonce="[\w-]{40}", algorithm=MD5, domain="\/a http:\/\/b\/", qop="auth"$/,
    );
  });

  it('lets in who knows the password, and proves to know it too', async () => {
    const server = createServer();
    const challenge = await server.challenge();
    expect(await server.ask(answerChallenge(challenge, good))).toEqual({
      kind: 'granted',
      user: 'alice',
      authType: 'Digest',
      info: `rspauth="${expectedProof(challenge, good)}", cnonce="c1", nc=00000001, qop=auth`,
    });
  });

  it('takes SHA-256, and nothing that was made for MD5', async () => {
    const server = createServer();
    const settings = { ...digestSettings, authName: 'sha', authDigestAlgorithm: 'SHA-256' } as const;
    const challenge = await server.challenge(settings);
    expect(readChallenge(challenge).algorithm).toBe('SHA-256');
    expect(summarise(await server.ask(answerChallenge(challenge, good), settings))).toBe('granted alice');
    const md5File = { ...settings, authName: 'area' };
    const other = answerChallenge(await server.challenge(md5File), good);
    expect(reasonOf(await server.ask(other, md5File))).toContain('the stored digest is not SHA-256');
    const without = answerChallenge(challenge, { ...good, with: { algorithm: null } });
    expect(reasonOf(await server.ask(without, settings))).toContain('AH01789: unknown algorithm MD5');
  });

  it.each<[string, Partial<DigestAttempt>, string]>([
    ['a wrong password', { password: 'x' }, '401 AH01794: user alice: password mismatch'],
    ['a second entry of a user', { password: 'second' }, '401 AH01794: user alice: password mismatch'],
    ['nobody of that name', { user: 'carl' }, '401 AH01790: user carl in realm area not found'],
    ['a user of another realm', { user: 'bob' }, '401 AH01790: user bob in realm area not found'],
    ['a name with a colon', { user: 'alice:area' }, '401 AH01790: user alice:area in realm area not found'],
    [
      'an empty digest',
      { user: 'empty' },
      '401 AH01794: user empty: password mismatch: the stored digest is not MD5',
    ],
    ['an entry without digest', { user: 'short' }, '401 AH01794: user short: password mismatch: the stored'],
    ['a digest in upper case', { user: 'upper' }, '401 AH01794: user upper: password mismatch'],
    [
      'a digest of another algorithm',
      { user: 'sha' },
      '401 AH01794: user sha: password mismatch: the stored',
    ],
    ['the stored digest as password', { password: md5('alice:area:wonderland') }, '401 AH01794: '],
    ['another method', { method: 'POST' }, '401 AH01794: user alice: password mismatch'],
    [
      'another realm',
      { with: { realm: '"other"' } },
      '401 AH01788: realm mismatch - got other but expected area',
    ],
    ['a realm in another case', { with: { realm: '"AREA"' } }, '401 AH01788: realm mismatch'],
    [
      'another path',
      { uri: '/g?a=b' },
      '400 AH01786: uri mismatch - </g?a=b> does not match request-uri </f?a=b>',
    ],
    ['another query', { uri: '/f?a=c' }, '400 AH01786: '],
    ['no query', { uri: '/f' }, '400 AH01786: '],
    ['an empty uri', { uri: '' }, '400 AH01786: '],
    ['*', { uri: '*' }, '400 AH01786: '],
    ['another host', { uri: 'http://other.example/f?a=b' }, '400 AH01786: '],
    [
      'another algorithm',
      { with: { algorithm: 'MD5-sess' } },
      '401 AH01789: unknown algorithm MD5-sess received',
    ],
    ['no qop', { with: { qop: null } }, "401 AH10560: invalid or missing qop value 'undefined'"],
    ['qop=auth-int', { with: { qop: 'auth-int' } }, "401 AH10560: invalid or missing qop value 'auth-int'"],
    ['a count that is none', { with: { nc: 'zzzzzzzz' } }, '401 AH01782: missing user'],
    [
      'a parameter twice',
      { with: { Username: '"bob"' } },
      '401 AH01782: the authorization header is malformed',
    ],
    ['an open quote', { with: { x: '"y' } }, '401 AH01782: the authorization header is malformed'],
    ['a nonce of another shape', { with: { nonce: '"x"' } }, '401 AH01794: '],
    ...['username', 'realm', 'nonce', 'uri', 'response', 'cnonce', 'nc'].map(
      (name): [string, Partial<DigestAttempt>, string] => [
        `no ${name}`,
        { with: { [name]: null } },
        '401 AH01782: missing user, realm, nonce, uri, digest, cnonce, or nonce_count',
      ],
    ),
  ])('keeps out %s', async (_, attempt, expected) => {
    const server = createServer();
    const header = answerChallenge(await server.challenge(), { ...good, ...attempt });
    const verdict = await server.ask(header);
    expect(`${summarise(verdict)} ${reasonOf(verdict)?.replace('auth_digest:error ', '')}`).toContain(
      expected,
    );
    expect(verdict).not.toHaveProperty('challenge', expect.stringContaining('stale'));
    // A client that is told to log in anew must be able to.
    if (verdict.kind === 'refused' && verdict.status === 401)
      expect(challengeOf(verdict)).toContain('nonce=');
  });

  it.each([
    'Basic YWxpY2U6d29uZGVybGFuZA==',
    'Digest',
    'Digest ',
    'Digestive x',
    'Digest foo',
    'Digest ,',
    '',
    'Digest =x',
  ])('keeps out %j', async (header) => {
    const verdict = await createServer().ask(header);
    expect(summarise(verdict)).toBe('401');
    expect(reasonOf(verdict)).toMatch(/AH0178[12]/);
  });

  it.each<[string, (header: string) => string]>([
    ['any case of the scheme', (header) => header.replace('Digest', 'dIGEST')],
    ['any case of the names', (header) => header.replace('username', 'UserName').replace('nc=', 'NC=')],
    ['a tab behind the scheme', (header) => header.replace('Digest ', 'Digest\t')],
    ['no blanks', (header) => header.replaceAll(', ', ',')],
    ['blanks around =', (header) => header.replace('username=', 'username = ')],
    ['commas at the end', (header) => `${header},, ,`],
    ['parameters that nobody knows', (header) => `${header}, opaque="x", userhash=false`],
    ['quotes around qop and nc', (header) => header.replace(/(qop|nc)=(\w+)/g, '$1="$2"')],
    ['no quotes around the name', (header) => header.replace('"alice"', 'alice')],
    ['escapes in quotes', (header) => header.replace('"alice"', '"al\\ice"')],
    ['no algorithm', (header) => header.replace('algorithm=MD5, ', '')],
  ])('takes %s', async (_, change) => {
    const server = createServer();
    const header = answerChallenge(await server.challenge(), good);
    expect(change(header)).not.toBe(header);
    expect(summarise(await server.ask(change(header)))).toBe('granted alice');
  });

  it('knows who may not enter', async () => {
    const server = createServer();
    const settings = { ...digestSettings, require: user('bob') };
    const header = answerChallenge(await server.challenge(), good);
    const verdict = await server.ask(header, settings);
    expect(summarise(verdict)).toBe('401');
    expect(reasonOf(verdict)).toContain('AH01631: user alice: authorization failure');
    expect(challengeOf(verdict)).toMatch(/^Digest /);
    expect(summarise(await server.ask(header, { ...settings, sendForbiddenOnFailure: true }))).toBe('403');
  });

  it('asks one provider after the other', async () => {
    const server = createServer();
    const settings: DirectorySettings = {
      ...digestSettings,
      authDigestProviders: ['file', 'more'],
      authnAliases: new Map([['more', { provider: 'file', settings: { authUserFile: moreFile } }]]),
    };
    const ask = async (name: string, password: string) =>
      summarise(
        await server.ask(
          answerChallenge(await server.challenge(), { ...good, user: name, password }),
          settings,
        ),
      );
    expect(await ask('carl', 'wonderland')).toBe('granted carl');
    expect(await ask('alice', 'wonderland')).toBe('granted alice');
    // The first who knows the name has the last word.
    expect(await ask('alice', 'other')).toBe('401');
  });

  it.each<[string, Partial<DirectorySettings>, string]>([
    ['no file', { authUserFile: '' }, 'authn_file:error AH01622: Could not open password file: '],
    ['a directory', { authUserFile: folder }, 'authn_file:error AH01622: Could not open password file: '],
    ['no script', { authDigestProviders: ['wsgi'] }, 'wsgi:error WSGIAuthUserScript is not set'],
    ['guests', { authDigestProviders: ['anon'] }, 'auth_digest:error the provider anon knows no digests'],
    [
      'no AuthName',
      { authName: undefined } as unknown as DirectorySettings,
      'auth_digest:error AH01781: need AuthName',
    ],
  ])('fails with %s', async (_, settings, reason) => {
    const server = createServer();
    const verdict = await server.ask(answerChallenge(await server.challenge(), good), {
      ...digestSettings,
      ...settings,
    });
    expect(summarise(verdict)).toBe('500');
    expect(reasonOf(verdict)).toContain(reason);
  });
});

describe('get_realm_hash', () => {
  const settings: DirectorySettings = {
    ...digestSettings,
    authDigestProviders: ['wsgi'],
    authUserScript: script,
  };

  it.each<[string, () => Promise<unknown>, string, string]>([
    ['the digest', async () => md5('alice:area:wonderland'), 'granted alice', ''],
    ['the digest in upper case', async () => md5('alice:area:wonderland').toUpperCase(), 'granted alice', ''],
    ['null', async () => null, '401', 'AH01790: user alice in realm area not found'],
    ['another digest', async () => md5('x'), '401', 'AH01794: user alice: password mismatch'],
    ['another algorithm', async () => sha256('alice:area:wonderland'), '401', 'the stored digest is not MD5'],
    ['no digest', async () => 'wonderland', '500', 'gave no digest in hexadecimal'],
    ['an empty text', async () => '', '500', 'gave no digest in hexadecimal'],
    ['true', async () => true, '500', 'gave no digest in hexadecimal'],
    [
      'a failure',
      async () => Promise.reject(new Error('it died')),
      '500',
      'get_realm_hash of /srv/auth.py: it died',
    ],
  ])('%s', async (_, getRealmHash, outcome, reason) => {
    const asked: unknown[] = [];
    const ports = {
      ...unaskedPorts,
      getRealmHash: (...given: unknown[]) => {
        asked.push(given.slice(2));
        return getRealmHash() as Promise<string | null>;
      },
    };
    const server = createServer(undefined, ports);
    const verdict = await server.ask(answerChallenge(await server.challenge(), good), settings);
    expect(summarise(verdict)).toBe(outcome);
    expect(reasonOf(verdict) ?? '').toContain(reason);
    expect(asked).toEqual([['alice', 'area']]);
  });
});

describe('nonces', () => {
  const isStale = (verdict: Verdict) => /stale=true/.test(challengeOf(verdict));

  it('hold for five minutes, for all who know the key', async () => {
    const [server, another] = [createServer(), createServer()];
    const header = answerChallenge(await server.challenge(), good);
    server.later(300_000);
    expect(summarise(await server.ask(header))).toBe('granted alice');
    expect(summarise(await another.ask(header))).toBe('granted alice');
    server.later(1);
    const late = await server.ask(header);
    expect(isStale(late)).toBe(true);
    expect(reasonOf(late)).toContain(
      'auth_digest:info user alice: AH01778: nonce expired (300.00 seconds old',
    );
    expect(summarise(await server.ask(answerChallenge(challengeOf(late), good)))).toBe('granted alice');
  });

  it('hold as long as the site file says', async () => {
    const server = createServer();
    const header = answerChallenge(await server.challenge(), good);
    server.later(1_001);
    expect(isStale(await server.ask(header, { ...digestSettings, authDigestNonceLifetimeMs: 1_000 }))).toBe(
      true,
    );
    server.later(1e10);
    const forever = { ...digestSettings, authDigestNonceLifetimeMs: -1_000 };
    expect(summarise(await server.ask(header, forever))).toBe('granted alice');
  });

  it('are only called stale when the password was right', async () => {
    const server = createServer();
    const header = answerChallenge(await server.challenge(), { ...good, password: 'x' });
    server.later(300_001);
    const verdict = await server.ask(header);
    expect(summarise(verdict)).toBe('401');
    expect(isStale(verdict)).toBe(false);
  });

  it.each<[string, (nonce: string) => string]>([
    [
      'of a server with another key',
      () => createNonces(Buffer.alloc(32), () => 1_800_000_000_000).issue('area'),
    ],
    ['of another realm', () => createNonces(Buffer.alloc(32, 7), () => 1_800_000_000_000).issue('other')],
    ['of the future', () => createNonces(Buffer.alloc(32, 7), () => 1_800_000_010_000).issue('area')],
    ['with another time', (nonce) => `B${nonce.slice(1)}`],
    ['with another seal', (nonce) => `${nonce.slice(0, -1)}${nonce.endsWith('A') ? 'B' : 'A'}`],
    ['that are cut', (nonce) => nonce.slice(0, -1)],
    ['in another base64', (nonce) => `${nonce}=`],
    ['that clients made up', () => 'x'],
  ])('%s are refused', async (_, change) => {
    const server = createServer();
    const challenge = (await server.challenge()).replace(
      /nonce="([^"]*)"/,
      (_, nonce) => `nonce="${change(nonce)}"`,
    );
    const verdict = await server.ask(answerChallenge(challenge, good));
    expect(summarise(verdict)).toBe('401');
    expect(isStale(verdict)).toBe(true);
  });
});

describe('AuthDigestNcCheck', () => {
  const counting = { ...digestSettings, authDigestCountsRequests: true };

  it('takes each count once, in any order', async () => {
    const server = createServer();
    const challenge = await server.challenge();
    const ask = async (count: number) =>
      summarise(await server.ask(answerChallenge(challenge, { ...good, count }), counting));
    const outcomes = [];
    for (const count of [1, 3, 2, 2, 1, 4]) outcomes.push(await ask(count));
    expect(outcomes).toEqual([
      'granted alice',
      'granted alice',
      'granted alice',
      '401',
      '401',
      'granted alice',
    ]);
  });

  it('sends a client that repeats itself a new nonce, which it may use', async () => {
    const server = createServer();
    const header = answerChallenge(await server.challenge(), good);
    await server.ask(header, counting);
    const again = await server.ask(header, counting);
    expect(challengeOf(again)).toContain('stale=true');
    expect(summarise(await server.ask(answerChallenge(challengeOf(again), good), counting))).toBe(
      'granted alice',
    );
    // Without the check a nonce is good for any number of requests.
    expect(summarise(await server.ask(header))).toBe('granted alice');
  });

  it('counts nothing for those who do not know the password', async () => {
    const server = createServer();
    const challenge = await server.challenge();
    expect(
      summarise(await server.ask(answerChallenge(challenge, { ...good, password: 'x' }), counting)),
    ).toBe('401');
    expect(summarise(await server.ask(answerChallenge(challenge, good), counting))).toBe('granted alice');
  });
});

describe('createNonceCounter', () => {
  it('takes the same request again when it is checked twice', () => {
    const counter = createNonceCounter(0);
    const one = {};
    expect([counter.take('n', 1, 1, one), counter.take('n', 1, 1, one), counter.take('n', 1, 1, {})]).toEqual(
      [true, true, false],
    );
  });

  it('takes no nonce that is older than itself', () => {
    const counter = createNonceCounter(100);
    expect(counter.take('old', 99, 1, {})).toBe(false);
    expect(counter.take('new', 100, 1, {})).toBe(true);
  });

  it('takes nothing that it may have forgotten', () => {
    const counter = createNonceCounter(0);
    for (let at = 1; at <= 10_001; at += 1) expect(counter.take(`n${at}`, at, 1, {})).toBe(true);
    expect(counter.take('n1', 1, 1, {})).toBe(false);
    expect(counter.take('n1', 1, 2, {})).toBe(false);
    expect(counter.take('n2', 2, 2, {})).toBe(true);
    expect(counter.take('n2', 2, 1, {})).toBe(false);
  });

  it('remembers the last 256 counts and takes none before them', () => {
    const counter = createNonceCounter(0);
    for (let count = 2; count <= 2000; count += 2) counter.take('n', 1, count, {});
    expect(counter.take('n', 1, 1999, {})).toBe(true);
    expect(counter.take('n', 1, 1998, {})).toBe(false);
    expect(counter.take('n', 1, 1744, {})).toBe(false);
    expect(counter.take('n', 1, 1743, {})).toBe(false);
  });
});

describe('namesTarget', () => {
  it.each([
    ['/f', '/f', true],
    ['/%66', '/f', true],
    ['/f', '/%66', true],
    ['http://www.example/f', '/f', true],
    ['http://WWW.example/f', '/f', true],
    ['/f', 'http://www.example/f', true],
    ['/f?', '/f', false],
    ['/f', '/f?', false],
    ['/f?a=%62', '/f?a=b', false],
    ['/F', '/f', false],
    ['//f', '/f', false],
    ['/a%2fb', '/a/b', false],
    ['http://www.example:81/f', '/f', false],
    ['//www.example/f', '/f', false],
    ['f', '/f', false],
    ['/..', '/f', false],
    ['/f#x', '/f', false],
  ])('%s for %s: %s', (uri, target, expected) => {
    expect(namesTarget(uri, { target, host: 'www.example' })).toBe(expected);
  });

  it('needs a host for a uri with one', () => {
    expect(namesTarget('http://www.example/f', { target: '/f', host: undefined })).toBe(false);
  });
});

describe('files and headers', () => {
  it('reads an htdigest file', () => {
    expect([...parseWhole(parseDigestFile(' a:r:1 \r\n#b:r:2\n\nc:r\nd\na:r:3\na:s:4:more'))]).toEqual([
      ['a:r', '1'],
      ['c:r', ''],
      ['a:s', '4'],
    ]);
  });

  it('reads a long header in no time', () => {
    const started = performance.now();
    for (const piece of [' ', ',', 'a', 'a=', '\\', 'a="\\', '" ', 'a = '])
      parseDigestHeader(`Digest ${piece.repeat(8_000)}`);
    expect(performance.now() - started).toBeLessThan(500);
  });
});
