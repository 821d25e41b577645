import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDjangoProject, type DjangoProject } from './django-project.js';
import { hasPython, venv } from './installed.js';
import { findFreePort, makeFolder, type RunningServer, removeFolder, startServer } from './server.js';

const uwsgi = '/usr/bin/uwsgi';
const isThere = existsSync('/usr/lib/uwsgi/plugins/python3_plugin.so') && hasPython('django');

/** The file of Django's how-to for uWSGI, with folders that exist; the last lines are what Debian's uWSGI and this test need. */
const ini = (project: DjangoProject, port: number) => `[uwsgi]
chdir=${project.folder}
module=mysite.wsgi:application
master=True
pidfile=%(chdir)/project-master.pid
vacuum=True
max-requests=5000
daemonize=%(chdir)/uwsgi.log
static-map = /static=%(chdir)/collected
[uwsgi]
home=${venv}
plugin=python3
http-socket=127.0.0.1:${port}
`;

/** Waits until a server takes connections. */
async function answers(origin: string): Promise<void> {
  const end = Date.now() + 60_000;
  while (
    !(await fetch(origin).then(
      () => true,
      () => false,
    ))
  ) {
    if (Date.now() > end) throw new Error(`nobody answers at ${origin}`);
    await sleep(100);
  }
}

describe.skipIf(!isThere)('one uwsgi.ini, served by uWSGI and by modhost', () => {
  let folder: string;
  let server: RunningServer;
  let peer: ChildProcess;
  let peerOrigin: string;

  beforeAll(async () => {
    folder = makeFolder();
    const projectFolder = join(folder, 'project');
    mkdirSync(projectFolder);
    const project = createDjangoProject(projectFolder);
    const port = await findFreePort();
    peerOrigin = `http://127.0.0.1:${port}`;
    const file = join(projectFolder, 'uwsgi.ini');
    const text = ini(project, port);
    writeFileSync(file, text);
    // In the foreground, so that it can be ended; all else is in the file.
    const foreground = join(projectFolder, 'foreground.ini');
    writeFileSync(foreground, text.replace(/^daemonize=.*\n/m, ''));
    peer = spawn(uwsgi, ['--ini', foreground, '--die-on-term'], { stdio: 'ignore' });
    await answers(peerOrigin);
    server = await startServer('modhost', `WSGIDaemonProcess site ini=${file}\n`, folder);
  }, 120_000);
  afterAll(async () => {
    const ended = new Promise((resolve) => peer?.once('exit', resolve));
    peer?.kill('SIGTERM');
    if (peer !== undefined) await ended;
    await server?.stop();
    removeFolder(folder);
  });

  it.each([
    '/',
    '/admin/',
    '/admin/login/',
    '/admin/login',
    '/nothing/at/all',
    '/static/admin/css/base.css',
    '/admin/login/?next=/admin/%C3%A4/',
  ])('%s', async (path) => {
    const [ours, theirs] = await Promise.all(
      [server.origin, peerOrigin].map(async (origin) => {
        const answer = await fetch(origin + path, { redirect: 'manual' });
        const body = await answer.text();
        return {
          status: answer.status,
          location: answer.headers.get('location'),
          type: answer.headers.get('content-type')?.split(';')[0],
          body: body.replace(/(csrfmiddlewaretoken" value=")\w+/, '$1'),
        };
      }),
    );
    expect(ours).toEqual(theirs);
  });
});
