import type { RequestHost } from './host.js';

export interface CanonicalNameOptions {
  readonly useCanonicalName: 'on' | 'off' | 'dns';
  /** ServerName of the virtual host. */
  readonly serverName?:
    | {
        readonly scheme?: 'http' | 'https';
        readonly host: string;
        readonly port?: number;
      }
    | undefined;
  /** What the client asked for. */
  readonly requestHost?: RequestHost | undefined;
  /** Of the connection. */
  readonly scheme: 'http' | 'https';
  /** UseCanonicalPhysicalPort On: the port of the connection. */
  readonly physicalPort?: number | undefined;
  /** Stands in where neither ServerName nor Host is known. */
  readonly localAddress: string;
}

/**
 * How the server names itself: SERVER_NAME, SERVER_PORT and redirects. The port is the client's (UseCanonicalName Off), else
 * ServerName's, else that of the scheme; the listening socket's only with UseCanonicalPhysicalPort, which then comes before
 * ServerName's (Off) or behind it (On). IPv6 in brackets.
 */
export function serverNameAndPort(options: CanonicalNameOptions): { name: string; port: number } {
  const { physicalPort, scheme, serverName } = options;
  const isAsAsked = options.useCanonicalName === 'off';
  const requestHost = isAsAsked ? options.requestHost : undefined;
  const name = requestHost?.host ?? serverName?.host ?? options.requestHost?.host ?? options.localAddress;
  const ownPort = isAsAsked ? (physicalPort ?? serverName?.port) : (serverName?.port ?? physicalPort);
  const port = requestHost?.port ?? ownPort ?? defaultPort(serverName?.scheme ?? scheme);
  return { name: name.includes(':') && !name.startsWith('[') ? `[${name}]` : name, port };
}

function defaultPort(scheme: 'http' | 'https'): number {
  return scheme === 'https' ? 443 : 80;
}
