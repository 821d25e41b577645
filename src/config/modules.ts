/** Modules whose source file is not called `mod_<name>.c`. */
const sourceFiles: Readonly<Record<string, string>> = {
  core: 'core.c',
  http: 'http_core.c',
  mpm_event: 'event.c',
  mpm_worker: 'worker.c',
  mpm_prefork: 'prefork.c',
  ldap: 'util_ldap.c',
};

/** Modules of Apache 2.4 that bring no directive of their own. */
export const modulesWithoutDirectives: readonly string[] = [
  'asis',
  'authz_host',
  'authz_owner',
  'authz_user',
  'cgid',
  'data',
  'lbmethod_bybusyness',
  'lbmethod_byrequests',
  'lbmethod_bytraffic',
  'mpm_prefork',
  'mpm_worker',
  'proxy_ajp',
  'proxy_balancer',
  'proxy_fdpass',
  'proxy_http',
  'proxy_http2',
  'proxy_uwsgi',
  'slotmem_plain',
  'slotmem_shm',
  'socache_dbm',
  'socache_shmcb',
  'status',
  'unique_id',
];

/** Served without a directive of their own being honoured. */
export const servedWithoutDirectives: readonly string[] = [
  'authz_host',
  'authz_user',
  'proxy_fcgi',
  'lbmethod_bybusyness',
  'lbmethod_byrequests',
  'lbmethod_bytraffic',
  'proxy_balancer',
  'proxy_http',
  'proxy_scgi',
  'proxy_uwsgi',
  'proxy_wstunnel',
  'slotmem_shm',
];

/** `alias_module` and `mod_alias.c` → `alias`, compared with case as <IfModule> does; undefined for any other shape. */
export function parseModuleName(text: string): string | undefined {
  if (text.endsWith('_module')) return text.slice(0, -'_module'.length);
  const special = Object.entries(sourceFiles).find(([, file]) => file === text);
  if (special) return special[0];
  const plain = /^mod_(\w+)\.c$/.exec(text)?.[1];
  return plain === undefined || Object.hasOwn(sourceFiles, plain) ? undefined : plain;
}
