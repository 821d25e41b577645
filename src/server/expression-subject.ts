import type { Condition, Position } from '../config/model.js';
import { evaluateCondition, type Subject } from '../expressions/index.js';
import { type HeaderList, headerValue, headerValues, toByteString } from '../http/index.js';
import { contextOf, type FoundSoFar, type Mapping, urlOf } from '../routing/index.js';
import type { Exchange } from './exchange.js';

/** What is known besides the exchange. */
export interface KnownSoFar {
  /** While the request is being routed. */
  readonly found?: FoundSoFar;
  /** While it is being decided who may enter. */
  readonly user?: string | undefined;
  /** Of the answer that is about to be given. */
  readonly status?: number;
  readonly responseHeaders?: HeaderList;
}

/** Evaluates an expression about a request; a fault is logged, as of the module and the directive at the position. */
export function askExchange(
  exchange: Exchange,
  condition: Condition,
  known: KnownSoFar,
  module: string,
  position: Position,
): boolean | 'fault' {
  const evaluation = evaluateCondition(condition, createSubject(exchange, known));
  if (evaluation.kind === 'settled') return evaluation.holds;
  const { file, line } = position;
  exchange.log(
    'error',
    module,
    `the expression at ${file}:${line} cannot be evaluated: ${evaluation.reason}`,
  );
  return 'fault';
}

/** What expressions see of a request. */
export function createSubject(exchange: Exchange, known: KnownSoFar = {}): Subject {
  const answered = known.responseHeaders ?? exchange.record.reply.sentHeaders;
  return {
    variable: (name) => readVariable(exchange, name, known),
    requestHeader: (name) => joinedHeader(exchange.headers, name),
    responseHeader: (name) => headerValue(answered, name),
    environment: (name) => findVariable(known.found?.variables ?? [], name) ?? exchange.environment.get(name),
    note: (name) => exchange.notes.get(name.toLowerCase()),
    tlsVariable: (name) => exchange.tlsVariable(name),
    // Host is part of what is asked for: a cache never takes the answer of one for another's.
    noteRead: (name) => {
      if (name.toLowerCase() !== 'host') exchange.noteRead(name);
    },
  };
}

/** Several fields of one name count as one. */
export function joinedHeader(headers: HeaderList, name: string): string | undefined {
  const values = headerValues(headers, name);
  return values.length === 0 ? undefined : values.join(', ');
}

function filenameOf(mapping: Mapping | undefined): string | undefined {
  if (mapping === undefined || mapping.kind === 'redirect') return undefined;
  if (mapping.kind === 'proxied') return mapping.file?.filename ?? `proxy:${urlOf(mapping)}`;
  return mapping.kind === 'script' ? (mapping.handled?.filename ?? mapping.scriptFile) : mapping.filename;
}

function pathInfoOf(mapping: Mapping | undefined): string {
  if (mapping?.kind === 'proxied') return mapping.file?.pathInfo ?? '';
  return mapping !== undefined && 'pathInfo' in mapping ? mapping.pathInfo : '';
}

function findVariable(variables: readonly string[], name: string): string | undefined {
  const wanted = name.toUpperCase();
  for (let at = variables.length - 2; at >= 0; at -= 2)
    if (variables[at] === wanted) return variables[at + 1];
  return undefined;
}

function readVariable(
  exchange: Exchange,
  name: Parameters<Subject['variable']>[0],
  { found, user, status, responseHeaders }: KnownSoFar,
): string | undefined {
  const { record, virtualHost, route, site } = exchange;
  const { connection, reply } = record;
  const mapping = route?.mapping;
  const context = contextOf(mapping);
  const documentRoot = toByteString(virtualHost.settings.documentRoot ?? '');
  switch (name) {
    case 'API_VERSION':
      return '20120211';
    case 'AUTH_TYPE':
      return exchange.authType;
    case 'CONN_REMOTE_ADDR':
      return connection.clientAddress;
    case 'REMOTE_ADDR':
    case 'REMOTE_HOST':
      return exchange.clientAddress;
    case 'CONTENT_TYPE':
      return joinedHeader(responseHeaders ?? reply.sentHeaders, 'content-type');
    case 'CONTEXT_DOCUMENT_ROOT':
      return context?.contextDocumentRoot ?? documentRoot;
    case 'CONTEXT_PREFIX':
      return context?.contextPrefix;
    case 'DOCUMENT_ROOT':
      return documentRoot;
    case 'DOCUMENT_URI':
    case 'REQUEST_URI':
      return exchange.path;
    case 'HANDLER':
      return exchange.handler;
    case 'HTTP2':
      return 'off';
    case 'HTTPS':
      return exchange.scheme === 'https' ? 'on' : 'off';
    case 'HTTP_ACCEPT':
    case 'HTTP_COOKIE':
    case 'HTTP_FORWARDED':
    case 'HTTP_HOST':
    case 'HTTP_PROXY_CONNECTION':
    case 'HTTP_REFERER':
    case 'HTTP_USER_AGENT':
      return joinedHeader(exchange.headers, name.slice('HTTP_'.length).replaceAll('_', '-').toLowerCase());
    case 'IPV6':
      return connection.clientAddress.includes(':') ? 'on' : 'off';
    case 'IS_SUBREQ':
      return 'false';
    case 'PATH_INFO':
      return found?.pathInfo ?? pathInfoOf(mapping);
    case 'QUERY_STRING':
      return exchange.query;
    case 'REMOTE_PORT':
      return String(connection.clientPort);
    case 'REMOTE_USER':
      return user ?? exchange.user;
    case 'REQUEST_FILENAME':
    case 'SCRIPT_FILENAME':
      return found?.filename ?? filenameOf(mapping);
    case 'REQUEST_METHOD':
      return exchange.method;
    case 'REQUEST_SCHEME':
      return exchange.scheme;
    case 'REQUEST_STATUS':
      return String(status ?? (reply.status || 200));
    case 'SERVER_ADMIN':
      return toByteString(virtualHost.settings.serverAdmin ?? '[no address given]');
    case 'SERVER_NAME':
      return exchange.selfName.name;
    case 'SERVER_PORT':
      return String(exchange.selfName.port);
    case 'SERVER_PROTOCOL':
      return `HTTP/${record.httpVersion}`;
    case 'SERVER_SOFTWARE':
      return site.software;
    case 'THE_REQUEST':
      return `${record.method} ${record.target} HTTP/${record.httpVersion}`;
    case 'CONN_LOG_ID':
    case 'REMOTE_IDENT':
    case 'REQUEST_LOG_ID':
      return undefined;
  }
}
