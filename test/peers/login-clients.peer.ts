import { execFile, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromium, projectRoot } from './installed.js';
import { hosts, makeFolder, type RunningServer, removeFolder, startServer } from './server.js';

/** Real clients log in, and real tools write the files. */

const curl = find('curl');
const [htpasswd, htdigest] = [find('htpasswd'), find('htdigest')];

function find(tool: string): string | undefined {
  const path = `/usr/bin/${tool}`;
  return existsSync(path) ? path : undefined;
}

const modhost = join(projectRoot, 'dist/main.js');

/** Runs modhost's tool, or Apache's. */
function run(tool: 'htpasswd' | 'htdigest', by: 'modhost' | 'Apache', words: readonly string[], input = '') {
  const [program, first] = by === 'modhost' ? [process.execPath, [modhost, tool]] : [`/usr/bin/${tool}`, []];
  return spawnSync(program, [...first, ...words], { input, encoding: 'utf8' });
}

let folder: string;
beforeAll(() => {
  folder = makeFolder();
  mkdirSync(join(folder, 'root'));
  writeFileSync(join(folder, 'root/page.html'), '<p>let in</p>');
  run('htdigest', 'modhost', ['-ci', join(folder, 'digests'), 'area', 'alice'], 'wonderland');
  run('htdigest', 'modhost', ['-c2i', join(folder, 'sha256'), 'area', 'alice'], 'wonderland');
  run('htpasswd', 'modhost', ['-cbm', join(folder, 'users'), 'alice', 'wonderland']);
  copyFileSync(join(projectRoot, 'test/features/apps/login.py'), join(folder, 'login.py'));
});
afterAll(() => removeFolder(folder));

const siteFile = (root: string) => `
DocumentRoot ${root}/root
AliasMatch ^ ${root}/root/page.html
<Location />
    AuthName area
    AuthType Digest
    AuthUserFile ${root}/digests
    Require valid-user
</Location>
<Location /basic>
    AuthType Basic
    AuthUserFile ${root}/users
</Location>
<Location /script>
    AuthDigestProvider wsgi
    WSGIAuthUserScript ${root}/login.py
</Location>`;

const onlyHere = (root: string) => `
<Location /sha256>
    AuthDigestAlgorithm SHA-256
    AuthUserFile ${root}/sha256
</Location>
<Location /counted>
    AuthDigestNcCheck On
</Location>
<Location /old>
    AuthDigestNonceLifetime 1
</Location>`;

describe.each(hosts)('on %s', (host) => {
  let server: RunningServer;

  beforeAll(async () => {
    const text = siteFile(folder) + (host === 'modhost' ? onlyHere(folder) : '');
    server = await startServer(host, text, folder);
  });
  afterAll(() => server?.stop());

  describe.skipIf(curl === undefined)('curl', () => {
    /** Status codes of all answers on the way. */
    const ask = async (path: string, ...options: string[]) => {
      const words = ['-sS', '-i', '-o', '-', ...options, server.origin + path];
      const { stdout } = await promisify(execFile)(curl as string, words);
      return [...stdout.matchAll(/^HTTP\/\S+ (\d+)/gm)].map(([, status]) => Number(status));
    };

    it.each([
      ['--digest', '/x'],
      ['--anyauth', '/x'],
      ['--digest', '/x?a=b&c=%20d'],
      ['--digest', '/script/x'],
      ['--anyauth', '/basic/x'],
    ])('%s %s', async (option, path) => {
      expect(await ask(path, option, '-u', 'alice:wonderland')).toEqual([401, 200]);
      expect((await ask(path, option, '-u', 'alice:x')).at(-1)).toBe(401);
      expect((await ask(path, option, '-u', 'carl:wonderland')).at(-1)).toBe(401);
    });

    it('--basic is no answer to Digest', async () => {
      expect(await ask('/x', '--basic', '-u', 'alice:wonderland')).toEqual([401]);
    });

    it('asks for many pages with one nonce', async () => {
      const pages = Array.from({ length: 5 }, (_, at) => `${server.origin}/x${at}`);
      const { stdout } = await promisify(execFile)(curl as string, [
        ...['-sS', '-i', '--digest', '-u', 'alice:wonderland'],
        ...pages,
      ]);
      const statuses = [...stdout.matchAll(/^HTTP\/\S+ (\d+)/gm)].map(([, status]) => status);
      expect(statuses.filter((status) => status === '200')).toHaveLength(5);
    });

    if (host === 'modhost')
      it.each(['/sha256/x', '/counted/x', '/old/x'])('--digest %s', async (path) => {
        expect(await ask(path, '--digest', '-u', 'alice:wonderland')).toEqual([401, 200]);
        expect((await ask(path, '--digest', '-u', 'alice:x')).at(-1)).toBe(401);
      });
  });

  describe.skipIf(chromium === undefined)('Chromium, with credentials in the URL', () => {
    const paths = ['/x', '/basic/x', ...(host === 'modhost' ? ['/sha256/x'] : [])];
    it.each(paths)('%s', async (path) => {
      const url = new URL(path, server.origin);
      url.username = 'alice';
      url.password = 'wonderland';
      expect(await render(url.href)).toContain('<p>let in</p>');
      url.password = 'x';
      expect(await render(url.href)).not.toContain('let in');
    });
  });

  /** The document as the browser has it after loading. */
  async function render(url: string): Promise<string> {
    const { stdout } = await promisify(execFile)(chromium as string, [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'],
      ...[
        `--user-data-dir=${join(folder, `profile-${Math.random()}`)}`,
        '--timeout=15000',
        '--dump-dom',
        url,
      ],
    ]);
    return stdout;
  }
});

