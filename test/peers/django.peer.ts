import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserSession, basic, readHiddenField } from './browser-session.js';
import { createDjangoProject, type DjangoProject, superuser, users } from './django-project.js';
import { hasPython, venv } from './installed.js';
import { hosts, makeFolder, type RunningServer, removeFolder, startServer } from './server.js';

describe.skipIf(!hasPython('django'))('Django', () => {
  let folder: string;
  let project: DjangoProject;

  beforeAll(() => {
    folder = makeFolder();
    const projectFolder = join(folder, 'mysite.com');
    mkdirSync(projectFolder);
    project = createDjangoProject(projectFolder);
  });
  afterAll(() => removeFolder(folder));

  describe.each(hosts)('deployed as its how-to for mod_wsgi says, on %s', (host) => {
    let server: RunningServer;

    beforeAll(async () => {
      server = await startServer(host, daemonSiteFile(project, 'wsgi.py'), folder);
    });
    afterAll(() => server?.stop());

    it('logs the superuser into the admin and out again', async () => {
      const browser = new BrowserSession(server.origin);
      const start = await browser.get('/admin/');
      expect(start.status).toBe(302);
      expect(start.headers.get('location')).toBe('/admin/login/?next=/admin/');

      const form = await browser.follow(start);
      expect(form.status).toBe(200);
      const login = await browser.post('/admin/login/?next=/admin/', {
        csrfmiddlewaretoken: readHiddenField(await form.text(), 'csrfmiddlewaretoken'),
        username: superuser.name,
        password: superuser.password,
        next: '/admin/',
      });
      expect(login.status).toBe(302);
      expect(browser.cookie('sessionid')).toMatch(/^\w{20,}$/);

      const index = await browser.follow(login);
      const page = await index.text();
      expect(index.status).toBe(200);
      expect(page).toContain('Site administration');

      const logout = await browser.post('/admin/logout/', {
        csrfmiddlewaretoken: readHiddenField(page, 'csrfmiddlewaretoken'),
      });
      expect(logout.status).toBe(200);
      expect((await browser.get('/admin/')).status).toBe(302);
    });

    it('creates a user through the admin, with a name beyond ASCII', async () => {
      const browser = await logIn(server);
      const page = await (await browser.get('/admin/auth/group/add/')).text();
      const answer = await browser.post('/admin/auth/group/add/', {
        csrfmiddlewaretoken: readHiddenField(page, 'csrfmiddlewaretoken'),
        name: `Größe ${host}`,
      });
      expect(answer.status).toBe(302);
      expect(await (await browser.get('/admin/auth/group/?q=Gr%C3%B6%C3%9Fe')).text()).toContain(
        `Größe ${host}`,
      );
    });

    it('refuses a login with a wrong password, and a form without its CSRF token', async () => {
      const browser = new BrowserSession(server.origin);
      const form = await (await browser.get('/admin/login/')).text();
      const fields = { username: superuser.name, password: 'wrong' };
      const wrong = await browser.post('/admin/login/', {
        ...fields,
        csrfmiddlewaretoken: readHiddenField(form, 'csrfmiddlewaretoken'),
      });
      expect(wrong.status).toBe(200);
      expect(await wrong.text()).toContain('Please enter the correct username and password');
      expect((await browser.post('/admin/login/', fields)).status).toBe(403);
    });

    it("serves the admin's style sheet from the Alias", async () => {
      const style = await fetch(`${server.origin}/static/admin/css/base.css`);
      expect(style.status).toBe(200);
      expect(style.headers.get('content-type')).toMatch(/^text\/css/);
      expect(await style.text()).toContain('--primary');
      const again = await fetch(`${server.origin}/static/admin/css/base.css`, {
        headers: { 'if-none-match': style.headers.get('etag') ?? '' },
      });
      expect(again.status).toBe(304);
    });

    it('answers 404 by Django below the mount, by the server below the Alias', async () => {
      const fromDjango = await fetch(`${server.origin}/nowhere`);
      expect(fromDjango.status).toBe(404);
      expect(await fromDjango.text()).toContain('The requested resource was not found');
      expect((await fetch(`${server.origin}/static/nowhere.css`)).status).toBe(404);
    });
  });

  describe.each(hosts)('asked about its users as its how-to for authentication says, on %s', (host) => {
    let server: RunningServer;

    beforeAll(async () => {
      mkdirSync(join(folder, 'secret'), { recursive: true });
      writeFileSync(join(folder, 'secret/plan.txt'), 'the plan\n');
      server = await startServer(host, authSiteFile(project, join(folder, 'secret')), folder);
    });
    afterAll(() => server?.stop());

    const ask = async (path: string, headers: Record<string, string> = {}) =>
      await fetch(server.origin + path, { headers });

    it('challenges whoever says nothing', async () => {
      const answer = await ask('/secret/plan.txt');
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Basic realm="Top Secret"');
    });

    it.each([
      ['bond', users.bond],
      ['moneypenny', users.moneypenny],
    ])('lets %s in to a file', async (name, password) => {
      const answer = await ask('/secret/plan.txt', basic(name, password));
      expect(answer.status).toBe(200);
      expect(await answer.text()).toBe('the plan\n');
    });

    // As in mod_wsgi 6, names and passwords come as bytes, one character each. Version 4 decoded UTF-8.
    const itOnModhost = host === 'modhost' ? it : () => {};
    itOnModhost('takes a password beyond ASCII if the script decodes it', async () => {
      expect((await ask('/utf-8/plan.txt', basic('blofeld', users.blofeld))).status).toBe(200);
      expect((await ask('/utf-8/plan.txt', basic('blofeld', 'pässwörd'))).status).toBe(401);
      const latin1 = Buffer.from('blofeld:p\xe4ssw\xf6rd', 'latin1').toString('base64');
      expect((await ask('/utf-8/plan.txt', { authorization: `Basic ${latin1}` })).status).toBe(401);
    });

    it.each([
      ['a wrong password', 'bond', 'stirred'],
      ['an empty password', 'bond', ''],
      ['an unknown user', 'nobody', 'shaken, not stirred'],
      ['an inactive user', 'le-chiffre', users['le-chiffre']],
      ['a stored hash as the password', 'bond', 'pbkdf2_sha256$'],
    ])('keeps out %s', async (_, name, password) => {
      const answer = await ask('/secret/plan.txt', basic(name, password));
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Basic realm="Top Secret"');
    });

    it('lets in the members of a group only', async () => {
      expect((await ask('/agents/plan.txt', basic('bond', users.bond))).status).toBe(200);
      expect((await ask('/agents/plan.txt', basic('moneypenny', users.moneypenny))).status).toBe(401);
      expect((await ask('/agents/plan.txt', basic('bond', 'stirred'))).status).toBe(401);
      expect((await ask('/agents/plan.txt', basic('nobody', 'x'))).status).toBe(401);
    });

    // Django's how-to writes `Require group`, for which Apache 2.4 wants a group file and lets nobody in.
    it('takes `Require group` for the group script where there is no group file', async () => {
      const expected = host === 'modhost' ? 200 : 401;
      expect((await ask('/how-to/plan.txt', basic('bond', users.bond))).status).toBe(expected);
      expect((await ask('/how-to/plan.txt', basic('moneypenny', users.moneypenny))).status).toBe(401);
    });

    it('protects a location of the application itself, and tells it who came', async () => {
      expect((await ask('/admin/')).status).toBe(401);
      // Past the server's door Django asks again by its own means: it is not configured to trust REMOTE_USER.
      const answer = await fetch(`${server.origin}/admin/`, {
        headers: basic('bond', users.bond),
        redirect: 'manual',
      });
      expect(answer.status).toBe(302);
    });
  });

  describe.each(hosts)('inside middleware and beside another application, on %s', (host) => {
    let server: RunningServer;

    beforeAll(async () => {
      const lines = [
        ...grants(project),
        daemonProcess(project),
        'WSGIProcessGroup example.com',
        `WSGIScriptAlias /wrapped ${join(project.package, 'wrapped_wsgi.py')} application-group=wrapped`,
        `WSGIScriptAlias /deep/both ${join(project.package, 'combined_wsgi.py')} application-group=both`,
        `WSGIScriptAlias / ${join(project.package, 'combined_wsgi.py')} application-group=root`,
      ];
      server = await startServer(host, `${lines.join('\n')}\n`, folder);
    });
    afterAll(() => server?.stop());

    it('passes requests and answers through a middleware', async () => {
      const answer = await fetch(`${server.origin}/wrapped/admin/`, { redirect: 'manual' });
      expect(answer.status).toBe(302);
      expect(answer.headers.get('x-stamp')).toBe('GET');
      expect(answer.headers.get('location')).toBe('/wrapped/admin/login/?next=/wrapped/admin/');
      const page = await fetch(`${server.origin}/wrapped/admin/login/`);
      expect(await page.text()).toContain('csrfmiddlewaretoken');
    });

    it("closes the middleware's iterable once for each request", async () => {
      const closed = async () => Number(await (await fetch(`${server.origin}/wrapped/closed`)).text());
      const before = await closed();
      for (let index = 0; index < 3; index += 1) {
        const head = index === 2 ? { method: 'HEAD' } : {};
        await (await fetch(`${server.origin}/wrapped/admin/login/`, head)).text();
      }
      // A client may have its answer before the iterable is closed.
      await expect.poll(closed).toBeGreaterThanOrEqual(before + 3);
      expect(await closed()).toBe(before + 3);
    });

    it.each([
      ['/', 'root |/'],
      ['/site-map', 'root |/site-map'],
      ['/deep/both/x', 'root /deep/both|/x'],
    ])('answers %s by the first of two combined applications', async (path, text) => {
      expect(await (await fetch(server.origin + path)).text()).toBe(text);
    });

    it.each(['', '/deep/both'])('logs in to the second of two, mounted at "%s"', async (prefix) => {
      const browser = await logIn(server, `${prefix}/site`);
      expect(await (await browser.get(`${prefix}/site/admin/`)).text()).toContain('Site administration');
    });
  });
});

