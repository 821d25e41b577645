import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot, venv } from './installed.js';
import type { PostgresCluster } from './postgres.js';

export interface DjangoProject {
  /** The folder that holds manage.py. */
  readonly folder: string;
  /** The package with settings.py and wsgi.py. */
  readonly package: string;
  readonly staticRoot: string;
}

export const superuser = { name: 'admin', password: 'correct horse' };

/** Beside the superuser: bond is in the group secret-agents, the others are not; le-chiffre is inactive. */
export const users = {
  bond: 'shaken, not stirred',
  moneypenny: 'with: a colon',
  blofeld: 'pässwörd ☃',
  'le-chiffre': 'all in',
};

/**
 * What a newcomer types: `startproject`, `migrate`, `createsuperuser`, `collectstatic`; wsgi.py stays untouched. Then
 * the users above, and our own WSGI files beside it. Without a database its own: SQLite.
 */
export function createDjangoProject(folder: string, database?: PostgresCluster): DjangoProject {
  run(folder, 'django-admin', ['startproject', 'mysite', folder]);
  const settings = ['DEBUG = False', "ALLOWED_HOSTS = ['127.0.0.1']", "STATIC_ROOT = BASE_DIR / 'collected'"];
  if (database !== undefined) settings.push(describeDatabase(database));
  appendFileSync(join(folder, 'mysite/settings.py'), `\n${settings.join('\n')}\n`);
  manage(folder, ['migrate', '--verbosity', '0']);
  manage(folder, ['createsuperuser', '--noinput', '--username', superuser.name, '--email', 'a@example.com'], {
    DJANGO_SUPERUSER_PASSWORD: superuser.password,
  });
  manage(folder, ['collectstatic', '--noinput', '--verbosity', '0']);
  manage(folder, ['shell', '-c', createUsers], { PEER_USERS: JSON.stringify(users) });
  copyOwnFiles(folder);
  // Apache serves it under another account, and SQLite wants to write beside its file.
  execFileSync('chmod', ['-R', 'a+rwX', folder]);
  return { folder, package: join(folder, 'mysite'), staticRoot: join(folder, 'collected') };
}

function describeDatabase({ socketFolder, user }: PostgresCluster): string {
  const settings = {
    ENGINE: 'django.db.backends.postgresql',
    NAME: 'postgres',
    USER: user,
    HOST: socketFolder,
  };
  return `DATABASES = {'default': ${JSON.stringify(settings)}}`;
}

const createUsers = `
import json, os
from django.contrib.auth.models import Group, User
users = {name: User.objects.create_user(name, password=word) for name, word in json.loads(os.environ['PEER_USERS']).items()}
users['bond'].groups.add(Group.objects.create(name='secret-agents'))
users['le-chiffre'].is_active = False
users['le-chiffre'].save()
`;

function manage(folder: string, args: readonly string[], environment: Record<string, string> = {}): void {
  run(folder, 'python3', [join(folder, 'manage.py'), ...args], environment);
}

function run(
  folder: string,
  program: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): void {
  execFileSync(join(venv, 'bin', program), args, {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function copyOwnFiles(folder: string): void {
  const source = join(projectRoot, 'test/peers/apps/django');
  for (const name of readdirSync(source).filter((name) => name.endsWith('.py')))
    copyFileSync(join(source, name), join(folder, 'mysite', name));
}
