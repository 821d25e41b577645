import { applicationUrl, type HeaderList, toByteString } from '../http/index.js';
import type { Runtime } from '../proxy/index.js';
import type { Exchange } from './exchange.js';
import { withoutForgedHeaders } from './identity-headers.js';
import type { Presented } from './trusted-headers.js';

/** The script that is to be called, as far as the environ speaks of it. */
export interface ScriptFacts {
  readonly scriptFile: string;
  readonly scriptName: string;
  readonly pathInfo: string;
  readonly processGroup: string;
  readonly applicationGroup: string;
  readonly callableObject: string;
  readonly passAuthorization: boolean;
}

/**
 * Everything but the `wsgi.*` keys, which the daemon adds: the request's variables first, so that none can replace what the server says,
 * then CGI's, what proxies that are believed say instead, the request headers (for Python), mod_wsgi's.
 */
export function buildEnviron(
  exchange: Exchange,
  script: ScriptFacts,
  runtime: Runtime,
  { headers, variables }: Presented,
): string[] {
  const { record } = exchange;
  const environ = [
    ...exchange.environment.toList(),
    ...cgiVariables(exchange, script.scriptName, script.pathInfo),
    ...variables,
    'SCRIPT_FILENAME',
    script.scriptFile,
    ...(runtime === 'python' ? headerVariables(headers, script.passAuthorization) : []),
    'mod_wsgi.process_group',
    script.processGroup,
    'mod_wsgi.application_group',
    script.applicationGroup,
    'mod_wsgi.callable_object',
    script.callableObject,
    'mod_wsgi.request_handler',
    'wsgi-script',
    'mod_wsgi.handler_script',
    '',
    'mod_wsgi.script_name',
    script.scriptName,
    'mod_wsgi.path_info',
    script.pathInfo,
    'mod_wsgi.listener_host',
    record.connection.localAddress,
    'mod_wsgi.listener_port',
    String(record.connection.localPort),
    'mod_wsgi.request_start',
    String(Math.round(record.startedAt * 1000)),
  ];
  if (runtime === 'node') environ.push('modhost.url', urlBelowMount(exchange, script));
  return environ;
}

/** CGI's variables for another server that has no headers (as mod_proxy_uwsgi): the password goes along, as it does over HTTP. */
export function buildProxyEnviron(exchange: Exchange, scriptName: string, pathInfo: string): string[] {
  return [
    ...exchange.environment.toList(),
    ...cgiVariables(exchange, scriptName, pathInfo),
    'GATEWAY_INTERFACE',
    'CGI/1.1',
    'SCRIPT_FILENAME',
    exchange.filename ?? '',
    ...headerVariables(exchange.headers, true),
  ];
}

/** What an auth script gets: no credentials, no SetEnv, nothing to read a body from. */
export function buildAuthEnviron(exchange: Exchange): string[] {
  const headers = withoutForgedHeaders(exchange.headers, exchange.site.config, []);
  return [...cgiVariables(exchange, '', exchange.path ?? ''), ...headerVariables(headers, false)];
}

/** Headers as a Node callable sees them. */
export function passedHeaders(headers: HeaderList, passAuthorization: boolean): string[] {
  const passed: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string;
    const key = name.toLowerCase();
    if (key === 'proxy' || key === 'proxy-authorization') continue;
    if (key === 'authorization' && !passAuthorization) continue;
    passed.push(name, headers[at + 1] as string);
  }
  return passed;
}

function cgiVariables(exchange: Exchange, scriptName: string, pathInfo: string): string[] {
  const { record, virtualHost, query, route, user, authType } = exchange;
  const { connection } = record;
  const self = exchange.selfName;
  const { documentRoot = '', serverAdmin } = virtualHost.settings;
  const mapping = route?.mapping;
  const context = mapping?.kind === 'file' || mapping?.kind === 'directory' ? mapping : undefined;
  const variables = [
    'REQUEST_METHOD',
    presentedMethod(exchange),
    'SCRIPT_NAME',
    scriptName,
    'PATH_INFO',
    pathInfo,
    'QUERY_STRING',
    query,
    'REQUEST_URI',
    record.target,
    'SERVER_PROTOCOL',
    `HTTP/${record.httpVersion}`,
    'SERVER_SOFTWARE',
    exchange.site.software,
    'SERVER_NAME',
    self.name,
    'SERVER_PORT',
    String(self.port),
    'SERVER_ADDR',
    connection.localAddress,
    'REMOTE_ADDR',
    exchange.clientAddress,
    'REMOTE_PORT',
    String(connection.clientPort),
    'REQUEST_SCHEME',
    exchange.scheme,
    'DOCUMENT_ROOT',
    toByteString(documentRoot),
    'CONTEXT_PREFIX',
    context?.contextPrefix ?? '',
    'CONTEXT_DOCUMENT_ROOT',
    context?.contextDocumentRoot ?? toByteString(documentRoot),
  ];
  if (serverAdmin !== undefined) variables.push('SERVER_ADMIN', toByteString(serverAdmin));
  if (user !== undefined) variables.push('REMOTE_USER', user);
  if (authType !== undefined) variables.push('AUTH_TYPE', authType);
  return variables;
}

/** WSGIMapHEADToGET: without filters that would need a body, Auto never makes a GET of it. */
function presentedMethod({ method, settings }: Exchange): string {
  return method === 'HEAD' && settings.mapHeadToGet === 'on' ? 'GET' : method;
}

/**
 * HTTP_*, CONTENT_TYPE and CONTENT_LENGTH. A name with any other character than letters, digits and `-` is left out: two names that
 * differ only there would become one key, which is how clients forge what proxies say.
 */
function headerVariables(headers: HeaderList, passAuthorization: boolean): string[] {
  const values = new Map<string, string>();
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string;
    if (!/^[A-Za-z0-9-]+$/.test(name)) continue;
    const key = name.toUpperCase().replaceAll('-', '_');
    if (key === 'PROXY' || key === 'PROXY_AUTHORIZATION') continue;
    if (key === 'AUTHORIZATION' && !passAuthorization) continue;
    const variable = key === 'CONTENT_TYPE' || key === 'CONTENT_LENGTH' ? key : `HTTP_${key}`;
    const before = values.get(variable);
    const value = headers[at + 1] as string;
    values.set(variable, before === undefined ? value : `${before}, ${value}`);
  }
  return [...values].flat();
}

function urlBelowMount(exchange: Exchange, { scriptName, pathInfo }: ScriptFacts): string {
  const { rawPath, query, path = '' } = exchange;
  return applicationUrl({ rawPath, path, scriptName, pathInfo, query });
}
