import { applicationUrl, type HeaderList, rememberTexts, toByteString } from '../http/index.js';
import { type NamedValues, shareNames } from '../proxy/index.js';
import { contextOf } from '../routing/index.js';
import type { Exchange } from './exchange.js';
import { withoutForgedHeaders } from './identity-headers.js';
import type { Presented } from './trusted-headers.js';

/** The script that is to be called, as far as the environ speaks of it. */
export interface ScriptFacts {
  readonly scriptFile: string;
  /** SCRIPT_FILENAME: the script, or what a WSGIHandlerScript answers for. */
  readonly filename: string;
  /** Of a WSGIHandlerScript, in lower case. */
  readonly handler?: string;
  readonly scriptName: string;
  readonly pathInfo: string;
  readonly processGroup: string;
  readonly applicationGroup: string;
  readonly callableObject: string;
  readonly passAuthorization: boolean;
}

/**
 * Everything but the `wsgi.*` keys, which the daemon adds, and what `describeMount` says: the request's variables first, so that none can
 * replace what the server says, then CGI's, what proxies that are believed say instead, the request headers, mod_wsgi's.
 */
export function buildEnviron(
  exchange: Exchange,
  script: ScriptFacts,
  { headers, variables }: Presented,
): string[] {
  return [
    ...exchange.environment.toList(),
    ...describeConnection(exchange),
    ...describeRequest(exchange, script),
    ...variables,
    ...headerVariables(headers, script.passAuthorization),
  ];
}

type CalledScript = Pick<ScriptFacts, 'scriptName' | 'pathInfo'>;

/** Of one request to a script; what proxies that are believed say wins over it. */
export function describeRequest(exchange: Exchange, script: CalledScript): string[] {
  const variables = pairsOf(listFacts(exchange, script));
  addUser(variables, exchange);
  return variables;
}

/** name, value, … */
export function pairsOf({ names: { names }, values }: NamedValues): string[] {
  const pairs: string[] = [];
  for (let at = 0; at < names.length; at += 1) pairs.push(names[at] as string, values[at] as string);
  return pairs;
}

/** The part of `describeRequest` that every request has; `addUser` adds the rest. */
export function listFacts(exchange: Exchange, { scriptName, pathInfo }: CalledScript): NamedValues {
  const [method, name, query, uri, protocol] = requestValues(exchange, scriptName);
  const started = inSeconds(exchange.record.startedAt);
  return { names: factNames, values: [pathInfo, started, method, name, query, uri, protocol, pathInfo] };
}

const requestNames = [
  'REQUEST_METHOD',
  'SCRIPT_NAME',
  'QUERY_STRING',
  'REQUEST_URI',
  'SERVER_PROTOCOL',
] as const;

const factNames = shareNames(['mod_wsgi.path_info', 'mod_wsgi.request_start', ...requestNames, 'PATH_INFO']);

let latestMs = Number.NaN;
let latestText = '';

/** Milliseconds as seconds, to the microsecond. Many requests begin in the same millisecond. */
function inSeconds(ms: number): string {
  if (ms !== latestMs) {
    latestText = (ms / 1000).toFixed(6);
    latestMs = ms;
  }
  return latestText;
}

/** Mostly the same for all requests of a connection. */
export function describeConnection(exchange: Exchange): string[] {
  const { localAddress, localPort } = exchange.record.connection;
  const variables = ['mod_wsgi.listener_host', localAddress, 'mod_wsgi.listener_port', String(localPort)];
  addConnectionVariables(variables, exchange);
  return variables;
}

/** name, value, … of the server and the script. */
export function describeMount(exchange: Exchange, script: ScriptFacts): string[] {
  return [
    ...serverVariables(exchange),
    'SCRIPT_FILENAME',
    script.filename,
    'mod_wsgi.process_group',
    script.processGroup,
    'mod_wsgi.application_group',
    script.applicationGroup,
    'mod_wsgi.callable_object',
    script.callableObject,
    'mod_wsgi.request_handler',
    script.handler ?? 'wsgi-script',
    'mod_wsgi.handler_script',
    script.handler === undefined ? '' : script.scriptFile,
    'mod_wsgi.script_name',
    script.scriptName,
  ];
}

/** What another server is told of its script. */
export interface ProxiedScript {
  readonly scriptName: string;
  /** Absent: nothing is said of it. */
  readonly pathInfo?: string;
  readonly pathTranslated?: string;
  readonly scriptFilename: string;
  /** HTTP_AUTHORIZATION */
  readonly passesPassword: boolean;
}

