import type { Template } from './model.js';

/** `scheme://host[:port]`, perhaps of a socket, and what follows. */
const serverOf = /^((?:unix:[^|]*\|)?[a-z][a-z0-9+.-]*:\/\/[^/?#]*)(.*)$/is;

/**
 * The server that a result of the flag P leads to, whatever the request is; undefined: it has a say in that. Where something is put in right
 * behind a host, as in `http://127.0.0.1:8000$1` and `…%{REQUEST_URI}`, that is meant to be a path.
 */
export function findFixedServer(template: Template): string | undefined {
  const [first, ...others] = template;
  const [, server, rest = ''] = (first?.kind === 'literal' && serverOf.exec(first.text)) || [];
  if (server === undefined || (server.endsWith('//') && !server.startsWith('unix:'))) return undefined;
  if (rest !== '' || others.length === 0) return server;
  const isPathBehind = !others.some((part) => part.kind === 'literal' && part.text.includes('/'));
  return isPathBehind && !server.endsWith(':') ? server : undefined;
}

/** The map that names the server, if nothing else does. */
export function findServerMap(template: Template): string | undefined {
  const part = template.find(({ kind }) => kind !== 'literal');
  const isAlone = part?.kind === 'map' && part.fallback.every(({ kind }) => kind === 'literal');
  return isAlone ? part.name : undefined;
}

/** Nothing that is put in has become a part of the host. */
export function leadsTo(url: string, server: string): boolean {
  return url.startsWith(server) && /^(?:[/?]|$)/.test(url.slice(server.length));
}
