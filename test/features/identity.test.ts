import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';

/** Giving up root takes being root, and a checkout that other accounts can read. */
const canChange = process.getuid?.() === 0 && isReadableByOthers(projectRoot);

describe.skipIf(!canChange)('a server started by root', () => {
  let folder: string;
  let server: RunningServer;

  beforeAll(async () => {
    folder = makeFolder();
    copyFileSync(join(projectRoot, 'test/features/apps/identity.py'), join(folder, 'app.py'));
    mkdirSync(join(folder, 'home'), { mode: 0o755 });
    server = await startServer(
      'modhost',
      `
User nobody
Group nogroup
WSGIDaemonProcess own user=daemon group=daemon umask=0027 locale=C.UTF-8 home=${folder}/home display-name=%{GROUP}
WSGIDaemonProcess plain
WSGIScriptAlias /own ${folder}/app.py process-group=own
WSGIScriptAlias /plain ${folder}/app.py process-group=plain
<Directory />
Require all granted
</Directory>
CustomLog logs/access_log common`,
      folder,
    );
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const ask = async (path: string) => (await fetch(server.origin + path)).json();

  it('runs daemon processes as user= and group=, with umask, locale and home', async () => {
    expect(await ask('/own')).toMatchObject({
      uid: idOf('-u', 'daemon'),
      gid: idOf('-g', 'daemon'),
      groups: [idOf('-g', 'daemon')],
      umask: 0o027,
      folder: `${folder}/home`,
      locale: 'C.UTF-8',
    });
    expect(processes().filter(({ args }) => args.startsWith('(wsgi:own)'))).toMatchObject([
      { user: 'daemon' },
    ]);
  });

  it('runs other daemon processes and the front ends as User and Group', async () => {
    expect(await ask('/plain')).toMatchObject({ uid: idOf('-u', 'nobody'), gid: idOf('-g', 'nobody') });
    const users = processes()
      .filter(({ args }) => args.startsWith('modhost: front end'))
      .map(({ user }) => user);
    expect(new Set(users)).toEqual(new Set(['nobody']));
  });

  it('gives applications no descriptor of a log, a listener or another process', async () => {
    const { fds } = (await ask('/own')) as { fds: string[] };
    expect(fds.filter((target) => target.includes('/logs/'))).toEqual([]);
  });

  it('writes logs and the PidFile as root', async () => {
    // Written when every front end listens, which may be after the first of them answers.
    await server.logged('resuming normal operations');
    for (const name of ['logs/access_log', 'run/modhost.pid']) {
      expect(statSync(join(folder, 'modhost', name)).uid).toBe(0);
    }
  });

  /** Children of the server. */
  function processes(): { readonly user: string; readonly args: string }[] {
    const children = readFileSync(`/proc/${server.process.pid}/task/${server.process.pid}/children`, 'utf8');
    return children
      .trim()
      .split(' ')
      .map((pid) => ({
        user: execFileSync('stat', ['-c', '%U', `/proc/${pid}`], { encoding: 'utf8' }).trim(),
        args: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '),
      }));
  }
});

function idOf(option: '-u' | '-g', user: string): number {
  return Number(execFileSync('id', [option, user], { encoding: 'utf8' }));
}

function isReadableByOthers(folder: string): boolean {
  for (let path = folder.replace(/\/$/, ''); path !== ''; path = path.slice(0, path.lastIndexOf('/'))) {
    if ((statSync(path).mode & 0o005) !== 0o005) return false;
  }
  return true;
}
