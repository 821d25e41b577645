import { toByteString } from '../http/index.js';
import type { ServerHandler } from './handler.js';
import type { FindHandlerTarget } from './handler-target.js';
import type { AccessedName, Mapping, ProxiedMapping } from './index.js';

/**
 * Another server answers for a name in the file system (SetHandler proxy:…), which it is told behind the path of its URL (as httpd).
 * `file`: the name, and what of the path follows it.
 */
export function mapHandledByServer(
  { server, position }: ServerHandler,
  findTarget: FindHandlerTarget,
  file: AccessedName,
): ProxiedMapping | (Mapping & { kind: 'forbidden' }) {
  const { filename } = file;
  const target = findTarget(server);
  if (typeof target === 'string')
    return { kind: 'forbidden', filename, reason: `the handler ${server} leads nowhere: ${target}` };
  // Servers of these protocols take what follows for a query (as httpd).
  if (!/^(https?|wss?)$/.test(target.scheme) && filename.includes('?'))
    return { kind: 'forbidden', filename, reason: `a name with '?' for ${target.scheme}://` };
  const path = toByteString(target.path) + filename;
  return { kind: 'proxied', pass: { target, position }, by: 'SetHandler', target, path, file };
}

/** The server that answers, or would where nothing better is found. */
export function findServer(mapping: Mapping | undefined): ProxiedMapping | undefined {
  if (mapping?.kind === 'proxied') return mapping;
  const handled = mapping?.kind === 'missing' || mapping?.kind === 'directory' ? mapping.handled : undefined;
  return handled?.kind === 'proxied' ? handled : undefined;
}

/** The alias or document root that a name in the file system came from. */
export function contextOf(
  mapping: Mapping | undefined,
): Pick<AccessedName, 'contextPrefix' | 'contextDocumentRoot'> | undefined {
  const server = findServer(mapping);
  if (server !== undefined) return server.file;
  return mapping?.kind === 'file' || mapping?.kind === 'directory' ? mapping : undefined;
}
