import type { RequestHost } from './host.js';

export interface CanonicalNameOptions {
  readonly useCanonicalName: 'on' | 'off' | 'dns';
  /** ServerName of the virtual host. */
  readonly serverName?: {
    readonly scheme?: 'http' | 'https';
    readonly host: string;
    readonly port?: number;
  };
  /** What the client asked for. */
  readonly requestHost?: RequestHost;
  /** Of the connection. */
  readonly scheme: 'http' | 'https';
  /** Stands in where neither ServerName nor Host is known. */
  readonly localAddress: string;
}

/**
 * How the server names itself: SERVER_NAME, SERVER_PORT and redirects. The port never comes from the listening socket: it
 * is the client's (UseCanonicalName Off), else ServerName's, else that of the scheme. IPv6 in brackets.
 */
export function serverNameAndPort(options: CanonicalNameOptions): { name: string; port: number } {
  const { serverName, scheme } = options;
  const requestHost = options.useCanonicalName === 'off' ? options.requestHost : undefined;
  const name = requestHost?.host ?? serverName?.host ?? options.requestHost?.host ?? options.localAddress;
  const port = requestHost?.port ?? serverName?.port ?? defaultPort(serverName?.scheme ?? scheme);
  return { name: name.includes(':') && !name.startsWith('[') ? `[${name}]` : name, port };
}

function defaultPort(scheme: 'http' | 'https'): number {
  return scheme === 'https' ? 443 : 80;
}
