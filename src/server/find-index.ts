import type { DirectorySettings } from '../config/model.js';
import { encodeRedirectPath, toByteString } from '../http/index.js';
import type { Mapping, ProxiedMapping, ScriptMapping } from '../routing/index.js';
import type { Exchange } from './exchange.js';
import { answerOptions } from './file-methods.js';
import { type Refusal, refuse } from './site.js';

type DirectoryMapping = Extract<Mapping, { kind: 'directory' }>;

/** What stands for a directory: its index, through the whole decision again; what SetHandler names; or the way to its `/`. */
export type DirectoryAnswer =
  | Refusal
  | ScriptMapping
  | ProxiedMapping
  | { readonly kind: 'index'; readonly path: string };

/** undefined: answered. `leadsSomewhere`: whether rules make something of a path that leads nowhere by itself. */
export async function findIndex(
  exchange: Exchange,
  mapping: DirectoryMapping,
  leadsSomewhere: (path: string) => Promise<boolean>,
): Promise<DirectoryAnswer | undefined> {
  const { path = '/', query, site, virtualHost, settings, method } = exchange;
  exchange.filename = mapping.filename;
  const isRewriting = virtualHost.rewriting?.engine === true || settings.rewriting?.engine === true;
  const hasSlash = path.endsWith('/');
  if (!hasSlash && settings.directorySlash !== false) return redirectToSlash(exchange, path, query);
  for (const name of hasSlash ? indexNames(settings) : []) {
    const indexPath = name.startsWith('/') ? name : path + name;
    site.trace?.({ stage: 'mapping', text: `is ${indexPath} there? (DirectoryIndex)` });
    const found = site.router.route(virtualHost, indexPath).mapping;
    if (isThere(found) || found.kind === 'redirect' || (isRewriting && (await leadsSomewhere(indexPath))))
      return { kind: 'index', path: indexPath };
  }
  if (mapping.handled !== undefined) return mapping.handled;
  if (method === 'OPTIONS') {
    answerOptions(exchange);
    return undefined;
  }
  if (method === 'POST')
    return refuse(404, 'core', `${mapping.filename}/ is a directory without index`, 'info');
  return refuse(
    403,
    'autoindex',
    `cannot serve directory ${mapping.filename}/: no matching DirectoryIndex found`,
  );
}

/** Whether a file is what answers, and not a handler in its place. */
export function isThere(mapping: Mapping): boolean {
  if (mapping.kind === 'proxied') return mapping.file !== undefined;
  return mapping.kind === 'file' || (mapping.kind === 'script' && mapping.handled?.isFile !== false);
}

function indexNames({ directoryIndex = ['index.html'], fallbackResource = '' }: DirectorySettings): string[] {
  return [...directoryIndex, ...(fallbackResource === '' ? [] : [fallbackResource])].map(toByteString);
}

function redirectToSlash(exchange: Exchange, path: string, query: string): Refusal {
  const location = `${exchange.origin}${encodeRedirectPath(path)}/${query === '' ? '' : `?${query}`}`;
  return { kind: 'refusal', status: 301, headers: ['Location', location] };
}
