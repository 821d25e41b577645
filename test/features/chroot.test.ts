import { execFile, execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../peers/installed.js';
import { findFreePort, makeFolder, type RunningServer, removeFolder, startServer } from '../peers/server.js';

const python = '/usr/bin/python3';
const version = existsSync(python)
  ? execFileSync(python, ['-c', 'import sys; print("python%d.%d" % sys.version_info[:2])'], {
      encoding: 'utf8',
    }).trim()
  : '';
const library = `/usr/lib/${version}`;

/** The system's Python with the shared libraries that it needs to start. */
function installPython(jail: string): void {
  const extensions = readdirSync(join(library, 'lib-dynload')).map((name) =>
    join(library, 'lib-dynload', name),
  );
  const listed = execFileSync('ldd', [python, ...extensions], { encoding: 'utf8' });
  const needed = new Set(listed.match(/(?<=[\s>])\/lib\S+(?= \()/g) ?? []);
  for (const file of [python, ...needed]) {
    mkdirSync(join(jail, dirname(file)), { recursive: true });
    // Follows symbolic links, which cpSync does not do alike in all versions of Node.
    copyFileSync(file, join(jail, file));
  }
  cpSync(library, join(jail, library), {
    recursive: true,
    dereference: true,
    filter: (name) => !/__pycache__|\/(test|idlelib|lib2to3|ensurepip|tkinter|config-.*)$/.test(name),
  });
}

const application = `import os
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    seen = (os.path.exists(${JSON.stringify(projectRoot)}), __file__, environ['SCRIPT_FILENAME'], os.getcwd(), os.getuid(), os.path.exists('/etc/passwd'))
    return [repr(seen).encode()]
def check_password(environ, user, password):
    return password == 'open'
def handle_request(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [environ['SCRIPT_FILENAME'].encode()]
`;

describe.skipIf(process.getuid?.() !== 0 || !existsSync(library))(
  'chroot= (as root, with a system Python)',
  () => {
    let folder: string;
    let jail: string;
    let server: RunningServer;

    beforeAll(async () => {
      folder = makeFolder();
      jail = join(folder, 'jail');
      mkdirSync(join(jail, 'srv'), { recursive: true });
      installPython(jail);
      for (const file of [join(jail, 'srv/app.py'), changing(), join(folder, 'outside.py')])
        writeFileSync(file, application);
      // What would be taken for modules of the standard library, were the working directory looked at first.
      writeFileSync(join(jail, 'srv/json.py'), 'raise RuntimeError("not meant")\n');
      chmodSync(folder, 0o755);
      server = await startServer(
        'modhost',
        `User nobody
WSGIDaemonProcess jailed chroot=${jail}/
WSGIDaemonProcess home chroot=${jail} home=/srv processes=2
WSGIScriptAlias /app ${jail}/srv/app.py process-group=jailed application-group=%{GLOBAL}
WSGIScriptAlias /home ${jail}/srv/app.py process-group=home
WSGIDaemonProcess changing chroot=${jail}
WSGIScriptAlias /changing ${changing()} process-group=changing
WSGIScriptAlias /outside ${folder}/outside.py process-group=jailed
WSGIHandlerScript inside ${jail}/srv/app.py process-group=jailed
<Location /handled>
    SetHandler inside
</Location>
<Location /app/login>
    AuthType Basic
    AuthName area
    AuthBasicProvider wsgi
    WSGIAuthUserScript ${jail}/srv/app.py
    Require valid-user
</Location>
DocumentRoot ${jail}/srv`,
        folder,
      );
    }, 60_000);
    afterAll(async () => {
      await server?.stop();
      removeFolder(folder);
    });

    const changing = () => join(jail, 'srv/changing.py');
    // Not to wait in the process that holds the connections: it would not see that one was closed.
    const modhost = (...args: string[]) =>
      new Promise<{ status: number; stderr: string }>((resolve) => {
        const command = [join(projectRoot, 'dist/main.js'), '-d', join(folder, 'modhost'), '-f', 'site.conf'];
        execFile(process.execPath, [...command, ...args], { timeout: 60_000 }, (error, _, stderr) =>
          resolve({ status: error === null ? 0 : Number(error.code), stderr }),
        );
      });

    const ask = async (path: string, headers: Record<string, string> = {}) => {
      const answer = await fetch(server.origin + path, { headers });
      return { status: answer.status, text: await answer.text() };
    };

    it('shows the application what is inside and nothing else', async () => {
      expect((await ask('/app')).text).toMatch(
        /^\(False, '\/srv\/app\.py', '\/srv\/app\.py', '\/', (?!0)\d+, False\)$/,
      );
      expect((await ask('/handled')).text).toBe('/srv/handled');
    });

    it('asks login functions inside', async () => {
      const login = (password: string) => ({
        authorization: `Basic ${Buffer.from(`alice:${password}`).toString('base64')}`,
      });
      expect((await ask('/app/login', login('open'))).status).toBe(200);
      expect((await ask('/app/login', login('wrong'))).status).toBe(401);
    });

    it('takes home= as a name inside', async () => {
      expect((await ask('/home')).text).toContain("'/srv'");
    });

    it('keeps what serves when a changed script cannot be loaded, and replaces it when it is mended', async () => {
      const text = (word: string) => application.replace('repr(seen)', `'${word}'`);
      const show = async () => (await ask('/changing')).text;
      writeFileSync(changing(), text('good'));
      expect(await show()).toBe('good');
      writeFileSync(changing(), 'raise RuntimeError("no database")\n');
      expect(await show()).toBe('good');
      await server.logged('could not load /srv/changing.py');
      const reloaded = await modhost('reload', 'changing');
      expect(reloaded.stderr).toContain('could not load /srv/changing.py');
      expect(await show()).toBe('good');
      const site = join(folder, 'modhost/site.conf');
      writeFileSync(site, readFileSync(site, 'utf8').replace('changing chroot', 'changing threads=3 chroot'));
      const restarted = await modhost('graceful');
      expect(restarted.stderr).toContain('RuntimeError: no database');
      expect(restarted.stderr).toContain('the configuration before it stays in force');
      expect([reloaded.status, restarted.status]).toEqual([1, 1]);
      expect(await show()).toBe('good');
      writeFileSync(changing(), text('mended'));
      expect(await modhost('reload', 'changing')).toMatchObject({ status: 0, stderr: '' });
      expect(await show()).toBe('mended');
    }, 60_000);

    it('refuses a script outside', async () => {
      expect((await ask('/outside')).status).toBe(500);
      await server.logged('lies outside of the chroot= of its process group');
    });

    it.each([
      [
        'JavaScript without modhost inside',
        `WSGIScriptAlias / ${'JAIL'}/srv/app.mjs`,
        'JavaScript needs modhost itself inside|there is no .*node inside',
      ],
      ['no account', 'WSGIScriptAlias / JAIL/srv/app.py', 'it takes an account that is not root'],
      [
        'a preloaded script outside',
        'User nobody\nWSGIImportScript FOLDER/outside.py process-group=jailed application-group=x\nWSGIScriptAlias / JAIL/srv/app.py',
        'lies outside of it',
      ],
    ])('does not start with %s, and -t says so', async (title, lines, reason) => {
      const root = join(folder, 'refused');
      mkdirSync(join(root, 'logs'), { recursive: true });
      writeFileSync(join(jail, 'srv/app.mjs'), 'export default () => {};\n');
      const user = title === 'JavaScript without modhost inside' ? 'User nobody\n' : '';
      const text = `Listen 127.0.0.1:${await findFreePort()}\nServerName localhost\n${user}WSGIDaemonProcess jailed chroot=${jail}\nWSGIProcessGroup jailed\n${lines}\n`;
      writeFileSync(join(root, 'site.conf'), text.replaceAll('JAIL', jail).replaceAll('FOLDER', folder));
      const { status, stderr } = spawnSync(
        process.execPath,
        [join(projectRoot, 'dist/main.js'), '-X', '-d', root, '-f', 'site.conf'],
        { encoding: 'utf8', timeout: 20_000 },
      );
      expect(stderr).toMatch(new RegExp(`chroot=.*(${reason})`));
      expect(status).toBe(1);
      const checked = spawnSync(
        process.execPath,
        [join(projectRoot, 'dist/main.js'), '-t', '-d', root, '-f', 'site.conf'],
        { encoding: 'utf8', timeout: 20_000 },
      );
      expect(checked.stderr).toMatch(new RegExp(`site\\.conf:\\d+:\\d+: error MH0707: .*(${reason})`));
      expect(checked.stderr).not.toContain('Syntax OK');
      expect(checked.status).toBe(1);
    });
  },
);
