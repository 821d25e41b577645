import { evaluateCondition, evaluateText } from '../expressions/index.js';
import { mergeSlashes, toByteString } from '../http/index.js';
import { type AccessedName, findScriptName } from '../routing/index.js';
import { buildProxyEnviron, type ProxiedScript } from './environ.js';
import type { Exchange } from './exchange.js';
import { createSubject } from './expression-subject.js';
import type { Destination } from './pass-on.js';

/**
 * CGI's variables for another server, but for CONTENT_LENGTH; name, value, …, each name once. `sent`: path and query as the server would be
 * asked over HTTP. A text: why they cannot be told.
 */
export function listProxyVariables(
  exchange: Exchange,
  destination: Destination,
  sent: string,
): string | readonly string[] {
  const { scheme } = destination.server;
  const variables = new Map<string, string>();
  const list = buildProxyEnviron(exchange, findScript(exchange, destination, sent));
  for (let at = 0; at < list.length; at += 2) variables.set(list[at] as string, list[at + 1] as string);
  variables.delete('CONTENT_LENGTH');
  // How the body came here says nothing of how it goes on.
  variables.delete('HTTP_TRANSFER_ENCODING');
  if (scheme === 'scgi') variables.delete('GATEWAY_INTERFACE');
  const fault = scheme === 'fcgi' ? changeVariables(exchange, variables) : undefined;
  return fault ?? [...variables].flat();
}

/** ProxyFCGISetEnvIf, one after the other. A text: what cannot be evaluated. */
function changeVariables(exchange: Exchange, variables: Map<string, string>): string | undefined {
  const subject = {
    ...createSubject(exchange),
    environment: (name: string) => variables.get(name) ?? variables.get(name.toUpperCase()),
  };
  for (const { condition, name, value, position } of exchange.settings.fcgiVariables ?? []) {
    const asked = evaluateCondition(condition, subject);
    if (asked.kind === 'settled' && !asked.holds) continue;
    const made =
      asked.kind === 'fault' || value === undefined
        ? asked
        : evaluateText(value, subject, undefined, asked.groups);
    if (made.kind === 'fault')
      return `the expression at ${position.file}:${position.line} cannot be evaluated: ${made.reason}`;
    if ('text' in made) variables.set(toByteString(name), made.text);
    else variables.delete(toByteString(name));
    exchange.site.trace?.({
      stage: 'mapping',
      text: `ProxyFCGISetEnvIf ${'text' in made ? `makes ${name} '${made.text}'` : `takes ${name} away`}`,
      position,
    });
  }
  return undefined;
}

function findScript(exchange: Exchange, destination: Destination, sent: string): ProxiedScript {
  const { file } = destination.mapping;
  const { scheme, authority } = destination.server;
  if (scheme === 'uwsgi' && file === undefined) return scriptOfMount(exchange, destination);
  const isBare = scheme === 'fcgi' && exchange.settings.fcgiBackendType === 'generic';
  const origin = isBare ? '' : `proxy:${scheme}://${toByteString(authority)}`;
  return file === undefined
    ? scriptOfUrl(exchange, origin, sent)
    : scriptOfFile(exchange, destination, file, origin);
}

/**
 * As mod_proxy_uwsgi: the application is mounted where the URL takes over. `ProxyPass /app uwsgi://host:1/` brings two slashes together, of which it
 * is told one.
 */
function scriptOfMount(exchange: Exchange, { path }: Destination): ProxiedScript {
  const pathInfo = path.replace(/^\/+/, '/');
  return {
    scriptName: findScriptName(mergeSlashes(exchange.path ?? ''), pathInfo),
    pathInfo,
    scriptFilename: exchange.filename ?? '',
    passesPassword: true,
  };
}

/** As mod_proxy_fcgi and mod_proxy_scgi: nobody knows here where the name of the script ends. */
function scriptOfUrl({ path = '', settings }: Exchange, origin: string, sent: string): ProxiedScript {
  const [sentPath = ''] = sent.split('?', 1);
  return {
    scriptName: mergeSlashes(path),
    scriptFilename: origin + sentPath,
    passesPassword: settings.cgiPassAuth === true,
  };
}

/** As CGI would see the file that SetHandler has found. */
function scriptOfFile(
  { path = '', settings, site, virtualHost }: Exchange,
  { server, path: pathThere }: Destination,
  { pathInfo }: AccessedName,
  origin: string,
): ProxiedScript {
  const isUwsgi = server.scheme === 'uwsgi';
  return {
    scriptName: findScriptName(mergeSlashes(path), pathInfo),
    ...(pathInfo === '' && !isUwsgi ? {} : { pathInfo }),
    ...(pathInfo === '' ? {} : { pathTranslated: translate(site.router.route(virtualHost, pathInfo)) }),
    scriptFilename: origin + pathThere,
    passesPassword: isUwsgi || settings.cgiPassAuth === true,
  };
}

/** The name that a path would have in the file system. */
function translate({ accessed }: { readonly accessed: AccessedName }): string {
  return accessed.filename + accessed.pathInfo;
}
