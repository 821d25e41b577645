import { isAbsolute } from 'node:path';
import type { Here } from './draft.js';
import { parseHostAndPort } from './host-and-port.js';
import type { ProxyScheme, ProxyTarget } from './model.js';
import { listWords } from './values.js';

/** The parts of the URL of ProxyPass. */
export type TargetAddress = Omit<ProxyTarget, 'parameters' | 'isRaw' | 'dropsQuery'>;

const defaultPorts: Readonly<Record<ProxyScheme, number>> = {
  http: 80,
  https: 443,
  ws: 80,
  wss: 443,
  uwsgi: 3031,
};

/** Schemes of httpd that are missed here. */
const missing = ['ajp', 'balancer', 'fcgi', 'fdpass', 'ftp', 'h2', 'h2c', 'scgi'];

/** The longest path of a unix socket, by the system. */
const longestSocketPath = 107;

/**
 * `scheme://host[:port][/path]`, or `unix:/socket|scheme://name/path`; reports what is wrong. The host ends at the first slash or `$`: no
 * request can choose which server it reaches.
 */
export function takeProxyUrl(here: Here, url: string): TargetAddress | undefined {
  const fail = (message: string) => {
    here.fail(message, { at: { word: url } });
    return undefined;
  };
  const [, socket, plain = ''] = /^(?:unix:([^|]*)\|)?(.*)$/is.exec(url) ?? [];
  if (/^unix:/i.test(url) && socket === undefined)
    return fail(`expected unix:/path|scheme://name/, not '${url}'`);
  if (socket !== undefined && (!isAbsolute(socket) || Buffer.byteLength(socket) > longestSocketPath))
    return fail(
      `expected the absolute path of a socket, of at most ${longestSocketPath} bytes, not '${socket}'`,
    );
  const parts = /^([a-z][a-z0-9+.-]*):\/\/([^/$]*)(.*)$/is.exec(plain);
  if (parts === null)
    return fail(
      `expected a URL such as http://127.0.0.1:8000/, or unix:/path|http://localhost/, not '${url}'`,
    );
  const [, written = '', authority = '', path = ''] = parts;
  const scheme = written.toLowerCase();
  if (missing.includes(scheme)) {
    here.fail(`${scheme}:// is not supported yet; expected ${listWords(Object.keys(defaultPorts))}`, {
      kind: 'argument-refused',
      at: { word: url },
    });
    return undefined;
  }
  if (!isScheme(scheme))
    return fail(`no protocol is called '${scheme}'; expected ${listWords(Object.keys(defaultPorts))}`);
  if (authority.includes('@')) return fail('expected no user and password in the URL');
  const address = parseHostAndPort(authority === '' && socket !== undefined ? 'localhost' : authority);
  if (address === undefined) return fail(`expected a host, or host:port, before the path of '${url}'`);
  return {
    url,
    scheme,
    host: address.host,
    port: address.port ?? defaultPorts[scheme],
    authority: authority === '' ? 'localhost' : authority,
    ...(socket === undefined ? {} : { socketPath: socket }),
    path,
  };
}

function isScheme(text: string): text is ProxyScheme {
  return Object.hasOwn(defaultPorts, text);
}
