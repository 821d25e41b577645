/** The names of the expression language. They are compared without case. */

/** What a request, the server or the clock knows. */
export const variableNames = [
  'API_VERSION',
  'AUTH_TYPE',
  'CONN_LOG_ID',
  'CONN_REMOTE_ADDR',
  'CONTENT_TYPE',
  'CONTEXT_DOCUMENT_ROOT',
  'CONTEXT_PREFIX',
  'DOCUMENT_ROOT',
  'DOCUMENT_URI',
  'HANDLER',
  'HTTP2',
  'HTTPS',
  'HTTP_ACCEPT',
  'HTTP_COOKIE',
  'HTTP_FORWARDED',
  'HTTP_HOST',
  'HTTP_PROXY_CONNECTION',
  'HTTP_REFERER',
  'HTTP_USER_AGENT',
  'IPV6',
  'IS_SUBREQ',
  'LAST_MODIFIED',
  'PATH_INFO',
  'QUERY_STRING',
  'REMOTE_ADDR',
  'REMOTE_HOST',
  'REMOTE_IDENT',
  'REMOTE_PORT',
  'REMOTE_USER',
  'REQUEST_FILENAME',
  'REQUEST_LOG_ID',
  'REQUEST_METHOD',
  'REQUEST_SCHEME',
  'REQUEST_STATUS',
  'REQUEST_URI',
  'SCRIPT_FILENAME',
  'SERVER_ADMIN',
  'SERVER_NAME',
  'SERVER_PORT',
  'SERVER_PROTOCOL',
  'SERVER_SOFTWARE',
  'THE_REQUEST',
  'TIME',
  'TIME_DAY',
  'TIME_HOUR',
  'TIME_MIN',
  'TIME_MON',
  'TIME_SEC',
  'TIME_WDAY',
  'TIME_YEAR',
] as const;

export type VariableName = (typeof variableNames)[number];

/** `req('Host')`, `%{req:Host}`: each takes one text. */
export const functionNames = [
  'base64',
  'env',
  'escape',
  'file',
  'filesize',
  'hc',
  'http',
  'md5',
  'note',
  'osenv',
  'req',
  'req_novary',
  'reqenv',
  'resp',
  'sha1',
  'tolower',
  'toupper',
  'unbase64',
  'unescape',
] as const;

export type FunctionName = (typeof functionNames)[number];

const headerVariables: ReadonlyMap<VariableName, string> = new Map([
  ['HTTP_ACCEPT', 'Accept'],
  ['HTTP_COOKIE', 'Cookie'],
  ['HTTP_FORWARDED', 'Forwarded'],
  ['HTTP_HOST', 'Host'],
  ['HTTP_PROXY_CONNECTION', 'Proxy-Connection'],
  ['HTTP_REFERER', 'Referer'],
  ['HTTP_USER_AGENT', 'User-Agent'],
]);

/** The header of the request that a variable is; undefined: none. */
export function headerOfVariable(name: VariableName): string | undefined {
  return headerVariables.get(name);
}

export function findVariable(name: string): VariableName | undefined {
  return variableNames.find((known) => known === name.toUpperCase());
}

export function findFunction(name: string): FunctionName | undefined {
  return functionNames.find((known) => known === name.toLowerCase());
}
