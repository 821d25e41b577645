import type { Definition } from '../definition.js';
import { inModule, readPhase } from '../definition.js';
import { modulesWithoutDirectives, parseModuleName, servedWithoutDirectives } from '../modules.js';
import { overrideClassesOf } from '../override-classes.js';
import type { KnownNames } from '../read-phase.js';
import type { DefinitionTable } from '../walk.js';
import { accessCompat } from './access-compat.js';
import { alias } from './alias.js';
import { allowMethods } from './allow-methods.js';
import { allowOverride } from './allow-override.js';
import { answers } from './answers.js';
import { auth } from './auth.js';
import { authDigest } from './auth-digest.js';
import { authThrottle } from './auth-throttle.js';
import { authnAnon } from './authn-anon.js';
import { authnCache } from './authn-cache.js';
import { authz } from './authz.js';
import { balancer } from './balancer.js';
import { core } from './core.js';
import { dir } from './dir.js';
import { env } from './env.js';
import { expires } from './expires.js';
import { handler } from './handler.js';
import { headers } from './headers.js';
import { http } from './http.js';
import { ifSections } from './if-sections.js';
import { limit } from './limit.js';
import { logConfig } from './log-config.js';
import { mime } from './mime.js';
import { mpm } from './mpm.js';
import { notCarriedOut } from './not-carried-out/index.js';
import { proxy } from './proxy.js';
import { proxyFcgi } from './proxy-fcgi.js';
import { proxyTls } from './proxy-tls.js';
import { redirect } from './redirect.js';
import { remoteIp } from './remoteip.js';
import { reqTimeout } from './reqtimeout.js';
import { rewrite } from './rewrite.js';
import { sections } from './sections.js';
import { setEnvIf } from './set-env-if.js';
import { tls } from './tls.js';
import { tlsAccess } from './tls-access.js';
import { trustedProxies } from './trusted-proxies.js';
import { unixd } from './unixd.js';
import { wsgi } from './wsgi.js';

const version = inModule('version', [
  readPhase('<IfVersion', '[[!]operator] version', 'Lines for some versions of httpd.'),
]);

const macro = inModule('macro', [
  readPhase('<Macro', 'name [parameter …]', 'Lines to be read later, with values put in.'),
  readPhase('Use', 'name [value …]', 'Reads the lines of a macro here.'),
  readPhase('UndefMacro', 'name', 'Removes a macro.'),
]);

const allDefinitions: readonly Definition[] = [
  ...core,
  ...allowOverride,
  ...sections,
  ...limit,
  ...ifSections,
  ...version,
  ...macro,
  ...mpm,
  ...http,
  ...reqTimeout,
  ...unixd,
  ...logConfig,
  ...answers,
  ...redirect,
  ...proxy,
  ...balancer,
  ...proxyTls,
  ...rewrite,
  ...alias,
  ...dir,
  ...handler,
  ...proxyFcgi,
  ...allowMethods,
  ...mime,
  ...env,
  ...setEnvIf,
  ...headers,
  ...expires,
  ...remoteIp,
  ...auth,
  ...authThrottle,
  ...authDigest,
  ...authnAnon,
  ...authnCache,
  ...authz,
  ...accessCompat,
  ...tls,
  ...tlsAccess,
  ...wsgi,
  ...trustedProxies,
  ...notCarriedOut,
];

/** Every directive and section that modhost knows, by module. */
export const definitions: readonly Definition[] = allDefinitions.map((definition) => {
  const overrides = overrideClassesOf(definition.name);
  return overrides.size === 0 ? definition : { ...definition, overrides };
});

/** The definitions by lower-case name. */
export const definitionTable: DefinitionTable = new Map(
  definitions.map((definition) => [definition.name.toLowerCase(), definition]),
);

/** Every module of Apache 2.4 by its short name; `LogLevel` and <IfModule> know no others. */
export const knownModules: ReadonlySet<string> = new Set([
  ...definitions.map(({ module }) => module),
  ...modulesWithoutDirectives,
]);

/** Modules of which modhost carries out at least one directive: what <IfModule> finds. */
export const servedModules: ReadonlySet<string> = new Set([
  ...definitions.filter((definition) => definition.class === 'honoured').map(({ module }) => module),
  ...servedWithoutDirectives,
  'so',
]);

/** What <IfModule> shall think of a name, with case: `alias_module` or `mod_alias.c`. */
export function findModule(name: string): 'served' | 'absent' | 'unknown' {
  const module = parseModuleName(name);
  if (module === undefined) return 'unknown';
  if (servedModules.has(module)) return 'served';
  return knownModules.has(module) ? 'absent' : 'unknown';
}

/** What conditionals of the read phase may ask. */
export const knownNames: KnownNames = {
  findModule,
  hasDirective: (name) => isServed(name),
  hasSection: (name) => isServed(`<${name}`),
};

function isServed(name: string): boolean {
  const definition = definitionTable.get(name.toLowerCase());
  return definition?.class === 'honoured' || definition?.class === 'accepted';
}
