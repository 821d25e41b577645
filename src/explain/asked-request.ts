import { isIP } from 'node:net';
import type { ServerConfig } from '../config/model.js';
import { parseHost, toByteString } from '../http/index.js';
import type { AskedRequest } from './recorded-request.js';

/** What the command line says of a request. */
export interface Wanted {
  /** `/path`, or absolute. */
  readonly url: string;
  readonly method: string;
  readonly user?: string;
  readonly address?: string;
  readonly headers: readonly string[];
}

/** The request as it would come in, and on which listener; a text says why it cannot. */
export function findAskedRequest(config: ServerConfig, wanted: Wanted): AskedRequest | string {
  const url = /^(?:(https?):\/\/([^/?#]*))?([/?].*|\*|)$/i.exec(wanted.url);
  if (url === null) return `${wanted.url} is neither a path nor an http:// or https:// URL`;
  const [, written, authority, target = ''] = url;
  const scheme = written?.toLowerCase() === 'https' ? 'https' : 'http';
  const host = authority === undefined ? undefined : parseHost(authority);
  if (authority !== undefined && host === undefined) return `${authority} is no valid host`;
  const port = host === undefined ? undefined : (host.port ?? (scheme === 'https' ? 443 : 80));
  const listener = config.listeners.find((candidate) => port === undefined || candidate.port === port);
  if (listener === undefined) {
    const ports = config.listeners.map((candidate) => candidate.port).join(', ');
    return `nothing listens on port ${port}; the site file says Listen for ${ports}`;
  }
  const localAddress =
    listener.host ?? (host !== undefined && isIP(host.host) !== 0 ? host.host : '127.0.0.1');
  return {
    ...(written === undefined ? {} : { scheme }),
    method: wanted.method,
    target: toByteString(target === '' || target.startsWith('?') ? `/${target}` : target),
    host: authority ?? `${config.mainServer.serverName?.host ?? 'localhost'}:${listener.port}`,
    clientAddress: wanted.address ?? '127.0.0.1',
    localAddress,
    localPort: listener.port,
    headers: [...wanted.headers, ...credentialsOf(wanted.user)],
  };
}

/** The password does not matter: explain takes it to be right. */
function credentialsOf(user: string | undefined): readonly string[] {
  if (user === undefined) return [];
  return ['Authorization', `Basic ${Buffer.from(`${user}:`, 'utf8').toString('base64')}`];
}
