import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic } from './browser-session.js';
import { createDjangoProject, users } from './django-project.js';
import { hasPython, postgres, venv } from './installed.js';
import { type PostgresCluster, startPostgres } from './postgres.js';
import { hosts, makeFolder, type RunningServer, removeFolder, startServer } from './server.js';

const canRun = hasPython('django') && hasPython('psycopg2') && postgres !== undefined;

/** `django.contrib.auth.handlers.modwsgi`, whose users are in a database server: connections stay open between questions. */
describe.skipIf(!canRun)('Django asked about its users on PostgreSQL', () => {
  let folder: string;
  let database: PostgresCluster | undefined;
  let siteFile: string;

  beforeAll(() => {
    folder = makeFolder();
    database = startPostgres(folder);
    const projectFolder = join(folder, 'mysite.com');
    mkdirSync(projectFolder);
    const project = createDjangoProject(projectFolder, database);
    const secret = join(folder, 'secret');
    mkdirSync(secret);
    writeFileSync(join(secret, 'plan.txt'), 'the plan\n');
    siteFile = protect(secret, project.folder, join(project.package, 'auth_wsgi.py'));
  }, 120_000);
  afterAll(() => {
    database?.stop();
    removeFolder(folder);
  });

  describe.each(hosts)('by %s', (host) => {
    let server: RunningServer;

    beforeAll(async () => {
      server = await startServer(host, siteFile, folder);
    });
    afterAll(() => server?.stop());

    const ask = async (path: string, name: string, password: string) => {
      const answer = await fetch(server.origin + path, { headers: basic(name, password) });
      return { status: answer.status, text: await answer.text() };
    };

    it.each([
      ['bond', users.bond],
      ['moneypenny', users.moneypenny],
    ])('lets %s in', async (name, password) => {
      expect(await ask('/secret/plan.txt', name, password)).toEqual({ status: 200, text: 'the plan\n' });
    });

    it.each([
      ['a wrong password', 'bond', 'stirred'],
      ['an unknown user', 'nobody', users.bond],
      ['an inactive user', 'le-chiffre', users['le-chiffre']],
      ['a quote in the name', "bond' OR '1'='1", users.bond],
    ])('keeps out %s', async (_, name, password) => {
      expect((await ask('/secret/plan.txt', name, password)).status).toBe(401);
    });

    it('lets in the members of a group only', async () => {
      expect((await ask('/agents/plan.txt', 'bond', users.bond)).status).toBe(200);
      expect((await ask('/agents/plan.txt', 'moneypenny', users.moneypenny)).status).toBe(401);
      expect((await ask('/agents/plan.txt', 'le-chiffre', users['le-chiffre'])).status).toBe(401);
    });

    it('answers many at once, each for itself', async () => {
      const asked = Array.from({ length: 24 }, async (_, index) => {
        const password = index % 3 === 0 ? `wrong ${index}` : users.bond;
        return (await ask('/secret/plan.txt', 'bond', password)).status;
      });
      expect(await Promise.all(asked)).toEqual(asked.map((_, index) => (index % 3 === 0 ? 401 : 200)));
    });
  });

  it('lets nobody in once the database is gone, and says so', async () => {
    const server = await startServer('modhost', siteFile, folder);
    try {
      database?.stop();
      database = undefined;
      const answer = await fetch(`${server.origin}/secret/plan.txt`, { headers: basic('bond', users.bond) });
      expect(answer.status).toBe(500);
      expect(await answer.text()).not.toContain('the plan');
      await server.logged('OperationalError');
    } finally {
      await server.stop();
    }
  });
});

function protect(secret: string, projectFolder: string, script: string): string {
  const login = `
    AuthType Basic
    AuthName "Top Secret"
    AuthBasicProvider wsgi
    WSGIAuthUserScript ${script}`;
  return `
WSGIPythonHome ${venv}
WSGIPythonPath ${projectFolder}
WSGIApplicationGroup %{GLOBAL}
Alias /secret ${secret}
Alias /agents ${secret}
<Directory ${secret}>
    Require all granted
</Directory>
<Location /secret>${login}
    Require valid-user
</Location>
<Location /agents>${login}
    WSGIAuthGroupScript ${script}
    Require wsgi-group secret-agents
</Location>
`;
}
