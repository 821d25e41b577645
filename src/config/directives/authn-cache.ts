import type { Definition } from '../definition.js';
import { honoured, inModule, insideSections, list, mainServerOnly, nothing, one } from '../definition.js';
import type { Here } from '../draft.js';
import type { AuthnCacheStore } from '../model.js';
import { statPath } from '../stat-path.js';
import { parseInteger, resolvePath, takeDuration } from '../values.js';

/** Where Apache can keep things, and what becomes of it here: the memory of each front end. */
const memories = ['shmcb', 'dbm', 'dc'];

/** Verified credentials, kept for a while. */
export const authnCache: readonly Definition[] = [
  ...inModule('authn_socache', [
    honoured(
      'AuthnCacheEnable',
      mainServerOnly,
      nothing,
      'Nothing: verified credentials are kept wherever AuthnCacheProvideFor says so.',
      () => {},
    ),
    honoured(
      'AuthnCacheSOCache',
      mainServerOnly,
      one('shmcb|redis:host[:port]'),
      'Where verified credentials are kept: in the memory of each front end, or in a Redis or Valkey server that several machines share.',
      setStore,
      'shmcb',
    ),
    honoured(
      'AuthnCacheTimeout',
      insideSections,
      one('seconds'),
      'How long verified credentials are kept.',
      (here, text) => {
        const time = takeDuration(here, text);
        if (time !== undefined) here.section.settings.authnCacheTimeoutMs = time;
      },
      '300',
    ),
    honoured(
      'AuthnCacheProvideFor',
      insideSections,
      list('provider …'),
      'Which providers of AuthBasicProvider have what they grant kept, for the provider socache to find.',
      (here, names) => {
        here.section.settings.authnCacheProvideFor = names;
      },
    ),
    honoured(
      'AuthnCacheContext',
      insideSections,
      one('directory|server|text'),
      'Within what credentials that were verified once count: one folder of URLs, one server, or all places with the same text.',
      (here, text) => {
        here.section.settings.authnCacheContext = text;
      },
      'directory',
    ),
  ]),
  ...inModule('auth_throttle', [
    honoured(
      'AuthnCacheSecretFile',
      mainServerOnly,
      one('file'),
      'A file with a secret of at least 32 bytes, the same on all machines that share an AuthnCacheSOCache. Without it only this server finds what it has kept.',
      setSecretFile,
    ),
  ]),
];

function setStore(here: Here, text: string): void {
  const store = parseStore(text);
  if (typeof store === 'string') here.fail(store, { kind: 'argument-refused' });
  else here.draft.global.authnCacheStore = store;
}

function parseStore(text: string): AuthnCacheStore | string {
  const [, kind = '', rest = ''] = /^([^:]*):?(.*)$/s.exec(text) ?? [];
  if (memories.includes(kind.toLowerCase())) return { kind: 'memory' };
  if (!/^(redis|valkey)$/i.test(kind)) return `expected shmcb or redis:host:port: '${kind}' is not supported`;
  const [, host = '', port = '6379'] = /^(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::(\d+))?$/i.exec(rest) ?? [];
  const number = parseInteger(port, 1, 65_535);
  if (host === '' || number === undefined)
    // Not repeated: it may hold a password.
    return `expected one server as ${kind.toLowerCase()}:host:port: no account, no URL, no list`;
  return { kind: 'redis', host: host.replace(/^\[|\]$/g, ''), port: number };
}

const shortestSecret = 32;

function setSecretFile(here: Here, text: string): void {
  const path = resolvePath(here, text);
  const stats = statPath(path);
  if (!stats?.isFile()) here.fail(`there is no file ${path}`, { kind: 'missing-file' });
  else if (stats.size < shortestSecret)
    here.fail(`${path} holds ${stats.size} bytes: expected at least ${shortestSecret}`);
  else here.draft.global.authnCacheSecretFile = path;
}
