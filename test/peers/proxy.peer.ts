import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserSession, readHiddenField } from './browser-session.js';
import { createDjangoProject, type DjangoProject, superuser } from './django-project.js';
import { hasPython, projectRoot, venv } from './installed.js';
import { readMemory } from './memory.js';
import { findFreePort, makeFolder, type RunningServer, removeFolder, startServer } from './server.js';
import { sendUpload } from './upload.js';
import { waitForListener } from './wait-for-listener.js';

/** The texts of docs/proxy.md, as they stand there, with real gunicorn and uWSGI. */

const gunicorn = '/usr/bin/gunicorn';
const uwsgi = '/usr/bin/uwsgi';
const ways = [
  {
    name: 'gunicorn over TCP',
    program: gunicorn,
    command: /^gunicorn .*127\.0\.0\.1:8000/m,
    siteFile: /http:\/\/127\.0\.0\.1:8000/,
  },
  {
    name: 'gunicorn over a Unix socket',
    program: gunicorn,
    command: /^gunicorn .*\.sock/m,
    siteFile: /gunicorn\.sock/,
  },
  { name: 'uWSGI over TCP', program: uwsgi, command: /^uwsgi .*:49152/m, siteFile: /uwsgi:\/\/127/ },
  { name: 'uWSGI over a Unix socket', program: uwsgi, command: /^uwsgi .*\.sock/m, siteFile: /uwsgi\.sock/ },
] as const;

/** Streams and swallows bytes without end, and keeps none of them. */
const streams = `
import hashlib
def application(environ, start_response):
    if environ["REQUEST_METHOD"] == "GET":
        start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(1 << 30))])
        return (bytes(1 << 16) for _ in range(1 << 14))
    digest = hashlib.sha256()
    left = int(environ.get("CONTENT_LENGTH") or 0)
    while left > 0:
        piece = environ["wsgi.input"].read(min(left, 1 << 16))
        if not piece:
            break
        left -= len(piece)
        digest.update(piece)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [digest.hexdigest().encode()]
`;

const page = readFileSync(join(projectRoot, 'docs/proxy.md'), 'utf8');
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text = '']) => text);

describe.skipIf(!hasPython('django'))('Django behind', () => {
  let folder: string;
  let project: DjangoProject;

  beforeAll(() => {
    folder = makeFolder();
    mkdirSync(join(folder, 'mysite'));
    project = createDjangoProject(join(folder, 'mysite'));
    writeFileSync(join(project.folder, 'streams.py'), streams);
    mkdirSync(join(folder, 'run'));
    chmodSync(join(folder, 'run'), 0o777);
  });
  afterAll(() => removeFolder(folder));

  const plugin = '/usr/lib/uwsgi/plugins/python3_plugin.so';
  const installed = ways.filter(({ program }) => existsSync(program === uwsgi ? plugin : program));
  describe.each(installed)('$name', ({ command, siteFile }) => {
    let port: number;
    let streamPort: number;
    let server: RunningServer;
    const others: ChildProcess[] = [];

    const adapt = (text: string) =>
      text
        .replaceAll('/srv/mysite/static', project.staticRoot)
        .replaceAll('/srv/mysite', project.folder)
        .replaceAll('/run/mysite', join(folder, 'run'))
        .replaceAll(/:8000|:49152/g, `:${port}`);

    beforeAll(async () => {
      port = await findFreePort();
      streamPort = await findFreePort();
      const text = blocks('sh').find((block) => command.test(block)) ?? '';
      const site = blocks('apache').find((block) => siteFile.test(block)) ?? '';
      const isUwsgi = text.startsWith('uwsgi');
      others.push(start(adapt(text)));
      others.push(
        start(
          isUwsgi
            ? `uwsgi --chdir=${project.folder} --module=streams:application --master --socket=127.0.0.1:${streamPort} --processes=1`
            : `gunicorn --chdir ${project.folder} --bind 127.0.0.1:${streamPort} streams`,
        ),
      );
      const socket = /(?:unix:|--socket=)(\/\S+)/.exec(adapt(text))?.[1];
      await waitForListener(socket === undefined ? { port, host: '127.0.0.1' } : { path: socket });
      await waitForListener({ port: streamPort, host: '127.0.0.1' });
      const streamed = `ProxyPass /streams ${isUwsgi ? 'uwsgi' : 'http'}://127.0.0.1:${streamPort}/\n`;
      server = await startServer('modhost', streamed + adapt(site), folder);
    }, 60_000);
    afterAll(async () => {
      await server?.stop();
      for (const other of others) {
        const ended = once(other, 'exit');
        other.kill('SIGINT');
        await ended;
      }
    });

    it('logs the superuser into the admin and out again', async () => {
      const browser = new BrowserSession(server.origin);
      const beginning = await browser.get('/admin/');
      expect(beginning.status).toBe(302);
      const form = await browser.follow(beginning);
      const login = await browser.post('/admin/login/?next=/admin/', {
        csrfmiddlewaretoken: readHiddenField(await form.text(), 'csrfmiddlewaretoken'),
        username: superuser.name,
        password: superuser.password,
        next: '/admin/',
      });
      expect(login.status).toBe(302);
      const index = await (await browser.follow(login)).text();
      expect(index).toContain('Site administration');
      const logout = await browser.post('/admin/logout/', {
        csrfmiddlewaretoken: readHiddenField(index, 'csrfmiddlewaretoken'),
      });
      expect(logout.status).toBe(200);
      expect((await browser.get('/admin/')).status).toBe(302);
    });

    it('leaves its style sheets to the Alias', async () => {
      const style = await fetch(`${server.origin}/static/admin/css/base.css`);
      expect(style.status).toBe(200);
      expect(style.headers.get('server')).toContain('modhost');
    });

    it('takes an upload of 100 MB as it was sent', async () => {
      const upload = await sendUpload(
        'PUT',
        `${server.origin}/streams`,
        100 * (1 << 20),
        'application/octet-stream',
      );
      expect([upload.status, upload.text]).toEqual([200, upload.sha256]);
    });

    it('sends a download of 1 GB in little memory', async () => {
      const answer = await fetch(`${server.origin}/streams`);
      let bytes = 0;
      for await (const piece of answer.body ?? []) bytes += (piece as Uint8Array).length;
      expect(bytes).toBe(1 << 30);
      const greedy = readMemory(server.process.pid ?? 0).filter(
        ({ peakBytes }) => peakBytes > 150 * (1 << 20),
      );
      expect(greedy).toEqual([]);
    }, 120_000);
  });
});

/** Debian's programs with the Python packages of the tests. */
function start(text: string): ChildProcess {
  const [name = '', ...words] = text.trim().split(/\s+/);
  const program = name === 'uwsgi' ? uwsgi : gunicorn;
  const plugin = name === 'uwsgi' ? ['--plugin=python3', `--virtualenv=${venv}`] : [];
  const python = readFileSync(join(venv, 'pyvenv.cfg'), 'utf8');
  const version = /^version\s*=\s*(\d+\.\d+)/m.exec(python)?.[1] ?? '3';
  return spawn(program, [...plugin, ...words], {
    stdio: 'ignore',
    env: { ...process.env, PYTHONPATH: join(venv, `lib/python${version}/site-packages`) },
  });
}
