import { execFile } from 'node:child_process';
import { chmodSync, cpSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic } from '../peers/browser-session.js';
import { projectRoot } from '../peers/installed.js';
import { findFreePort, makeFolder, type RunningServer, removeFolder, startModhost } from '../peers/server.js';

/** Location, realm, who may enter, who of the others' users may not. */
const protectedLocations = [
  { path: '/private', realm: 'Password file', user: 'alice', password: 'wonderland', other: 'bob:builder' },
  {
    path: '/members',
    realm: 'Users of the TypeScript application',
    user: 'bob',
    password: 'builder',
    other: 'alice:wonderland',
  },
  {
    path: '/py/members',
    realm: 'Users of the Python application',
    user: 'dave',
    password: 'drowsy',
    other: 'bob:builder',
  },
  {
    path: '/py/staff',
    realm: 'Staff of the Python application',
    user: 'carol',
    password: 'clockwork',
    other: 'dave:drowsy',
  },
];

describe('conf/site.conf', () => {
  let folder: string;
  let server: RunningServer;

  beforeAll(async () => {
    // A copy, so that neither sockets nor the PidFile land in the checkout. Nothing but ServerRoot is said, as `npm start` does.
    folder = makeFolder();
    cpSync(join(projectRoot, 'conf'), join(folder, 'conf'), { recursive: true });
    // In a checkout the passwords are readable by all, of which -t warns.
    chmodSync(join(folder, 'conf/htpasswd'), 0o640);
    const port = await findFreePort();
    server = await startModhost(['-X', '-d', folder, '-C', `Define PORT ${port}`], port);
    // The first front end listens before the PidFile tells -t whose port that is.
    await server.logged('resuming normal operations');
  });
  afterAll(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const ask = async (path: string, headers: Record<string, string> = {}) =>
    await fetch(server.origin + path, { headers });

  it('passes -t', async () => {
    const { stderr } = await promisify(execFile)(process.execPath, [
      join(projectRoot, 'dist/main.js'),
      '-t',
      '-d',
      folder,
      '-C',
      `Define PORT ${server.port}`,
    ]);
    expect(stderr).toBe('Syntax OK\n');
  });

  it.each(['/', '/py', '/static/style.css', '/static/none', '/private', '/members', '/py/staff'])(
    'is explained as it is served: %s',
    async (path) => {
      const { stdout } = await promisify(execFile)(process.execPath, [
        ...[join(projectRoot, 'dist/main.js'), 'explain', '--json', '-d', folder],
        ...['-C', `Define PORT ${server.port}`, path],
      ]);
      const { answer, application } = JSON.parse(stdout);
      const { status } = await ask(path);
      // What an application says cannot be known without asking it.
      if (application === undefined) expect(answer.status).toBe(status);
      else expect(status).toBe(200);
    },
  );

  it('has an index page that links to each mount, and each link leads somewhere', async () => {
    const page = await (await ask('/')).text();
    const links = [...page.matchAll(/href="([^"]+)"/g)].map(([, address = '']) => address);
    expect(links).toEqual(
      expect.arrayContaining(['/', '/py', '/static/', '/private', '/members', '/py/members', '/py/staff']),
    );
    for (const link of links) expect([200, 401]).toContain((await ask(link)).status);
  });

  it('prints what is mounted where', async () => {
    for (const mount of ['/py', '/static', '/private', '/members', '/py/members', '/py/staff'])
      await server.logged(mount);
    expect(server.log()).toContain(`127.0.0.1:${server.port}`);
  });

  it('serves the Python application', async () => {
    const page = await (await ask('/py?a=1')).text();
    expect(page).toContain('<h1>Hello from Python</h1>');
    expect(page).toContain('<tr><th>QUERY_STRING</th><td>a=1</td></tr>');
    expect(page).toContain('<tr><th>mod_wsgi.process_group</th><td>python</td></tr>');
    expect((await ask('/py/nowhere')).status).toBe(404);
  });

  it('serves files, and neither lists folders nor leaves its own', async () => {
    const style = await ask('/static/style.css');
    expect(style.status).toBe(200);
    expect(style.headers.get('content-type')).toMatch(/^text\/css/);
    expect(await (await ask('/static/')).text()).toContain('<h1>Files</h1>');
    for (const path of ['/static/../htpasswd', '/static/%2e%2e/htpasswd', '/static/..%2fhtpasswd'])
      expect(await askRaw(server.port, path)).not.toContain('$2y$');
  });

  describe.each(protectedLocations)('$path', ({ path, realm, user, password, other }) => {
    it('challenges', async () => {
      const answer = await ask(path);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe(`Basic realm="${realm}"`);
    });

    it('lets its user in, and tells the application who came', async () => {
      const answer = await ask(path, basic(user, password));
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain(`<h1>Welcome, ${user}</h1>`);
    });

    it('keeps everyone else out', async () => {
      const [otherUser = '', otherPassword = ''] = other.split(':');
      for (const [name, word] of [
        [user, 'wrong'],
        [user, ''],
        ['mallory', password],
        [otherUser, otherPassword],
      ] as const)
        expect((await ask(path, basic(name, word))).status, `${name}:${word}`).toBe(401);
      expect((await ask(path, { 'remote-user': user, 'x-remote-user': user })).status).toBe(401);
      expect((await ask(`${path}/below`)).status).toBe(401);
      expect((await ask(`/${path}`)).status).toBe(401);
    });
  });
});

/** The path as it is: `fetch` would resolve the dots by itself. */
async function askRaw(port: number, path: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path }, (response) => resolve(text(response)))
      .on('error', reject)
      .end();
  });
}
