import { mergeSlashes, toByteString } from '../http/index.js';
import { findScriptName, type ProxiedMapping } from '../routing/index.js';
import { buildProxyEnviron, type ProxiedScript } from './environ.js';
import type { Exchange } from './exchange.js';

/**
 * CGI's variables for another server, but for CONTENT_LENGTH; name, value, …, each name once. `sent`: path and query as the server would be
 * asked over HTTP.
 */
export function listProxyVariables(exchange: Exchange, mapping: ProxiedMapping, sent: string): string[] {
  const script =
    mapping.target.scheme === 'uwsgi'
      ? scriptOfMount(exchange, mapping)
      : scriptOfUrl(exchange, mapping, sent);
  const variables = new Map<string, string>();
  const list = buildProxyEnviron(exchange, script);
  for (let at = 0; at < list.length; at += 2) variables.set(list[at] as string, list[at + 1] as string);
  variables.delete('CONTENT_LENGTH');
  // How the body came here says nothing of how it goes on.
  variables.delete('HTTP_TRANSFER_ENCODING');
  return [...variables].flat();
}

/** As mod_proxy_uwsgi: the application is mounted where the URL takes over. */
function scriptOfMount(exchange: Exchange, { path }: ProxiedMapping): ProxiedScript {
  return {
    scriptName: findScriptName(mergeSlashes(exchange.path ?? ''), path),
    pathInfo: path,
    scriptFilename: exchange.filename ?? '',
    passesPassword: true,
  };
}

/** As mod_proxy_fcgi and mod_proxy_scgi: nobody knows here where the name of the script ends. */
function scriptOfUrl(exchange: Exchange, { target }: ProxiedMapping, sent: string): ProxiedScript {
  const [path = ''] = sent.split('?', 1);
  return {
    scriptName: mergeSlashes(exchange.path ?? ''),
    scriptFilename: `proxy:${target.scheme}://${toByteString(target.authority)}${path}`,
    passesPassword: false,
  };
}
