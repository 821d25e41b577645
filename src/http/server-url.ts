import { isAbsolute } from 'node:path';
import { parseHostAndPort } from './host-and-port.js';

/** Protocols of other servers, and the ports they are expected on. */
export const serverPorts = {
  http: 80,
  https: 443,
  ws: 80,
  wss: 443,
  uwsgi: 3031,
  fcgi: 8000,
  scgi: 4000,
} as const;

export type ServerScheme = keyof typeof serverPorts;

/** What the URL of another server says. */
export interface ServerUrl {
  readonly scheme: ServerScheme;
  /** IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** `host[:port]` as written. */
  readonly authority: string;
  /** `unix:/path|…`: absolute. */
  readonly socketPath?: string;
  /** Starts with `/` or is empty. */
  readonly path: string;
}

export type ParsedServerUrl =
  | ({ readonly kind: 'url' } & ServerUrl)
  | { readonly kind: 'wrong'; readonly message: string }
  /** httpd has it, modhost has not. */
  | { readonly kind: 'missing'; readonly message: string };

/** Schemes of httpd that are missed here. */
const missing: readonly string[] = ['ajp', 'fdpass', 'ftp', 'h2', 'h2c'];

/** The longest path of a unix socket, by the system. */
const longestSocketPath = 107;

/**
 * `scheme://host[:port][/path]`, or `unix:/socket|scheme://name/path`. The host ends at the first slash or `$`: no request can choose which
 * server a pattern reaches.
 */
export function parseServerUrl(url: string): ParsedServerUrl {
  const [, socket, plain = ''] = /^(?:unix:([^|]*)\|)?(.*)$/is.exec(url) ?? [];
  if (/^unix:/i.test(url) && socket === undefined)
    return wrong(`expected unix:/path|scheme://name/, not '${url}'`);
  if (socket !== undefined && (!isAbsolute(socket) || Buffer.byteLength(socket) > longestSocketPath))
    return wrong(
      `expected the absolute path of a socket, of at most ${longestSocketPath} bytes, not '${socket}'`,
    );
  const parts = /^([a-z][a-z0-9+.-]*):\/\/([^/$]*)(.*)$/is.exec(plain);
  if (parts === null)
    return wrong(
      `expected a URL such as http://127.0.0.1:8000/, or unix:/path|http://localhost/, not '${url}'`,
    );
  const [, written = '', authority = '', path = ''] = parts;
  const scheme = written.toLowerCase();
  const known = `expected ${Object.keys(serverPorts)
    .join(', ')
    .replace(/, (?=\w+$)/, ' or ')}`;
  if (scheme === 'balancer') return wrong(`a balancer stands for several servers; ${known}`);
  if (missing.includes(scheme))
    return { kind: 'missing', message: `${scheme}:// is not supported yet; ${known}` };
  if (!isScheme(scheme)) return wrong(`no protocol is called '${scheme}'; ${known}`);
  if (authority.includes('@')) return wrong('expected no user and password in the URL');
  const address = parseHostAndPort(authority === '' && socket !== undefined ? 'localhost' : authority);
  if (address === undefined) return wrong(`expected a host, or host:port, before the path of '${url}'`);
  return {
    kind: 'url',
    scheme,
    host: address.host,
    port: address.port ?? serverPorts[scheme],
    authority: authority === '' ? 'localhost' : authority,
    ...(socket === undefined ? {} : { socketPath: socket }),
    path,
  };
}

/** What a server calls itself knows of no socket: the URL without `unix:/path|`. */
export function withoutSocket(url: string): string {
  return url.replace(/^unix:[^|]*\|/i, '');
}

function wrong(message: string): ParsedServerUrl {
  return { kind: 'wrong', message };
}

function isScheme(text: string): text is ServerScheme {
  return Object.hasOwn(serverPorts, text);
}