describe.skipIf(htdigest === undefined)("files of Apache's htdigest and modhost's", () => {
  it.each([
    ['Apache', 'modhost'],
    ['modhost', 'Apache'],
  ] as const)('begun by %s, continued by %s', (first, second) => {
    const file = join(folder, `digests-${first}`);
    expect(run('htdigest', first, ['-c', file, 'area', 'alice'], 'one\none\n').status).toBe(0);
    expect(run('htdigest', second, [file, 'area', 'bjö rn'], 'ü\nü\n').status).toBe(0);
    expect(run('htdigest', second, [file, 'area', 'alice'], 'two\ntwo\n').status).toBe(0);
    expect(run('htdigest', first, [file, 'other', 'alice'], 'three\nthree\n').status).toBe(0);
    const verify = (realm: string, user: string, password: string) =>
      run('htdigest', 'modhost', ['-vi', file, realm, user], password).status;
    expect(verify('area', 'alice', 'two')).toBe(0);
    expect(verify('area', 'alice', 'one')).toBe(1);
    expect(verify('area', 'bjö rn', 'ü')).toBe(0);
    expect(verify('other', 'alice', 'three')).toBe(0);
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(3);
  });
});

describe.skipIf(htpasswd === undefined)("files of Apache's htpasswd and modhost's", () => {
  const kinds = ['-B', '-m', '-5', '-2', '-s', '-d'];

  it.each(kinds)('%s', (kind) => {
    const file = join(folder, `users${kind}`);
    expect(run('htpasswd', 'Apache', ['-cb', kind, file, 'alice', 'one']).status).toBe(0);
    expect(run('htpasswd', 'modhost', ['-b', kind, file, 'bob', 'two']).status).toBe(0);
    expect(run('htpasswd', 'Apache', ['-b', kind, file, 'carl', 'three']).status).toBe(0);
    for (const by of ['Apache', 'modhost'] as const) {
      expect(run('htpasswd', by, ['-vb', file, 'alice', 'one']).status, by).toBe(0);
      expect(run('htpasswd', by, ['-vb', file, 'bob', 'two']).status, by).toBe(0);
      expect(run('htpasswd', by, ['-vb', file, 'carl', 'three']).status, by).toBe(0);
      expect(run('htpasswd', by, ['-vb', file, 'bob', 'one']).status, by).toBe(3);
    }
    expect(run('htpasswd', 'modhost', ['-D', file, 'alice']).status).toBe(0);
    expect(run('htpasswd', 'Apache', ['-D', file, 'bob']).status).toBe(0);
    expect(readFileSync(file, 'utf8')).toMatch(/^carl:[^\n]+\n$/);
  });

  it('-i and -n', () => {
    const made = run('htpasswd', 'modhost', ['-ni', 'alice'], 'one').stdout;
    const file = join(folder, 'printed');
    writeFileSync(file, made);
    expect(run('htpasswd', 'Apache', ['-vi', file, 'alice'], 'one').status).toBe(0);
    expect(run('htpasswd', 'modhost', ['-nbp', 'alice', 'one']).status).toBe(2);
  });
});