/** CGI's variables for another server that has no headers. */
export function buildProxyEnviron(
  exchange: Exchange,
  { scriptName, pathInfo, pathTranslated, scriptFilename, passesPassword }: ProxiedScript,
): string[] {
  return [
    ...exchange.environment.toList(),
    ...cgiVariables(exchange, scriptName, pathInfo),
    'GATEWAY_INTERFACE',
    'CGI/1.1',
    'SCRIPT_FILENAME',
    scriptFilename,
    ...(pathTranslated === undefined ? [] : ['PATH_TRANSLATED', pathTranslated]),
    ...headerVariables(exchange.headers, passesPassword),
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

function cgiVariables(exchange: Exchange, scriptName: string, pathInfo: string | undefined): string[] {
  const variables = serverVariables(exchange);
  addConnectionVariables(variables, exchange);
  addRequestVariables(variables, exchange, scriptName, pathInfo);
  return variables;
}

/** For a script, the same for every request to it through one virtual host; nothing that a proxy may be believed about. */
function serverVariables({ virtualHost, route, site }: Exchange): string[] {
  const { documentRoot = '', serverAdmin } = virtualHost.settings;
  const context = contextOf(route?.mapping);
  const variables = [
    'SERVER_SOFTWARE',
    site.software,
    'DOCUMENT_ROOT',
    toByteString(documentRoot),
    'CONTEXT_PREFIX',
    context?.contextPrefix ?? '',
    'CONTEXT_DOCUMENT_ROOT',
    context?.contextDocumentRoot ?? toByteString(documentRoot),
  ];
  if (serverAdmin !== undefined) variables.push('SERVER_ADMIN', toByteString(serverAdmin));
  return variables;
}

function addConnectionVariables(variables: string[], exchange: Exchange): void {
  const { connection } = exchange.record;
  const self = exchange.selfName;
  variables.push(
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
  );
}

function addRequestVariables(
  variables: string[],
  exchange: Exchange,
  scriptName: string,
  pathInfo: string | undefined,
): void {
  const values = requestValues(exchange, scriptName);
  for (let at = 0; at < values.length; at += 1)
    variables.push(requestNames[at] as string, values[at] as string);
  if (pathInfo !== undefined) variables.push('PATH_INFO', pathInfo);
  addUser(variables, exchange);
}

/** Of `requestNames`. */
function requestValues(
  exchange: Exchange,
  scriptName: string,
): [method: string, scriptName: string, query: string, uri: string, protocol: string] {
  const { record, query } = exchange;
  const protocol = record.httpVersion === '1.1' ? 'HTTP/1.1' : 'HTTP/1.0';
  return [presentedMethod(exchange), scriptName, query, record.target, protocol];
}

/** Who has logged in, if somebody had to. */
export function addUser(variables: string[], { user, authType }: Exchange): void {
  if (user !== undefined) variables.push('REMOTE_USER', user);
  if (authType !== undefined) variables.push('AUTH_TYPE', authType);
}

/** WSGIMapHEADToGET: without filters that would need a body, Auto never makes a GET of it. */
function presentedMethod({ method, settings }: Exchange): string {
  return method === 'HEAD' && settings.mapHeadToGet === 'on' ? 'GET' : method;
}

/** HTTP_*, CONTENT_TYPE and CONTENT_LENGTH. */
export function headerVariables(headers: HeaderList, passAuthorization: boolean): string[] {
  const variables: string[] = [];
  addHeaderVariables(variables, headers, passAuthorization);
  return variables;
}

/** HTTP_*, CONTENT_TYPE and CONTENT_LENGTH; what comes more than once is one list. */
function addHeaderVariables(variables: string[], headers: HeaderList, passAuthorization: boolean): void {
  const first = variables.length;
  // Where each is; a few are found faster without.
  const places = headers.length > 64 ? new Map<string, number>() : undefined;
  for (let at = 0; at < headers.length; at += 2) {
    const variable = variableOf(headers[at] as string);
    if (variable === '' || (variable === 'HTTP_AUTHORIZATION' && !passAuthorization)) continue;
    const value = headers[at + 1] as string;
    const place = places === undefined ? findPlace(variables, first, variable) : places.get(variable);
    if (place === undefined) {
      places?.set(variable, variables.length);
      variables.push(variable, value);
    } else variables[place + 1] = `${variables[place + 1] as string}, ${value}`;
  }
}

function findPlace(variables: readonly string[], first: number, name: string): number | undefined {
  for (let at = first; at < variables.length; at += 2) if (variables[at] === name) return at;
  return undefined;
}

/** Names of headers → of variables. */
const variableOf = rememberTexts(nameVariable, { most: 1_000, longest: 100 });

/**
 * '' for what is left out: credentials for a proxy, and a name with any other character than letters, digits and `-`. Two names that
 * differ only there would become one key, which is how clients forge what proxies say.
 */
function nameVariable(name: string): string {
  if (!/^[A-Za-z0-9-]+$/.test(name)) return '';
  const key = name.toUpperCase().replaceAll('-', '_');
  if (key === 'PROXY' || key === 'PROXY_AUTHORIZATION') return '';
  return key === 'CONTENT_TYPE' || key === 'CONTENT_LENGTH' ? key : `HTTP_${key}`;
}

/** The URL as a Node callable sees it. */
export function urlBelowMount(
  exchange: Exchange,
  { scriptName, pathInfo }: Pick<ScriptFacts, 'scriptName' | 'pathInfo'>,
): string {
  const { rawPath, query, path = '' } = exchange;
  return applicationUrl({ rawPath, path, scriptName, pathInfo, query });
}
