import type { Pairs } from '../../wire/index.js';

/** CGI and mod_wsgi keys with their values: byte strings, as everything that comes from a request. */
export type Environ = Record<string, string>;

/** Key by which the front end says what the application sees as its URL: path below the mount point and query, undecoded. */
const urlKey = 'modhost.url';

export interface RequestFacts {
  readonly environ: Environ;
  readonly urlScheme: 'http' | 'https';
  /** Path below the mount point and query; starts with `/` or is `*`. */
  readonly url: string;
}

/** Reads the environ of a REQUEST: the scheme takes the place of HTTPS (mod_wsgi.md §4.1), the URL leaves it. */
export function readEnviron(pairs: Pairs): RequestFacts {
  const environ: Environ = {};
  let https = '';
  let url: string | undefined;
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const name = pairs[at] as string;
    const value = pairs[at + 1] as string;
    if (name === urlKey) url = value;
    else if (name === 'HTTPS') https = value.toLowerCase();
    else environ[name] = value;
  }
  const urlScheme = https === 'on' || https === '1' ? 'https' : 'http';
  url ??= deriveUrl(environ);
  return { environ, urlScheme, url: url.startsWith('/') || url === '*' ? url : `/${url}` };
}

/** Adds `HTTP_*` for the headers as a CGI program would see them. */
export function addHttpKeys(environ: Environ, headers: Pairs): void {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] as string;
    const value = headers[at + 1] as string;
    // Other names could pass for one another once they are keys: `X_Y` for `X-Y`.
    if (!/^[A-Za-z0-9-]+$/.test(name)) continue;
    const upper = name.toUpperCase().replaceAll('-', '_');
    if (upper === 'CONTENT_TYPE' || upper === 'CONTENT_LENGTH') environ[upper] ??= value;
    else if (upper !== 'PROXY') addValue(environ, `HTTP_${upper}`, value);
  }
}

function addValue(environ: Environ, key: string, value: string): void {
  const before = environ[key];
  if (before === undefined) environ[key] = value;
  else environ[key] = key === 'HTTP_COOKIE' ? `${before}; ${value}` : `${before}, ${value}`;
}

function deriveUrl(environ: Environ): string {
  const path = (environ.PATH_INFO ?? '').replace(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
  const query = environ.QUERY_STRING ?? '';
  return path + (query === '' ? '' : `?${query}`);
}
