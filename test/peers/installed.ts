import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

/** Where `test/peers/run` puts what it installs. */
export const cache = join(projectRoot, 'test/peers/.cache');

/** The virtual environment with Django and Flask. */
export const venv = join(cache, 'venv');

const node24Program = join(cache, 'node24/node');

/** The program of Node 24, if it could be installed. */
export const node24 = isExecutable(node24Program) ? node24Program : undefined;

export const nodeModules = join(cache, 'js/node_modules');

const apacheProgram = '/usr/sbin/apache2';
const apacheModules = '/usr/lib/apache2/modules';

/** The real Apache with mod_wsgi; absent if it is not installed, or could not read this checkout under its own account. */
export const apache =
  isExecutable(apacheProgram) &&
  existsSync(join(apacheModules, 'mod_wsgi.so')) &&
  isReadableByAll(projectRoot)
    ? { program: apacheProgram, modules: apacheModules }
    : undefined;

/** PHP's FastCGI server, if there is one. */
export const phpFpm = readdirSync('/usr/sbin')
  .filter((name) => /^php-fpm[\d.]*$/.test(name))
  .map((name) => join('/usr/sbin', name))
  .find(isExecutable);

/** uWSGI, if it can run Python. */
export const uwsgi = existsSync('/usr/lib/uwsgi/plugins/python3_plugin.so') ? '/usr/bin/uwsgi' : undefined;

/** A Redis or Valkey server's program, if there is one. */
export const redis = ['/usr/bin/redis-server', '/usr/bin/valkey-server'].find(isExecutable);

/** Debian's folder of the newest PostgreSQL server's programs, if there is one and an account that may run it. */
export const postgres = findPostgres('/usr/lib/postgresql');

/** The browser's program, if there is one. */
export const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  isExecutable,
);

/** Whether a Python package can be imported in the virtual environment; `run` leaves a mark for each that can. */
export function hasPython(name: 'django' | 'flask' | 'psycopg2'): boolean {
  return existsSync(join(cache, `has-${name}`));
}

export function hasNode(name: 'express' | 'fastify' | 'hono' | 'koa'): boolean {
  return existsSync(join(nodeModules, name, 'package.json'));
}

/** A local account's numbers. */
export function accountOf(name: string): { readonly uid: number; readonly gid: number } | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`${name}:`));
  if (line === undefined) return undefined;
  const [, , uid, gid] = line.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

/** PostgreSQL refuses to run as root. */
function findPostgres(folder: string): { readonly programs: string } | undefined {
  if (!existsSync(folder) || (process.getuid?.() === 0 && accountOf('postgres') === undefined))
    return undefined;
  const versions = readdirSync(folder).sort((one, other) => Number(other) - Number(one));
  const programs = versions.map((version) => join(folder, version, 'bin'));
  const found = programs.find(
    (bin) => isExecutable(join(bin, 'initdb')) && isExecutable(join(bin, 'pg_ctl')),
  );
  return found === undefined ? undefined : { programs: found };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Apache never runs applications as root: its account must get through every folder on the way. */
function isReadableByAll(folder: string): boolean {
  if (process.getuid?.() !== 0) return true;
  const parent = dirname(folder);
  return (statSync(folder).mode & 0o005) === 0o005 && (parent === folder || isReadableByAll(parent));
}
