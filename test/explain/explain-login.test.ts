import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHtaccessParser, loadConfig, type ServerConfig } from '../../src/config/index.js';
import { explainRequest, findAskedRequest } from '../../src/explain/index.js';

const siteFile = `Listen 8080
DocumentRoot .
<Location /file>
AuthType Digest
AuthName area
AuthUserFile digests
Require valid-user
</Location>
<Location /script>
AuthType Digest
AuthName area
AuthDigestProvider file wsgi
AuthUserFile digests
WSGIAuthUserScript app.py
WSGIAccessScript access.py
Require user bob
</Location>
`;

let folder: string;
let config: ServerConfig;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'modhost-explain-login-'));
  writeFileSync(join(folder, 'site.conf'), siteFile);
  writeFileSync(join(folder, 'digests'), `alice:area:${'0'.repeat(32)}\n`);
  const loaded = loadConfig({ file: join(folder, 'site.conf'), serverRoot: folder, environment: {} });
  if (loaded.config === undefined) throw new Error(JSON.stringify(loaded.mistakes));
  config = loaded.config;
});
afterAll(() => rmSync(folder, { recursive: true }));

async function explain(path: string, user?: string) {
  const asked = findAskedRequest(config, {
    url: `http://localhost:8080${path}`,
    method: 'GET',
    headers: [],
    ...(user === undefined ? {} : { user }),
  });
  if (typeof asked === 'string') throw new Error(asked);
  const assumed = { groups: [], ...(user === undefined ? {} : { user }) };
  return await explainRequest(config, new Map(), asked, assumed, createHtaccessParser(config, {}));
}

describe('explain of AuthType Digest', () => {
  it('says that somebody has to log in', async () => {
    const { access, answer } = await explain('/file');
    expect(access.outcome).toBe('a user has to log in');
    expect(answer.status).toBe(401);
    expect(answer.headers.join(' ')).toContain('Digest realm="area"');
  });

  it('takes --user to know the password, if the provider knows the user', async () => {
    const known = await explain('/file', 'alice');
    expect(known.access).toEqual({
      outcome: 'granted to alice (Digest)',
      assumptions: ['the password of alice for area is right (--user)'],
    });
    expect(known.steps.map(({ text }) => text)).toContain('AuthDigestProvider file: alice is known');
    const unknown = await explain('/file', 'bob');
    expect(unknown.answer.status).toBe(401);
    expect(unknown.steps.map(({ text }) => text)).toContain(
      'AuthDigestProvider file: does not know the user',
    );
  });

  it('tells who was asked, and which line says so', async () => {
    const { access, steps } = await explain('/script', 'bob');
    expect(access.outcome).toBe('granted to bob (Digest)');
    const scripts = steps.filter(({ text }) => text.startsWith('WSGIAccessScript'));
    expect(scripts.map(({ text, position }) => [text.replace(folder, ''), position?.line])[0]).toEqual([
      'WSGIAccessScript /access.py: granted',
      15,
    ]);
    const texts = steps.map(({ text }) => text);
    expect(texts).toContain('AuthDigestProvider file: does not know the user');
    expect(texts).toContain('AuthDigestProvider wsgi: bob is known');
    expect(access.assumptions.map((text) => text.replace(folder, ''))).toEqual(
      expect.arrayContaining([
        'allow_access() of /access.py has no objection',
        'get_realm_hash() of /app.py knows bob (--user)',
      ]),
    );
  });
});