async function logIn(server: RunningServer, prefix = ''): Promise<BrowserSession> {
  const browser = new BrowserSession(server.origin);
  const page = await (await browser.get(`${prefix}/admin/login/`)).text();
  const answer = await browser.post(`${prefix}/admin/login/?next=${prefix}/admin/`, {
    csrfmiddlewaretoken: readHiddenField(page, 'csrfmiddlewaretoken'),
    username: superuser.name,
    password: superuser.password,
    next: `${prefix}/admin/`,
  });
  expect(answer.status).toBe(302);
  expect(answer.headers.get('location')).toBe(`${prefix}/admin/`);
  return browser;
}

function daemonProcess(project: DjangoProject): string {
  return `WSGIDaemonProcess example.com python-home=${venv} python-path=${project.folder}`;
}

function grants(project: DjangoProject): string[] {
  return [`<Directory ${project.package}>`, 'Require all granted', '</Directory>'];
}

/** Django's how-to "Use Django with Apache and mod_wsgi": daemon mode, and the files of the same site. */
function daemonSiteFile(project: DjangoProject, script: string): string {
  return `
Alias /static/ ${project.staticRoot}/

<Directory ${project.staticRoot}>
Require all granted
</Directory>

WSGIScriptAlias / ${join(project.package, script)}
${daemonProcess(project)}
WSGIProcessGroup example.com

<Directory ${project.package}>
<Files ${script}>
Require all granted
</Files>
</Directory>
`;
}

/** Django's how-to "Authenticate against Django's user database from Apache": embedded, as shown there. */
function authSiteFile(project: DjangoProject, secret: string): string {
  const script = join(project.package, 'auth_wsgi.py');
  return `
WSGIScriptAlias / ${script}
WSGIPythonHome ${venv}
WSGIPythonPath ${project.folder}

WSGIProcessGroup %{GLOBAL}
WSGIApplicationGroup %{GLOBAL}

Alias /secret ${secret}
Alias /agents ${secret}
Alias /how-to ${secret}
Alias /utf-8 ${secret}
<Directory ${secret}>
    Require all granted
</Directory>
${grants(project).join('\n')}

<Location "/secret">
    AuthType Basic
    AuthName "Top Secret"
    Require valid-user
    AuthBasicProvider wsgi
    WSGIAuthUserScript ${script}
</Location>

<Location "/agents">
    AuthType Basic
    AuthName "Top Secret"
    AuthBasicProvider wsgi
    WSGIAuthUserScript ${script}
    WSGIAuthGroupScript ${script}
    Require wsgi-group secret-agents
</Location>

<Location "/utf-8">
    AuthType Basic
    AuthName "Top Secret"
    AuthBasicProvider wsgi
    WSGIAuthUserScript ${join(project.package, 'auth_utf8_wsgi.py')}
    Require valid-user
</Location>

<Location "/how-to">
    AuthType Basic
    AuthName "Top Secret"
    AuthBasicProvider wsgi
    WSGIAuthUserScript ${script}
    WSGIAuthGroupScript ${script}
    Require group secret-agents
</Location>

<Location "/admin">
    AuthType Basic
    AuthName "Top Secret"
    Require valid-user
    AuthBasicProvider wsgi
    WSGIAuthUserScript ${script}
</Location>
`;
}
